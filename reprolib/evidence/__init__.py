"""What is known: records of runs, printed figures, claims, and how figures are named, compared and written."""
