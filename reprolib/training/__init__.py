"""The training loop and what it drives: settings, optimisers, schedules, workers, captured steps."""
