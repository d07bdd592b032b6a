"""CLEVR's experiments: every row can be built, trained and measured, on generated scenes and on real files."""

import itertools
import shutil

import pytest
import torch

from reprolib import experiments
from reprolib.contracts.configuration import change
from reprolib.data.clevr import clevr_tensors
from reprolib.data.sources import CLEVR
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.evidence import claims
from reprolib.experiments import rn_clevr_pixels, rn_clevr_state
from reprolib.judgement.labels import Court
from reprolib.methods import clevr_questions as clevr
from reprolib.rows.clevr_rows import METHOD
from reprolib.settings.data_sets import ClevrData
from reprolib.settings.relating import PixelModel
from reprolib.training.loop import fit

FEW = {"data.train": 12, "data.valid": 3, "data.test": 6}
STEP = FEW | {"train.steps": 1, "train.evaluate_every": 1, "train.precision": "fp32"}
CATEGORIES = ("count", "exist", "compare_numbers", "query_attribute", "compare_attribute")
ROWS = [(name, row.name) for name in ("rn_clevr_pixels", "rn_clevr_state") for row in experiments.get(name).rows]


class Oracle(torch.nn.Module):
    """Right about the first scenes only."""

    def __init__(self, scenes):
        super().__init__()
        self.scenes = scenes

    def forward(self, batch):
        right = torch.nn.functional.one_hot(batch["answers"], clevr.ANSWERS).float()
        return torch.where((batch["scenes"] < self.scenes)[:, None], right, right.roll(1, 1))


def trained(config, data):
    """A model after the steps of a configuration, with the metrics of the test split."""
    torch.manual_seed(0)
    model = clevr.build(config, data)
    parts = data.splits

    def validate(model):
        return clevr.evaluate(model, parts["valid"])

    fit(model, clevr.learner(), parts["train"], validate, METHOD.select, config.train, seed=0, identity="")
    return clevr.evaluate(model.eval(), parts["test"])


def test_every_network_fits_pictures_of_another_size():
    experiment = experiments.get("rn_clevr_pixels")
    for row in experiment.rows:
        if row.config.data.pictures:
            config = change(row.at("smoke"), STEP | {"data.side": 50})
            assert trained(config, CLEVR.load(config.data, "generated"))


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_every_row_trains_and_is_measured(name, row):
    experiment = experiments.get(name)
    row = experiment.row(row)
    config = change(row.at("smoke"), STEP if row.config.train.steps else FEW)
    found = trained(config, CLEVR.load(config.data, "generated"))
    assert {f"accuracy/{part}" for part in (*CATEGORIES, "overall")} <= set(found)
    assert "accuracy/validation" not in found
    assert all(0 <= value <= 100 for value in found.values())


def test_accuracy_is_of_the_parts_that_are_named():
    experiment = experiments.get("rn_clevr_state")
    split = CLEVR.load(change(experiment.rows[0].at("smoke"), FEW).data, "generated").splits["test"]
    found = clevr.evaluate(Oracle(2), split)
    columns, counts = split.columns, split.tables["counts"]
    right = (columns["scenes"] < 2).double()
    assert found["accuracy/overall"] == pytest.approx(100 * 2 / 6)
    for number, name in enumerate(CATEGORIES):
        assert found[f"accuracy/{name}"] == pytest.approx(100 * float(right[columns["categories"] == number].mean()))
    for count in set(counts.tolist()):
        among = right[counts[columns["scenes"]] == count]
        assert found[f"accuracy/objects_{count}"] == pytest.approx(100 * float(among.mean()))
    for most, (column, measure) in itertools.product((4, 8, 12), [("functions", "functions"), ("depths", "depth")]):
        among = right[(columns[column] > most - 4) & (columns[column] <= most)]
        assert found[f"accuracy/{measure}_{most}"] == pytest.approx(100 * float(among.mean()))
    perfect = clevr.evaluate(Oracle(6), split)
    assert set(perfect.values()) == {100.0}
    assert all(value.error > 0 for value in (*found.values(), *perfect.values())), "no test of six scenes is certain"


def test_accuracy_is_of_questions_that_are_hard_to_see():
    """By the least margin and the largest hidden share of each group, bounds included; infinite is in none."""
    margins = torch.tensor([0.4, 0.5, 0.51, 0.7, 1.0, 1.5, 8.4, torch.inf])
    hidden = torch.tensor([0.0, 0.001, 0.1, 0.11, 0.4, 0.7, torch.inf, 0.0])
    right = torch.tensor([True, False, True, True, False, True, True, False])
    columns = {"answers": torch.zeros(8, dtype=torch.int64), "scenes": (~right).long()}
    others = dict.fromkeys(("categories", "functions", "depths"), torch.ones(8, dtype=torch.int64))
    split = Split(columns | others | {"margins": margins, "hidden": hidden}, {"counts": torch.tensor([3, 3])})
    found = clevr.evaluate(Oracle(1), split)
    by_hand = {
        "margin_0.5": [1, 0],
        "margin_0.7": [1, 1],
        "margin_1": [0],
        "margin_2": [1],
        "margin_9": [1],
        "hidden_0": [1, 0],
        "hidden_10": [0, 1],
        "hidden_20": [1],
        "hidden_40": [0],
        "hidden_100": [1],
    }
    hard = {name: value for name, value in found.items() if "margin" in name or "hidden" in name}
    assert hard == {f"accuracy/{name}": 100 * sum(part) / len(part) for name, part in by_hand.items()}
    blind = clevr.evaluate(Oracle(1), Split(columns | others, split.tables))
    assert blind.items() <= found.items()
    assert not hard.keys() & blind.keys()


@pytest.mark.parametrize(
    ("hidden", "near", "effect"),
    [(60.0, 70.0, "holds"), (78.0, 70.0, "fails"), (60.0, 91.0, "fails")],
)
def test_the_claim_about_failures_is_judged_by_both_ends(record_of, hidden, near, effect):
    """From what is not hidden to what is, the error rises more than from states; from far to near, it rises."""
    claim = next(claim for claim in claims.read() if claim.id == "rn-clevr-failures")
    (least, *_, most), (closest, *_, furthest) = clevr.HIDDEN.values(), clevr.MARGINS.values()
    ends = f"accuracy/{least}-accuracy/{most}", f"accuracy/{furthest}-accuracy/{closest}"
    assert [one.metrics for one in claim.comparisons] == [(end,) for end in ends]

    def records(task, system, **accuracies):
        metrics = {f"accuracy/{name}": value for name, value in accuracies.items()}
        return [record_of(task=task, system=system, metrics=metrics, scale="small", seed=seed) for seed in range(3)]

    seeing = rn_clevr_pixels.TASK, rn_clevr_pixels.RELATING
    pictures = records(*seeing, **{least: 90.0, most: hidden, furthest: 90.0, closest: near})
    states = records(rn_clevr_state.TASK, rn_clevr_state.RELATING, **{least: 95.0, most: 80.0})
    assert Court.of(pictures + states).judge(claim).effect == effect
    assert Court.of(pictures).judge(claim).label == "inconclusive"
    assert Court.of(records(*seeing, overall=80.0) + states).judge(claim).label == "inconclusive"


def test_the_question_type_baseline_answers_by_type():
    experiment = experiments.get("rn_clevr_state")
    row = experiment.row("clevr_state/Q-type baseline")
    data = CLEVR.load(change(row.at("smoke"), FEW).data, "generated")
    model, columns = clevr.build(row.at("smoke"), data), data.splits["train"].columns
    said = model(data.splits["test"].batch(slice(None))).argmax(1)
    for kind, answer in zip(data.splits["test"].columns["types"].tolist(), said.tolist(), strict=True):
        counts = columns["answers"][columns["types"] == kind].bincount(minlength=clevr.ANSWERS)
        assert counts.sum() == 0 or counts[answer] == counts.max()


@pytest.mark.parametrize("system", ["CNN+LSTM", "CNN+LSTM+RN", "CNN+LSTM+SA (re-tuned)"])
def test_who_sees_needs_pictures(system):
    experiment = experiments.get("rn_clevr_pixels")
    config = change(experiment.row(f"clevr_pixels/{system}").at("smoke"), FEW | {"data.pictures": False})
    with pytest.raises(InputError, match=r"this model sees pictures, but data\.pictures is False"):
        clevr.build(config, CLEVR.load(config.data, "generated"))


def test_scenes_of_three_objects_and_more_need_no_pair_of_an_object_with_itself():
    """Stories of bAbI do; here every hash stays what it was."""
    for name in ("rn_clevr_pixels", "rn_clevr_state"):
        for row in experiments.get(name).rows:
            pairs = {getattr(row.at(scale).model, "pairs", "all") for scale in row.minutes}
            assert pairs <= {"all", "unordered"}
    assert experiments.get("rn_clevr_state").row("clevr_state/LSTM+RN").at("small").hash == "6576f0cc69374592"


def test_networks_differ_in_size_at_every_scale():
    rows = [row for row in experiments.get("rn_clevr_pixels").rows if row.system.startswith("CNN+LSTM+RN")]
    for scale in ("smoke", "small", "paper"):
        assert len({row.at(scale).hash for row in rows}) == len(rows) == 5


def test_larger_networks_differ_in_what_their_name_says():
    plain = PixelModel(**rn_clevr_pixels.AS_REPLICATED)
    for system, sizes in rn_clevr_pixels.LARGER.items():
        model = experiments.get("rn_clevr_pixels").row(f"clevr_pixels/{system}").config.model
        changed = {name for name in vars(model) if getattr(model, name) != getattr(plain, name)}
        assert changed == set(sizes)
        assert any(
            str(value) in system for size in sizes.values() for value in (size if isinstance(size, tuple) else [size])
        )


@pytest.mark.parametrize("name", ["rn_clevr_pixels", "rn_clevr_state"])
def test_real_files_train_a_step_and_are_measured(name, mini, tmp_path, monkeypatch):
    shutil.copytree(mini, tmp_path / "clevr")
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    experiment = experiments.get(name)
    row = next(row for row in experiment.rows if row.headline)
    config = change(row.at("smoke"), STEP)
    data = CLEVR.load(config.data, "real")
    assert data.kind == "real"
    assert data.hash == clevr_tensors.identity(config.data, "real")
    assert any("validation split" in each.text for each in data.deviations if each.kind == "split")
    assert any("are not the release" in each.text for each in data.deviations if each.kind == "data")
    assert isinstance(data.splits["test"], Split)
    assert data.measured == "validation"
    assert CLEVR.procedures[data.kind] == "released"
    found = trained(config, data)
    assert 0 <= found["accuracy/overall"] == found["accuracy/validation"] <= 100


def test_files_that_lack_the_pictures_are_no_data_for_rows_that_need_them(mini, tmp_path, monkeypatch):
    shutil.copytree(mini, tmp_path / "clevr", ignore=shutil.ignore_patterns("images"))
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    assert CLEVR.identity(ClevrData(), "real")
    assert CLEVR.identity(ClevrData(pictures=True), "real") is None
    questions = tmp_path / "clevr" / "questions"
    questions.chmod(0o755)
    (questions / "CLEVR_val_questions.json").unlink()
    assert CLEVR.identity(ClevrData(), "real") is None


def test_pictures_are_asked_for_only_where_they_are_seen():
    assert all(row.config.data == ClevrData() for row in experiments.get("rn_clevr_state").rows)
    for row in experiments.get("rn_clevr_pixels").rows:
        assert row.config.data == ClevrData(pictures=hasattr(row.config.model, "kernels"))
