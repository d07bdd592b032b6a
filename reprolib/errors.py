"""The one error that a user of the suite is meant to read."""


class InputError(ValueError):
    """Something the user gave is wrong: one sentence that names the file, line or parameter, and the remedy."""
