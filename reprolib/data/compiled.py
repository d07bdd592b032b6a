"""What may be kept on the disk as long as no line of the data package changes; first of all, compiled code.

Numba itself looks only at the file of the function that it compiles, and would keep a loop that was built around an
older version of a function from another file.
"""

import hashlib
from pathlib import Path

from numba import config, njit

from reprolib import paths


def sources() -> str:
    """Hash of all files beside and below this one."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


config.CACHE_DIR = str(Path(config.CACHE_DIR or paths.BUILD / "compiled") / sources())  # NUMBA_CACHE_DIR, where set
compiled = njit(cache=True, nogil=True, error_model="numpy")
