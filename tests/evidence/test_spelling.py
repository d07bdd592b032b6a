"""Names and numbers of published.csv as pages write them."""

import pytest

from reprolib.evidence import spelling


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sort_of_clevr_state", "Sort-of-CLEVR state"),
        ("clevr_pixels", "CLEVR pixels"),
        ("kuramoto_5", "Kuramoto 5"),
        ("mse/step_1", "MSE, step 1"),
        ("error/task_16", "error, task 16"),
        ("accuracy/solved_17_20", "accuracy, solved 17–20"),
    ],
)
def test_keys_are_spoken_in_words(key, words):
    assert spelling.spoken(key) == words


def test_numbers_show_the_digits_they_deserve():
    shown = [spelling.number(value) for value in (None, 0.0, 94.04, 18.0, 0.05, 1.09e-3, -0.2)]
    assert shown == ["", "0.0", "94.0", "18.0", "0.1", "1.09e-03", "-0.2"]
    assert [spelling.number(0.03, metric) for metric in ("accuracy/edges", "error/task_16")] == ["0.0", "0.0"]
    assert [spelling.number(value, "mse/step_1") for value in (0.339, 2.0, 0.0)] == ["3.39e-01", "2.00e+00", "0.00e+00"]
