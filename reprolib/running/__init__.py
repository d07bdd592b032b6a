"""What runs: one row, the missing rows, notebooks."""
