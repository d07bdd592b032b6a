"""The Sort-of-CLEVR experiment: its views, its metrics, its rows at work."""

import dataclasses
import hashlib
import math

import pytest
import torch

from reprolib.contracts.configuration import change
from reprolib.data import sort_of_clevr
from reprolib.data.sources import SORT_OF_CLEVR
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.experiments.rn_sort_of_clevr import EXPERIMENT, METHOD
from reprolib.methods.answers import answer_loss
from reprolib.settings.data_sets import SceneData

TINY = {"data.train": 12, "data.valid": 2, "data.test": 5}


def tiny(row):
    return change(row.at("smoke"), TINY)


class Told(torch.nn.Module):
    def forward(self, batch):
        found = torch.where(batch["right"], batch["answers"], 1 - batch["answers"])
        return torch.nn.functional.one_hot(found, 2).float()


def test_metrics_against_counting():
    """250 scenes of one question of each of the six subtypes, each with its own share of right answers."""
    groups, scenes = torch.arange(6).repeat(250), torch.arange(250).repeat_interleave(6)
    share = torch.tensor([0.9, 0.7, 0.4, 0.8, 0.6, 0.2])
    right = torch.where(scenes < 200, (scenes % 10) < 10 * share[groups], torch.zeros(1, dtype=torch.bool))
    columns = {"groups": groups, "scenes": scenes, "right": right, "answers": groups % 2}
    found = METHOD.evaluate(Told(), Split(columns))
    late = 200 / 250  # the last 50 scenes are all wrong
    expected = {
        "relational_200": (90 + 70 + 40) / 3,
        "nonrelational_200": (80 + 60 + 20) / 3,
        "relational": late * (90 + 70 + 40) / 3,
        "nonrelational": late * (80 + 60 + 20) / 3,
        "closest_furthest": late * (90 + 70) / 2,
        "count": late * 40,
        "overall": late * 60,
    }
    assert found == pytest.approx({f"accuracy/{name}": value for name, value in expected.items()})
    share = (found["accuracy/relational_200"] / 100 * 600 + 1) / 602  # of 600 questions
    assert found["accuracy/relational_200"].error == pytest.approx(100 * math.sqrt(share * (1 - share) / 600))
    assert all(value.error > 0 for value in found.values())


@pytest.fixture(scope="module")
def loaded():
    return {
        view: SORT_OF_CLEVR.load(change(EXPERIMENT.rows[0].at("smoke"), TINY | {"data.view": view}).data, "generated")
        for view in ("pictures", "states")
    }


def test_questions_point_at_their_scene(loaded):
    """Every answer is what the symbolic rule says of the scene that the question points at."""
    scenes = sort_of_clevr.generate(12, 0)
    for data in loaded.values():
        columns = data.splits["train"].columns
        assert data.sizes == {"train": 240, "valid": 40, "test": 100}
        for i in range(0, 240, 7):
            scene = columns["scenes"][i].item()
            question = columns["questions"][i].numpy().astype(scenes.questions.dtype)[None, None]
            found = sort_of_clevr.answer_questions(scenes.centres[[scene]], scenes.circles[[scene]], question)
            assert found.item() == columns["answers"][i].item()
            relational = bool(sort_of_clevr.is_relational(question).item())
            assert columns["groups"][i].item() == sort_of_clevr.subtype(question).item() + 3 * (not relational)
    assert loaded["pictures"].splits["train"].tables["images"].numpy().tobytes() == scenes.images.tobytes()


def test_splits_are_of_different_scenes(loaded):
    images = [split.tables["images"] for split in loaded["pictures"].splits.values()]
    whole = torch.cat(images).flatten(1)
    assert len(whole.unique(dim=0)) == len(whole)


BEFORE = 2_000, "59d94d45c7fa2e08d9c828a16c407cd4db4529824f9b9f1d1239839a0dbd8806"  # scenes, hash of their arrays


def test_the_test_scenes_begin_with_the_2_000_of_before():
    count, expected = BEFORE
    scenes = sort_of_clevr.generate(count, 2)
    arrays = (scenes.images, scenes.centres, scenes.circles, scenes.questions, scenes.answers)
    assert hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest() == expected
    split = SORT_OF_CLEVR.load(
        change(EXPERIMENT.rows[0].config, TINY | {"data.test": SceneData().test}).data, "generated"
    ).splits["test"]
    assert len(split) == 20 * 20_000
    assert split.tables["images"][:count].equal(torch.from_numpy(scenes.images))
    assert split.columns["answers"][: 20 * count].equal(torch.from_numpy(scenes.answers).flatten())
    assert split.columns["questions"][: 20 * count].equal(torch.from_numpy(scenes.questions).flatten(0, 1).float())
    assert split.columns["scenes"][20 * count - 1 : 20 * count + 1].tolist() == [count - 1, count]


def test_every_scale_above_smoke_tests_on_as_many_scenes():
    for row in EXPERIMENT.rows:
        assert {row.at(scale).data.test for scale in row.minutes if scale != "smoke"} == {20_000}
        assert row.at("smoke").data.test == 50


@pytest.mark.parametrize("row", EXPERIMENT.rows, ids=lambda row: row.name)
def test_every_row_gives_answers_for_every_question(loaded, row):
    config = tiny(row)
    data = loaded[config.data.view]
    torch.manual_seed(0)
    model = METHOD.build(config, data).eval()
    batch = data.splits["test"].batch(slice(15, 25))
    logits = model(batch)
    assert logits.shape == (10, data.facts["answers"])
    assert answer_loss(model, batch).item() == pytest.approx(
        float(-logits.detach().log_softmax(1)[torch.arange(10), batch["answers"]].mean()), abs=1e-5
    )
    assert METHOD.select in METHOD.evaluate(model, data.splits["test"])


def test_the_majority_row(loaded):
    row = next(row for row in EXPERIMENT.rows if row.name == "sort_of_clevr/Majority")
    data = loaded["pictures"]
    columns = data.splits["train"].columns
    found = METHOD.evaluate(METHOD.build(tiny(row), data), data.splits["train"])
    right = sum(columns["answers"][columns["groups"] == group].bincount().max().item() for group in range(6))
    assert found["accuracy/overall"] == pytest.approx(100 * right / 240)


def test_what_cannot_be_loaded():
    config = tiny(EXPERIMENT.rows[0])
    with pytest.raises(InputError, match="never released as files: use --data generated"):
        SORT_OF_CLEVR.load(config.data, "real")
    assert SORT_OF_CLEVR.identity(config.data, "real") is None
    with pytest.raises(InputError, match=r"data\.view is 'sound': choose one of pictures, states"):
        dataclasses.replace(config.data, view="sound")
    with pytest.raises(InputError, match="answers is 'both'"):
        dataclasses.replace(config.data, answers="both")


def test_the_fingerprint_is_that_of_the_data(loaded):
    config = change(EXPERIMENT.rows[0].at("smoke"), TINY | {"data.view": "states"})
    assert SORT_OF_CLEVR.identity(config.data, "generated") == loaded["states"].hash != loaded["pictures"].hash
