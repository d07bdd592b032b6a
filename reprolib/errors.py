"""The one error that a user of the suite is meant to read."""


class InputError(ValueError):
    """Something the user gave is wrong: one sentence that names the file, line or parameter, and the remedy.

    Examples:
        >>> from reprolib import InputError, simulate
        >>> try:
        ...     simulate("planets", 3)
        ... except InputError as error:
        ...     print(error)
        kind is 'planets': choose one of springs, charged, kuramoto, kuramoto_raw, kuramoto_phase
    """
