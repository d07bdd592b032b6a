"""Data sets: readers of the real files and generators of the embedded defaults."""
