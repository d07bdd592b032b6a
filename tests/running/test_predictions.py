"""Answers to a split without answers: those of the record's weights, in a file that is whole or not there."""

import json
from dataclasses import replace

import pytest
import torch

from reprolib import experiments
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.running import predictions

INPUTS = torch.linspace(-2, 2, 40).view(10, 4).sin()


@pytest.fixture
def asked(done, toy, parts, monkeypatch):
    """The file of a record of a toy that has a split without answers."""
    _, path = done("Net", "small")

    def unanswered(settings, known, split):
        if split != "test":
            raise InputError(f"no split {split}")
        return Split({"inputs": INPUTS, "numbers": torch.arange(10) + 100})

    def answers(model, split):
        pairs = zip(split.columns["numbers"].tolist(), model(split.columns).argmax(1).tolist(), strict=True)
        return [{"question_index": number, "answer": str(best)} for number, best in pairs]

    monkeypatch.setattr(parts.code, "answers", answers, raising=False)
    with_test = parts.of_source(toy, unanswered=unanswered)
    monkeypatch.setattr(experiments, "get", lambda name: with_test)
    return path


def test_the_command_writes_what_the_weights_answer(asked, cli, toy, parts, tmp_path):
    from safetensors.torch import load_file

    out = tmp_path / "new" / "predictions.json"
    code, said, err = cli("predict", asked, "--out", out, "--device", "cpu")
    assert (code, said) == (0, f"10 answers in {out}\n"), err
    row = toy.row("toy/Net")
    model = row.method.build(row.at("small"), row.source.load(row.at("small").data, "generated"))
    (weights,) = asked.parent.glob("*.safetensors")
    model.load_state_dict({name: value.float() for name, value in load_file(weights).items()}, strict=False)
    with torch.no_grad():
        best = model.eval()({"inputs": INPUTS}).argmax(1).tolist()
    assert len(set(best)) > 1
    expected = [{"question_index": 100 + place, "answer": str(answer)} for place, answer in enumerate(best)]
    assert json.loads(out.read_text()) == expected


def test_what_cannot_be_answered_leaves_no_file(asked, toy, parts, monkeypatch, tmp_path):
    out = tmp_path / "predictions.json"
    with pytest.raises(InputError, match="no split val"):
        predictions.predict(asked, "val", out)
    monkeypatch.setattr(experiments, "get", lambda name: toy)
    with pytest.raises(InputError, match="toy has no split without answers: give a record on CLEVR"):
        predictions.predict(asked, "test", out)
    load = toy.row("toy/Net").source.load
    other = parts.of_source(toy, load=lambda *which: replace(load(*which), hash="new"))
    monkeypatch.setattr(experiments, "get", lambda name: other)
    with pytest.raises(InputError, match="was trained on other data than those at hand"):
        predictions.predict(asked, "test", out)
    wider = replace(toy.row("toy/Net"), scales={"small": {"model.hidden": (17,)}})
    monkeypatch.setattr(experiments, "get", lambda name: replace(toy, rows=(wider,)))
    with pytest.raises(InputError, match="is stale"):
        predictions.predict(asked, "test", out)
    assert not out.exists()


def test_a_record_without_weights(done, tmp_path):
    _, path = done("Net")
    with pytest.raises(InputError, match="has no weights file"):
        predictions.predict(path, "test", tmp_path / "predictions.json")
