"""Settings of relation networks: a value that makes no model is named; the defaults are the paper's."""

from dataclasses import asdict

import pytest

from reprolib.errors import InputError
from reprolib.settings.relating import AttentionModel, FlatModel, PixelModel, QuestionModel, SetModel, StateModel


@pytest.mark.parametrize(
    ("model", "setting", "value", "words"),
    [
        (PixelModel, "embedding", 0, r"model\.embedding is 0: give a number of 1 and up"),
        (StateModel, "lstm", -3, r"model\.lstm is -3"),
        (StateModel, "g", (), r"model\.g is \[\]: give one or more"),
        (PixelModel, "f", (256, 0), r"model\.f is \[256, 0\]: give a number of 1 and up"),
        (PixelModel, "kernels", (24, 24, 0, 24), r"model\.kernels is"),
        (PixelModel, "chunk", 0, r"model\.chunk is 0"),
        (PixelModel, "pairs", "some", "'some': choose one of all, unordered, unordered_self"),
        (PixelModel, "coordinates", 0.0, "give a number above 0"),
        (PixelModel, "coordinates", float("inf"), r"model\.coordinates is inf"),
        (StateModel, "dropout", 1.0, "from 0 to below 1"),
        (QuestionModel, "dropout", -0.1, r"model\.dropout is -0\.1"),
        (SetModel, "g", (), r"model\.g is \[\]: give one or more"),
        (FlatModel, "hidden", (), r"model\.hidden is"),
        (AttentionModel, "hops", 0, r"model\.hops is 0"),
        (AttentionModel, "attention", 0, r"model\.attention is 0"),
    ],
)
def test_a_value_that_makes_no_model_is_named(model, setting, value, words):
    with pytest.raises(InputError, match=words):
        model(**{setting: value})


def test_batch_norm_does_not_work_in_chunks():
    with pytest.raises(InputError, match=r"model\.chunk is 100: leave it out where model\.norm is set"):
        StateModel(norm=True, chunk=100)


def test_the_papers_settings():
    assert asdict(PixelModel()) == {
        "embedding": 32,
        "lstm": 128,
        "reverse": False,
        "kernels": (24, 24, 24, 24),
        "norm_first": False,
        "coordinates": 1.0,
        "augment": True,
        "g": (256, 256, 256, 256),
        "f": (256, 256),
        "dropout": 0.5,
        "pairs": "all",
        "chunk": None,
        "norm": False,
    }
    changed = {"lstm": 256, "g": (512, 512, 512, 512), "f": (512, 1024), "dropout": 0.02}
    of_pictures = {"kernels", "norm_first", "coordinates", "augment"}
    pixels = {name: value for name, value in asdict(PixelModel()).items() if name not in of_pictures}
    assert asdict(StateModel()) == pixels | changed
    alone = {name: value for name, value in asdict(StateModel()).items() if name not in ("pairs", "chunk")}
    assert asdict(SetModel()) == alone
