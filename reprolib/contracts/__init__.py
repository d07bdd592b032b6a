"""What the rooms hand to one another: configurations, sources of data, methods, rows, requests. None needs torch."""
