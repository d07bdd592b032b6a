"""The example of the whole model."""

import doctest

from reprolib.models.modular import meta_learning


def test_the_example_that_the_book_shows_runs():
    found = doctest.testmod(meta_learning)
    assert found.attempted >= 7
    assert found.failed == 0
