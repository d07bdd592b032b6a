"""A record is read only when it is whole, where it belongs, and as its run wrote it."""

import dataclasses
import hashlib
import json
import os
import re

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

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
    metrics, errors = {"mse/a": 1, "mse/b": Figure(0.1 + 0.2, 0.05)}, {"mse/b": 0.05}
    record = record_of(config={"model.hidden": (16, 8), "train.clip": None}, metrics=metrics, errors=errors)
    read = records.read(records.write(record, tmp_path))
    assert (read.metrics, read.errors) == ({"mse/a": 1, "mse/b": 0.1 + 0.2}, errors)
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


IMPOSSIBLE = {  # values of the right type that no run gives
    "accuracy above 100": {"metrics": {"accuracy/all": 100.1}},
    "accuracy below 0": {"metrics": {"accuracy/all": -0.1}},
    "share above 100": {"validation": {"share/links": 101.0}},
    "negative squared error": {"metrics": {"mse/step_1": -1e-9}},
    "negative count": {"metrics": {"tasks_passed": -1}},
    "accuracy above 100 on the way": {"curve": [{"step": 1, "loss": 1.0, "accuracy/all": 1e3}]},
    "metric of no kind": {"metrics": {"mood": 1.0}},
    "no metrics": {"metrics": {}},
    "no configuration": {"config": {}},
    "error of no metric": {"errors": {"accuracy/none": 1.0}},
    "negative error": {"errors": {"accuracy/all": -1.0}},
    "negative seconds": {"seconds": -0.1},
    "negative processor seconds": {"processor_seconds": -0.1},
    "negative speed": {"samples_per_second": -1.0},
    "negative memory": {"peak_memory": -1},
    "negative seed": {"seed": -1},
    "negative parameters": {"parameters": -1},
    "no worker": {"workers": 0},
    "best step after the last": {"best_step": 21},
    "step after the last": {"curve": [{"step": 21, "loss": 1.0}]},
    "point without step": {"curve": [{"loss": 1.0}]},
    "point without loss": {"curve": [{"step": 1}]},
    "no date": {"started": "yesterday"},
    "no such date": {"started": "2026-02-30T00:00:00+00:00"},
    "no time of day": {"started": "2026-02-03"},
    "no zone": {"started": "2026-02-03T00:00:00"},
    "another zone": {"started": "2026-02-03T00:00:00+02:00"},
    "control character": {"device": "a \x1b[2J processor"},
    "line break": {"device": "a\nprocessor"},
    "half a character": {"command": "\ud800"},
    "control character in a name": {"config": {"a\r": 1}},
    "infinity in the configuration": {"config": {"train.rate": [float("inf")]}},
    "lists too deep": {"config": {"model.hidden": [[[[[[[[[1]]]]]]]]]}},
}


def signed(record, path):
    """Write a record as `write` would, whatever it holds, so that its digest is right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(vars(record) | {"digest": record.content_digest()}))
    return path


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_no_run_gives_is_neither_read_nor_written(record_of, tmp_path, name):
    (field,) = IMPOSSIBLE[name]
    record = record_of(**IMPOSSIBLE[name])
    with pytest.raises(InputError, match=rf"x\.json .*{field if field not in ('best_step', 'data') else ''}") as read:
        records.read(signed(record, tmp_path / "x.json"))
    assert str(read.value).isprintable()
    with pytest.raises(InputError, match="seed"):
        records.write(record, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_split_without_examples_is_refused(record_of, tmp_path):
    record = record_of()
    record.data["sizes"]["test"] = 0
    with pytest.raises(InputError, match="says that its test split holds 0 examples, which no run gives: restore it"):
        records.read(signed(record, tmp_path / "x.json"))


@pytest.mark.parametrize("digits", [19, 400, 5000])
@pytest.mark.parametrize("field", ["seed", "seconds", "config", "peak_memory"])
def test_a_number_of_absurdly_many_digits_is_refused(written, field, digits):
    value = f'{{"data.train": {"9" * digits}}}' if field == "config" else "9" * digits
    content = re.sub(rf'"{field}": (\{{[^}}]*\}}|[\d.]+)', f'"{field}": {value}', written.read_text())
    written.write_text(content)
    with pytest.raises(InputError, match=rf"cannot be read as a record \(a whole number of {digits} digits\)"):
        records.read(written)


def test_what_is_no_file_is_not_waited_for(record_of, tmp_path):
    pipe, folder, large = (tmp_path / f"{name}.json" for name in ("pipe", "folder", "large"))
    os.mkfifo(pipe)
    folder.mkdir()
    with large.open("wb") as stream:
        stream.truncate(records.LARGEST_RECORD + 1)
    for path, reason in ((pipe, "it is no regular file"), (folder, "directory"), (large, "it holds 8388609 bytes")):
        with pytest.raises(InputError, match=rf"{path.name} cannot be read as a record \(.*{reason}"):
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
    first = records.save_weights({"w": torch.zeros(7)}, place, "float32")
    record = records.read(records.write(record_of(weights=first), tmp_path))
    neighbour.touch()
    second = records.save_weights({"w": torch.ones(7)}, place, "float32")
    records.check_weights(record, place)  # a kill here leaves the old record whole
    records.write(record_of(weights=second), tmp_path)
    records.check_weights(records.read(place), place)
    assert {path.name for path in place.parent.iterdir()} == {place.name, second["file"], neighbour.name}


def test_wrong_weights_are_refused(record_of, tmp_path):
    place = records.location(record_of(), tmp_path)
    model = nn.Linear(2, 2)
    entry = records.save_weights(model.state_dict(), place, "float32")
    record = record_of(weights=entry, parameters=6)
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


BAD_WEIGHTS = {
    "not finite": ({"w": torch.tensor([1.0, float("nan"), *[0.0] * 5])}, "holds numbers that are not finite"),
    "too few": ({"w": torch.zeros(6)}, "holds 6 numbers, but .* has 7 parameters"),
    "too many": ({"w": torch.zeros(8).half(), "mean": torch.zeros(3)}, "holds 8 numbers, but .* has 7 parameters"),
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_weights_that_no_run_leaves(record_of, tmp_path, name):
    tensors, complaint = BAD_WEIGHTS[name]
    place = records.location(record_of(), tmp_path)
    entry = records.save_weights(tensors, place, "float16" if name == "too many" else "float32")
    with pytest.raises(InputError, match=complaint):
        records.check_weights(record_of(weights=entry), place)


def test_only_a_file_of_its_own_is_a_records_weights(record_of, tmp_path):
    """Not that of another seed, of another folder, or what is no file of weights."""
    place, other = (records.location(record_of(seed=seed), tmp_path) for seed in (0, 1))
    entry = records.save_weights({"w": torch.zeros(7)}, place, "float32")
    records.check_weights(record_of(weights=entry), place)
    for name in (entry["file"], f"../{place.parent.name}/{entry['file']}", "", ".", "/dev/zero", "a\0b"):
        with pytest.raises(InputError, match=r"seed1\.json names .* as its weights, which is no file of its own"):
            records.check_weights(record_of(seed=1, weights=entry | {"file": name}), other)
    weights = place.with_name(entry["file"])
    weights.unlink()
    os.mkfifo(weights)
    with pytest.raises(InputError, match=r"cannot be read \(it is no regular file\)"):
        records.check_weights(record_of(weights=entry), place)
    weights.unlink()
    weights.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        records.check_weights(record_of(weights=entry), place)


def test_a_file_that_is_none_of_weights_though_its_hash_is_right(record_of, tmp_path):
    place, content = records.location(record_of(), tmp_path), b"\xff" * 99
    sha256 = hashlib.sha256(content).hexdigest()
    place.parent.mkdir(parents=True)
    place.with_name(name := f"{place.stem}.{sha256[:8]}.safetensors").write_bytes(content)
    entry = {"file": name, "sha256": sha256, "dtype": "float32", "bytes": 99}
    with pytest.raises(InputError, match="is no file of weights"):
        records.check_weights(record_of(weights=entry), place)


def test_weights_that_were_not_kept(record_of, tmp_path):
    place = tmp_path / "x.json"
    with pytest.raises(InputError, match=r"x\.json has no weights file \(only headline rows"):
        records.load_weights(nn.Linear(1, 1), record_of(), place)
    entry = {"file": None, "sha256": None, "dtype": "float16", "bytes": 9 << 20}
    with pytest.raises(InputError, match=r"x\.json has no weights file \(they exceed 8 MiB\): .* run reprolib run toy"):
        records.load_weights(nn.Linear(1, 1), record_of(weights=entry), place)
