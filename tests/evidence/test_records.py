"""A record is read only when it is whole, where it belongs, and as its run wrote it."""

import dataclasses
import json
import re
import subprocess

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from reprolib import paths
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.evidence.deviations import Deviation
from reprolib.evidence.metrics import Figure
from reprolib.evidence.records import Record

WRONG = {  # a value that no record has in the field
    "schema": 1,
    "experiment": 3,
    "task": None,
    "system": ["RN"],
    "scale": 1,
    "seed": "0",
    "changes": [],
    "config": None,
    "config_hash": 0,
    "data": "toy",
    "metrics": {"accuracy/all": "high"},
    "errors": {"accuracy/all": "none"},
    "validation": {"accuracy/all": None},
    "curve": [1, 2],
    "best_step": 1.5,
    "steps": True,
    "starts_from": {"experiment": "toy", "row": 3, "sha256": "abc"},
    "weights": "weights.safetensors",
    "parameters": "7",
    "device": None,
    "workers": 2.0,
    "seconds": "long",
    "processor_seconds": "longer",
    "samples_per_second": "fast",
    "peak_memory": None,
    "versions": {"torch": 2},
    "commit": 7,
    "dirty": "no",
    "started": 2026,
    "deviations": ["it is a toy"],
    "command": ["reprolib"],
    "digest": None,
}

LESS = Deviation("data", "fewer scenes", less=True)


@pytest.fixture
def written(record_of, tmp_path):
    return records.write(record_of(), tmp_path)


def edit(path, function):
    content = json.loads(path.read_text())
    function(content)
    path.write_text(json.dumps(content))


def test_round_trip(record_of, tmp_path):
    metrics = {"a": 1, "b": Figure(0.1 + 0.2, 0.05)}
    record = record_of(config={"model.hidden": (16, 8), "train.clip": None}, metrics=metrics, errors={"b": 0.05})
    read = records.read(records.write(record, tmp_path))
    assert (read.metrics, read.errors) == ({"a": 1, "b": 0.1 + 0.2}, {"b": 0.05})
    assert read.config == {"model.hidden": [16, 8], "train.clip": None}
    again = records.read(records.write(read, tmp_path / "copy"))
    assert again == read


def test_the_table_of_wrong_values_is_complete():
    assert list(WRONG) == [field.name for field in dataclasses.fields(Record)]


@pytest.mark.parametrize("field", list(WRONG))
def test_a_missing_or_wrong_field_is_named(written, field):
    whole = written.read_text()
    edit(written, lambda content: content.pop(field))
    with pytest.raises(InputError, match=rf"{written.name}.*{field}"):
        records.read(written)
    written.write_text(whole)
    edit(written, lambda content: content.update({field: WRONG[field]}))
    with pytest.raises(InputError, match=rf"{written.name}.*{field}"):
        records.read(written)


@pytest.mark.parametrize("field", ["name", "kind", "procedure", "split", "hash", "sizes"])
def test_a_missing_part_of_the_data_is_named(written, field):
    edit(written, lambda content: content["data"].pop(field))
    with pytest.raises(InputError, match=f"field 'data', misses the field '{field}'"):
        records.read(written)


@pytest.mark.parametrize("field", ["kind", "text", "less"])
def test_a_missing_part_of_a_deviation_is_named(record_of, tmp_path, field):
    path = records.write(record_of(deviations=[dataclasses.asdict(LESS)] * 2), tmp_path)
    edit(path, lambda content: content["deviations"][1].pop(field))
    with pytest.raises(InputError, match=f"field 'deviations', misses the field '{field}'"):
        records.read(path)


def test_deviations_come_back_as_they_were(record_of, tmp_path):
    listed = [LESS, Deviation("choice", "batches of 16")]
    record = record_of(deviations=[dataclasses.asdict(each) for each in listed])
    assert records.read(records.write(record, tmp_path)).departures == listed


def test_a_deviation_of_an_unknown_kind_is_refused(record_of, tmp_path):
    path = records.write(record_of(deviations=[{"kind": "mood", "text": "it was raining", "less": False}]), tmp_path)
    with pytest.raises(InputError, match=rf"{path.name}: a deviation is of kind 'mood': choose one of data, split, "):
        records.read(path)


def test_a_record_from_before_processor_time_was_kept_is_read(record_of, tmp_path):
    assert records.read(records.write(record_of(processor_seconds=None), tmp_path)).processor_seconds is None


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_metric_or_an_error_that_is_no_number_is_refused(record_of, tmp_path, value):
    path = records.write(record_of(errors={"accuracy/all": 3.5}), tmp_path)
    whole = path.read_text()
    for number, field in ((r"90\.0", "metrics"), (r"3\.5", "errors")):
        path.write_text(re.sub(f'"accuracy/all": {number}', f'"accuracy/all": {value}', whole))
        with pytest.raises(InputError, match=f"in the field '{field}'"):
            records.read(path)


def test_an_unknown_field_is_named(written):
    edit(written, lambda content: content.update(mood="good"))
    with pytest.raises(InputError, match="has the unknown field 'mood'"):
        records.read(written)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["metrics"].update({"accuracy/all": 90.1}),
        lambda content: content.update(seed=1),
        lambda content: content["curve"].pop(),
        lambda content: content["config"].update({"model.hidden": [17]}),
        lambda content: content.update(digest="0" * 64),
    ],
)
def test_an_edit_by_hand_is_refused(written, change):
    edit(written, change)
    with pytest.raises(InputError, match="does not fit its digest, so it was edited by hand"):
        records.read(written)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe\x00", b'{"schema": 3}'])
def test_what_is_no_record(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.json (cannot be read|holds no JSON object|misses the field)"):
        records.read(path)
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        records.read(tmp_path / "none.json")


@pytest.mark.parametrize("schema", [None, 1, 2, 4, "3", [3]])
def test_a_record_of_another_schema_is_to_be_run_again(written, schema):
    """Though other fields are wrong as well: they may be those of its own schema."""
    edit(written, lambda content: content.update(schema=schema, mood="good"))
    with pytest.raises(InputError, match=rf"{written.name} has schema .*, this release reads 3: run its row again"):
        records.read(written)


@pytest.mark.parametrize(
    "wrong", [{"metrics": {"accuracy/all": float("nan")}}, {"curve": [{"loss": float("inf")}]}, {"seed": None}]
)
def test_what_could_not_be_read_is_not_written(record_of, tmp_path, wrong):
    path = records.write(record_of(), tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=next(iter(wrong))):
        records.write(dataclasses.replace(record_of(), **wrong), tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.rglob("*.*")) == [path]


def test_every_run_has_a_place_of_its_own(record_of, tmp_path):
    variants = [
        record_of(**changes)
        for changes in (
            {},
            {"seed": 1},
            {"seed": 11},
            {"scale": "small"},
            {"kind": "real"},
            {"system": "CNN+RN"},
            {"system": "CNN+LSTM+SA (re-tuned)"},
            {"task": "other"},
            {"experiment": "another"},
            {"changes": {"train.steps": 3}},
            {"changes": {"train.steps": 4}, "config_hash": "1" * 16},
        )
    ]
    places = [records.write(record, tmp_path) for record in variants]
    assert len(set(places)) == len(places)
    assert all(re.fullmatch(r"[a-z0-9_.-]+", place.name) for place in places)
    assert all(records.location(records.read(place), tmp_path) == place for place in places)


def test_attempts_go_apart(record_of, tmp_path):
    kept = records.write(record_of(), tmp_path)
    attempt = records.write(record_of(changes={"train.steps": 3}), tmp_path)
    assert [path for path, _ in records.read_all(tmp_path)] == [kept]
    assert [path for path, _ in records.read_all(tmp_path, attempts=True)] == [attempt]
    attempt.rename(kept.with_name(attempt.name))
    with pytest.raises(InputError, match=r"belongs at .*attempts"):
        list(records.read_all(tmp_path))


def test_a_copy_does_not_count_twice(record_of, tmp_path):
    path = records.write(record_of(), tmp_path)
    path.with_name("copy.json").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"copy\.json belongs at"):
        list(records.read_all(tmp_path))


def test_weights_round_trip_and_are_what_the_model_then_has(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model(torch.randn(8, 3))  # running statistics that half precision would round
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    saved = records.round_weights(model, "float16")
    for name, tensor in model.state_dict().items():
        rounded = before[name] if "running" in name or "num" in name else before[name].half().to(tensor.dtype)
        assert torch.equal(tensor, rounded), name
    assert not torch.equal(model[0].weight, before["0.weight"]), "nothing was rounded"
    entry = records.save_weights(saved, tmp_path / "run.json", "float16")
    loaded = load_file(tmp_path / entry["file"])
    assert loaded.keys() == before.keys()
    assert all(torch.equal(loaded[name].to(tensor.dtype), tensor) for name, tensor in model.state_dict().items())
    assert entry["dtype"] == "float16"
    assert entry["bytes"] == (tmp_path / entry["file"]).stat().st_size


def test_large_weights_are_not_kept(tmp_path):
    model = nn.Linear(2048, 2049)  # 2 bytes each: just above 8 MiB
    entry = records.save_weights(records.round_weights(model, "float16"), tmp_path / "run.json", "float16")
    assert (entry["file"], entry["sha256"]) == (None, None)
    assert entry["bytes"] > 8 << 20
    assert list(tmp_path.iterdir()) == []


def test_old_weights_go_only_when_their_record_is_replaced(record_of, tmp_path):
    place = records.location(record_of(), tmp_path)
    neighbour = place.with_name(place.name.replace("seed0.json", "seed01.1234.safetensors"))
    first = records.save_weights({"w": torch.zeros(2)}, place, "float32")
    record = records.read(records.write(record_of(weights=first), tmp_path))
    neighbour.touch()
    second = records.save_weights({"w": torch.ones(2)}, place, "float32")
    records.check_weights(record, place)  # a kill here leaves the old record whole
    records.write(record_of(weights=second), tmp_path)
    records.check_weights(records.read(place), place)
    assert {path.name for path in place.parent.iterdir()} == {place.name, second["file"], neighbour.name}


def test_wrong_weights_are_refused(record_of, tmp_path):
    place = records.location(record_of(), tmp_path)
    model = nn.Linear(2, 2)
    entry = records.save_weights(model.state_dict(), place, "float32")
    record = record_of(weights=entry)
    records.load_weights(model, record, place)
    with pytest.raises(InputError, match="do not fit its configuration"):
        records.load_weights(nn.Linear(3, 2), record, place)
    weights = place.with_name(entry["file"])
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1  # one bit
    weights.write_bytes(content)
    with pytest.raises(InputError, match="does not fit the hash"):
        records.load_weights(model, record, place)
    weights.unlink()
    with pytest.raises(InputError, match=r"is missing, but .* names it"):
        records.load_weights(model, record, place)


def test_weights_that_were_not_kept(record_of, tmp_path):
    place = tmp_path / "x.json"
    with pytest.raises(InputError, match=r"x\.json has no weights file \(only headline rows"):
        records.load_weights(nn.Linear(1, 1), record_of(), place)
    entry = {"file": None, "sha256": None, "dtype": "float16", "bytes": 9 << 20}
    with pytest.raises(InputError, match=r"x\.json has no weights file \(they exceed 8 MiB\): .* run reprolib run toy"):
        records.load_weights(nn.Linear(1, 1), record_of(weights=entry), place)


def test_commit_of_a_copy_without_git(monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_COMMIT", "abc123")
    assert records.commit() == ("abc123", False)
    monkeypatch.setenv("REPROLIB_COMMIT", "abc123-dirty")
    assert records.commit() == ("abc123", True)
    monkeypatch.delenv("REPROLIB_COMMIT")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert records.commit() == (None, None)


def test_commit_of_a_checkout(monkeypatch, tmp_path):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", "-C", tmp_path, *who, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    monkeypatch.delenv("REPROLIB_COMMIT", raising=False)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "reprolib").mkdir()
    source = tmp_path / "reprolib" / "a.py"
    source.write_text("1\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    head = git("rev-parse", "HEAD")
    assert records.commit() == (head, False)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "new.json").touch()
    assert records.commit() == (head, False), "a new record is no change of the library"
    (source.parent / "scratch.py").write_text("3\n")
    assert records.commit() == (head, False), "a file that git does not track is no change of the library"
    source.write_text("2\n")
    assert records.commit() == (head, True)
    git("add", "reprolib/a.py")
    assert records.commit() == (head, True), "a staged change is one too"
    git("commit", "-qm", "second")
    second = git("rev-parse", "HEAD")
    assert second != head
    assert records.commit() == (second, False)
    source.unlink()
    assert records.commit() == (second, True)
