"""What rows of several experiments have in common: their training, their data, and what each scale changes."""
