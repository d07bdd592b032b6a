"""Networks that run in pages of the book: their weights as files, and the pictures that stand in for them.

Both go into a built book, beside the scripts of book/_extra/live that run the networks.
"""

from pathlib import Path

from reprolib.pages.live import exported_networks, still_pictures


def write(folder: Path) -> list[Path]:
    """FOLDER/weights/NAME.js and FOLDER/pictures/NAME.svg for every figure; returns the files.

    Raises:
        InputError: a row has no weights, or damaged ones.
    """
    return exported_networks.write(folder / "weights") + still_pictures.write(folder / "pictures")
