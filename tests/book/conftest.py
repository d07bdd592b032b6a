"""The extensions of the book are modules of a folder of their own, where Sphinx finds them."""

import sys

from reprolib.paths import ROOT

sys.path.insert(0, str(ROOT / "book" / "_extensions"))
