"""Basketball: games of the NBA as they were tracked, plays cut from them, and a small generated game."""
