"""Reference reproduction of four papers on relational reasoning."""

__version__ = "0.1.0"
