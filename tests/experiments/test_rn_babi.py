"""The bAbI experiment on generated questions: its data, its metrics, its rows at work."""

import dataclasses
import itertools
import math

import pytest
import torch

from reprolib.contracts.configuration import change
from reprolib.data.sources import BABI
from reprolib.data.split import Split
from reprolib.experiments.rn_babi import EXPERIMENT, METHOD
from reprolib.methods.answers import answer_loss

TINY = {"data.tasks": (1, 6, 15), "data.train": 30, "data.valid": 10, "data.test": 20}


class Told(torch.nn.Module):
    """Answers right where it was told to."""

    def __init__(self, answers, right):
        super().__init__()
        self.answers, self.right = answers, right

    def forward(self, batch):
        found = torch.where(self.right[batch["number"]], batch["answers"], (batch["answers"] + 1) % self.answers)
        return torch.nn.functional.one_hot(found, self.answers).float()


def test_metrics_against_counting():
    """Tasks 1 to 20 with 40 questions each; task t has t - 1 wrong answers, so 95 % is reached by tasks 1 to 3."""
    tasks = torch.arange(1, 21).repeat_interleave(40)
    number = torch.arange(800)
    right = number % 40 >= tasks - 1
    shuffle = torch.randperm(800, generator=torch.Generator().manual_seed(0))
    columns = {"tasks": tasks[shuffle], "number": number[shuffle], "answers": tasks[shuffle] % 7}
    found = METHOD.evaluate(Told(7, right), Split(columns))
    assert found["tasks_passed"] == 3.0
    for task in range(1, 21):
        assert found[f"accuracy/task_{task}"] == pytest.approx(100 * (41 - task) / 40)
        assert found[f"error/task_{task}"] == pytest.approx(100 * (task - 1) / 40)
        assert found[f"error/task_{task}"].error == found[f"accuracy/task_{task}"].error
    assert found["accuracy/mean"] == pytest.approx(sum(100 * (41 - task) / 40 for task in range(1, 21)) / 20)
    errors = [100 * math.sqrt((share := (42 - task) / 42) * (1 - share) / 40) for task in range(1, 21)]
    assert [found[f"accuracy/task_{task}"].error for task in range(1, 21)] == pytest.approx(errors)
    assert found["accuracy/mean"].error == pytest.approx(math.sqrt(sum(error**2 for error in errors)) / 20)


def test_the_mean_is_over_tasks_and_not_over_questions():
    tasks = torch.tensor([1] * 9 + [2])
    columns = {"tasks": tasks, "number": torch.arange(10), "answers": torch.zeros(10, dtype=torch.long)}
    assert METHOD.evaluate(Told(2, tasks == 2), Split(columns))["accuracy/mean"] == 50.0


@pytest.fixture(scope="module")
def data():
    return BABI.load(change(EXPERIMENT.rows[0].at("smoke"), TINY).data, "generated")


def test_data(data):
    assert data.sizes == {"train": 90, "valid": 30, "test": 60}
    for split in data.splits.values():
        assert set(split.columns["tasks"].tolist()) == {1, 6, 15}
        assert split.columns["answers"].max() < data.facts["answers"]
        assert split.tables["sentences"].max() <= data.facts["words"]


@pytest.mark.parametrize("row", EXPERIMENT.rows, ids=lambda row: row.system)
def test_every_row_gives_answers_for_every_question(data, row):
    torch.manual_seed(0)
    model = METHOD.build(row.at("smoke"), data).eval()
    batch = data.splits["test"].batch(slice(0, 9))
    logits = model(batch)
    assert logits.shape == (9, data.facts["answers"])
    assert answer_loss(model, batch).item() == pytest.approx(
        float(-logits.detach().log_softmax(1)[torch.arange(9), batch["answers"]].mean())
    )
    found = METHOD.evaluate(model, data.splits["test"])
    assert METHOD.select in found
    assert {"accuracy/task_1", "accuracy/task_6", "accuracy/task_15", "tasks_passed"} <= set(found)
    assert "accuracy/task_2" not in found


def test_the_majority_row_knows_what_can_be_known_without_a_story(data):
    """Yes and no are equally frequent in task 6, and one of four is named in task 15."""
    row = next(row for row in EXPERIMENT.rows if row.system == "Majority")
    model = METHOD.build(row.at("smoke"), data)
    found = METHOD.evaluate(model, data.splits["train"])
    for task in (1, 6, 15):
        answers = data.splits["train"].columns["answers"][data.splits["train"].columns["tasks"] == task]
        assert found[f"accuracy/task_{task}"] == pytest.approx(100 * answers.bincount().max().item() / len(answers))


RELATING = [row for row in EXPERIMENT.rows if row.system != "Majority"]


@pytest.mark.parametrize("row", RELATING, ids=lambda row: row.name)
def test_every_scale_of_every_row_relates_a_single_sentence_to_itself(row):
    assert {row.at(scale).model.pairs for scale in row.minutes} <= {"all", "unordered_self"}


@pytest.fixture(scope="module")
def released(babi):
    """Task 20 of the release, and the untrained network of the first row."""
    config = change(EXPERIMENT.rows[0].at("small"), {"data.tasks": (20,)})
    data = BABI.load(config.data, "real")
    torch.manual_seed(0)
    return data.splits["test"], METHOD.build(config, data).eval()


def test_single_sentences_of_the_release_are_told_apart(released):
    """Task 20 asks 93 of its 1,000 test questions after one sentence, 16 different ones."""
    split, model = released
    single = ((split.columns["windows"] > 0).sum(1) == 1).nonzero()[:, 0]
    assert len(single) == 93
    batch = split.batch(single)
    asked = torch.stack([batch["windows"][:, 0], batch["questions"]], dim=1)
    distinct = len(asked.unique(dim=0))
    assert len(model(batch).detach().round(decimals=5).unique(dim=0)) == distinct == 16


def test_stories_of_the_release_sum_every_pair_of_sentences_once(released):
    """Each with itself, and with every earlier one."""
    split, model = released
    batch = split.batch(slice(0, 40))
    objects, question, mask = model.encode(batch)
    assert len(set(mask.sum(1).tolist())) > 3
    g, f = model.relation_network.g, model.relation_network.f
    for row, logits in enumerate(model(batch)):
        pairs = itertools.combinations_with_replacement(objects[row, mask[row]], 2)
        total = sum(g(torch.cat([later, earlier, question[row]])[None]) for later, earlier in pairs)
        torch.testing.assert_close(logits, f(total)[0], atol=1e-4, rtol=1e-4)


def test_the_fingerprint_is_that_of_the_data(data):
    config = change(EXPERIMENT.rows[0].at("smoke"), TINY)
    assert BABI.identity(config.data, "generated") == data.hash
    other = dataclasses.replace(config, data=dataclasses.replace(config.data, seed=1))
    assert BABI.identity(other.data, "generated") != data.hash
