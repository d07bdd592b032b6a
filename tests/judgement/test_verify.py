"""`reprolib verify`: a clean folder passes, every kind of damage is found and named."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest

from reprolib import experiments, paths
from reprolib.errors import InputError
from reprolib.evidence import claims, published, records
from reprolib.judgement import verify

PAGES = verify.PAGES


@pytest.fixture(autouse=True)
def _without_pages(monkeypatch):
    """Records are judged apart from the book, whose pages have tests of their own below."""
    monkeypatch.setattr(verify, "PAGES", ())


@pytest.fixture
def results(done):
    """Records of the toy: a headline with weights, a baseline, an attempt."""
    _, net = done("Net", "small")
    _, majority = done("Majority", "small")
    _, attempt = done("Net", "small", train__steps=10)
    return {"net": net, "majority": majority, "attempt": attempt, "weights": next(net.parent.glob("*.safetensors"))}


def only(sentences, *words):
    """The one sentence, after checking that it holds the words."""
    assert len(sentences) == 1, sentences
    assert all(str(word) in sentences[0] for word in words), sentences
    return True


def test_a_clean_folder_passes(results, cli):
    assert verify.problems() == []
    assert cli("verify") == (0, "2 records and 1 attempt are valid and fresh\n", "")


def test_an_empty_folder_passes(toy):
    paths.results().mkdir()
    assert verify.problems() == []


@pytest.mark.parametrize("make", [lambda path: None, Path.touch], ids=["nothing", "a file"])
def test_what_is_no_folder_is_named(toy, make):
    make(paths.results())
    with pytest.raises(InputError, match=f"{paths.results()} is no folder of records: set REPROLIB_RESULTS"):
        verify.problems()


@pytest.mark.parametrize("name", ["net", "majority", "attempt"])
def test_an_edit_is_found_in_every_kind_of_record(results, edited, name):
    edited(results[name], best_step=7)
    assert only(verify.problems(), results[name], "edited by hand")


def test_a_stale_configuration(results, toy, monkeypatch):
    rows = tuple(dataclasses.replace(row, scales={"small": {"train.rate": 0.5}}) for row in toy.rows if row.headline)
    changed = dataclasses.replace(toy, rows=(*rows, toy.row("toy/Majority")))
    monkeypatch.setattr(experiments, "get", lambda name: changed)
    found = verify.problems()
    assert [sentence.split()[0] for sentence in found] == [str(results["attempt"]), str(results["net"])]
    assert all("its row's configuration has changed; run reprolib run toy" in sentence for sentence in found)


def test_a_configuration_that_does_not_fit_its_hash(results):
    """A record edited with care: its digest is right again."""
    record = records.read(results["net"])
    records.write(dataclasses.replace(record, config=record.config | {"train.steps": 7}), paths.results())
    assert only(verify.problems(), results["net"], "says train.steps=7, which does not fit its hash")


def test_a_change_that_concerns_another_scale_makes_nothing_stale(results, toy, monkeypatch):
    rows = tuple(dataclasses.replace(row, scales={"smoke": {"train.steps": 3}}) for row in toy.rows)
    monkeypatch.setattr(experiments, "get", lambda name: dataclasses.replace(toy, rows=rows))
    assert verify.problems() == []


def test_stale_data(results, toy, monkeypatch, parts):
    monkeypatch.setattr(experiments, "get", lambda name: parts.of_source(toy, identity=lambda *_: "new"))
    assert all("its data have changed" in sentence for sentence in verify.problems())
    assert len(verify.problems()) == 3


def test_data_that_are_not_at_hand_are_not_stale(results, toy, monkeypatch, parts):
    monkeypatch.setattr(experiments, "get", lambda name: parts.of_source(toy, available=lambda *_: "gone"))
    assert verify.problems() == []


def test_a_row_or_an_experiment_that_is_gone(results, toy, monkeypatch):
    monkeypatch.setattr(experiments, "get", lambda name: dataclasses.replace(toy, rows=toy.rows[:1]))
    assert only(verify.problems(), results["majority"], "stale", "toy has no row 'toy/Majority'")


def test_an_unknown_experiment_is_named_with_its_record(results, record_of):
    path = records.write(record_of(experiment="gone"), paths.results())
    assert only(verify.problems(), path, "unknown experiment 'gone'")


def test_a_parameter_that_is_gone(results, record_of):
    path = records.write(record_of(scale="small", changes={"train.moment": 1}), paths.results())
    assert only(verify.problems(), path, "unknown parameter 'train.moment'")


def test_misplaced_records(results):
    for place in ("copy.json", "../copy.json", "../../copy.json", "deeper/copy.json", "../attempts/copy.json"):
        path = results["majority"].parent / place
        path.parent.mkdir(exist_ok=True)
        shutil.copy(results["majority"], path)
        assert only(verify.problems(), path.resolve().name, f"belongs at {results['majority']}")
        path.unlink()
    moved = results["net"].with_name(results["attempt"].name)
    results["attempt"].rename(moved)
    assert only(verify.problems(), moved, f"belongs at {results['attempt']}")


def test_weights(results):
    weights, content = results["weights"], results["weights"].read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert only(verify.problems(), weights, "does not fit the hash")
    weights.unlink()
    assert only(verify.problems(), weights, "is missing")
    weights.write_bytes(content)
    stray = weights.with_name("stray.safetensors")
    stray.touch()
    assert only(verify.problems(), stray, "belongs to no record")
    stray.unlink()
    left = weights.with_name(f"{results['net'].stem}.0123abcd.safetensors")
    left.touch()  # as after a kill between weights and record
    assert only(verify.problems(), left, "belongs to no record")


def test_weights_of_a_damaged_record_are_not_to_be_deleted(results, edited):
    edited(results["net"], seed=1)
    assert only(verify.problems(), results["net"], "edited by hand")


def test_every_damage_at_once_on_the_command_line(results, edited, process, record_of):
    edited(results["attempt"], seed=7)
    shutil.copy(results["majority"], results["majority"].with_name("copy.json"))
    results["weights"].unlink()
    records.write(record_of(experiment="gone"), paths.results())
    results["net"].with_name("note.json").write_text("{")
    ended = process("verify")
    lines = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert lines[-1] == f"reprolib: 5 problems in {paths.results()}"
    assert len(lines) == 6
    assert ended.stdout == ""


def hostile(record):
    """Fields that are as they should be but for one value of the right type, deep inside."""
    data = record.data
    for kind in ("procedure", "kind", "split", "hash", "name"):
        yield {"data": data | {kind: "made up"}}
    for value in ({"a": 1}, [], "x", None, 1e300, 10**17, [[1]], True):
        yield {"changes": {"train.steps": value}}
        yield {"config": record.config | {"train.steps": value}}
    yield {"changes": {"": 1}}
    yield {"changes": {"model": "Toy"}}
    for name in ("experiment", "task", "system", "scale"):
        for value in ("", "..", "../../x", "a/b", "*", "made up"):
            yield {name: value}
    yield {"seed": 2**31}
    yield {"starts_from": {"experiment": "toy", "row": "toy/Net", "sha256": "0"}}
    yield {"weights": {"file": "x.safetensors", "sha256": None, "dtype": "none", "bytes": -1}}
    yield {"config_hash": "0" * 16}


def test_every_hostile_record_is_named_and_the_others_are_judged(results, tmp_path):
    """Right in its types and its digest, each is one sentence of its own, and none hides the next."""
    record, folder = records.read(results["majority"]), results["majority"].parent
    bad = [dataclasses.replace(record, **changes) for changes in hostile(record)]
    for number, one in enumerate(bad):
        path = folder / f"bad{number:03}.json"
        path.write_text(json.dumps(vars(one) | {"digest": one.content_digest()}))
    os.mkfifo(folder / "pipe.json")
    results["net"].write_text("{")
    found = verify.problems()
    assert len(found) == len(bad) + 2
    assert all(any(f"bad{number:03}.json" in said for said in found) for number in range(len(bad)))


def test_a_hostile_record_in_its_place_is_named(results):
    """Also where nothing but the values is wrong, so that only what they mean can tell."""
    record, path = records.read(results["majority"]), results["majority"]
    for changes in hostile(record):
        one = dataclasses.replace(record, **changes)
        place = records.location(one, paths.results())
        if place.is_relative_to(paths.results()) and place.resolve() == place:
            path.unlink()
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(vars(one) | {"digest": one.content_digest()}))
            described = "made up" in (one.data["split"], one.data["name"])  # nothing else says what these are
            assert len(verify.problems()) == (0 if described else 1), changes
            place.unlink()
            records.write(record, paths.results())


def test_the_weights_of_another_seed_are_found(results, done):
    _, second = done("Net", "small", seed=1)
    record, weights = records.read(results["net"]), results["weights"]
    shutil.copy(weights, weights.with_name(name := weights.name.replace("seed0", "seed1")))
    records.write(dataclasses.replace(record, seed=1, weights=record.weights | {"file": name}), paths.results())
    assert only(verify.problems(), second, f"has the weights of {results['net']}")


def test_a_record_without_metrics_cannot_be_evaluated(results, cli):
    record = dataclasses.replace(records.read(results["net"]), metrics={}, errors={})
    results["net"].write_text(json.dumps(vars(record) | {"digest": record.content_digest()}))
    code, out, err = cli("evaluate", results["net"])
    assert (code, out) == (2, "")
    assert "has nothing in the field 'metrics'" in err


def test_damaged_records_on_either_side_hide_no_drift(toy, record_of, tmp_path, cli):
    smoke(paths.results(), record_of, [60.0, 61.0])
    fresh = smoke(tmp_path / "fresh", record_of, [60.0])
    next(paths.results().rglob("*seed1*")).write_text("{")
    records.write(record_of(scale="smoke", seed=3), fresh).write_text("{")
    code, out, err = cli("verify", "--fresh", fresh)
    assert code == 2
    assert "seed1.json cannot be read" in err
    assert "seed3.json cannot be read" in out


@pytest.mark.parametrize("table", [claims, published])
def test_a_table_that_labels_cannot_come_from_is_named(results, monkeypatch, table):
    def fail():
        raise InputError("table.csv, line 3: headline is 'maybe', write yes or no")

    monkeypatch.setattr(table, "read", fail)
    assert only(verify.problems(), "table.csv, line 3: headline is 'maybe'")


def test_a_deviation_of_an_unknown_kind_is_named_with_its_record(results, record_of):
    deviations = [{"kind": "mood", "text": "it was raining", "less": False}]
    path = records.write(record_of(system="Norm", deviations=deviations), paths.results())
    assert only(verify.problems(), path, "a deviation is of kind 'mood'")


def test_the_suites_pages_and_claims_need_no_records(monkeypatch, tmp_path):
    """What is wrong with them is named here; the committed records are for `make verify`."""
    monkeypatch.setattr(verify, "PAGES", PAGES)
    assert verify.problems(tmp_path) == []


def smoke(root, record_of, values, **changes):
    for seed, value in enumerate(values):
        records.write(record_of(scale="smoke", seed=seed, metrics={"accuracy/all": value}, **changes), root)
    return root


def test_drift_within_the_spread_over_seeds_passes(toy, record_of, tmp_path):
    committed = smoke(paths.results(), record_of, [60.0, 64.0, 68.0])  # mean 64, deviation 4: 48 to 80
    for value, drifts in ((64.0, 0), (79.9, 0), (48.1, 0), (80.1, 1), (47.9, 1), (5.0, 1)):
        fresh = smoke(tmp_path / str(value), record_of, [value])
        assert len(verify.drift(fresh)) == drifts, value
    assert committed.is_dir()


def test_drift_of_seeds_that_agree_by_chance_has_a_floor(toy, record_of, tmp_path):
    smoke(paths.results(), record_of, [60.0, 60.0, 60.0])
    for value, drifts in ((69.9, 0), (50.1, 0), (70.1, 1), (49.9, 1)):
        assert len(verify.drift(smoke(tmp_path / str(value), record_of, [value]))) == drifts, value


def test_drift_within_what_so_few_questions_can_tell_passes(toy, record_of, tmp_path):
    """Two questions right or wrong: other rounding on another machine moves the figure by fifty points."""
    for seed in range(3):
        few = record_of(scale="smoke", seed=seed, metrics={"accuracy/all": 0.0}, errors={"accuracy/all": 20.0})
        records.write(few, paths.results())
    for value, drifts in ((50.0, 0), (79.9, 0), (80.1, 1)):
        assert len(verify.drift(smoke(tmp_path / str(value), record_of, [value]))) == drifts, value


def test_a_fresh_run_of_any_seed_is_held_against_the_committed_ones(toy, record_of, tmp_path):
    smoke(paths.results(), record_of, [60.0, 60.0, 60.0])
    for value, drifts in ((60.0, 0), (90.0, 1)):
        root = tmp_path / str(value)
        records.write(record_of(scale="smoke", seed=7, metrics={"accuracy/all": value}), root)
        assert len(verify.drift(root)) == drifts, "no verdict counts seed 7, but a page may be executed with it"


@pytest.mark.parametrize("size", [1e-5, 2.0, 300.0])
def test_drift_of_a_squared_error_is_half_of_it_whatever_its_size(toy, record_of, tmp_path, size):
    records.write(record_of(scale="smoke", metrics={"mse/step_1": size}), paths.results())
    for share, drifts in ((1.0, 0), (1.49, 0), (0.51, 0), (1.51, 1), (0.49, 1), (100.0, 1)):
        fresh = tmp_path / str(share)
        records.write(record_of(scale="smoke", metrics={"mse/step_1": share * size}), fresh)
        assert len(verify.drift(fresh)) == drifts, share
    (one,) = verify.drift(fresh)
    assert (one.row, one.metric) == ("toy/Net", "mse/step_1")


def test_drift_of_a_squared_error_within_the_spread_over_seeds_passes(toy, record_of, tmp_path):
    """A mean of 3 and a deviation of 1: 0 to 7 with four deviations, where half the error is 1.5 to 4.5."""
    for seed, value in enumerate((2.0, 3.0, 4.0)):
        records.write(record_of(scale="smoke", seed=seed, metrics={"mse/step_1": value}), paths.results())
    for value, drifts in ((6.9, 0), (0.1, 0), (7.1, 1)):
        records.write(record_of(scale="smoke", metrics={"mse/step_1": value}), tmp_path / str(value))
        assert len(verify.drift(tmp_path / str(value))) == drifts, value


@pytest.mark.parametrize(
    ("metric", "committed", "within", "beyond"),
    [
        ("score", -725.0, -734.9, -735.1),  # of validation, which is of no kind that is printed
        ("tasks_passed", 11.0, 1.1, 0.9),
        ("error/all", 50.0, 59.9, 60.1),
        ("proposal/speedup", 4.0, 2.1, 1.9),
        ("difference/largest", 1e-12, 9e-6, 2e-5),
    ],
)
def test_drift_is_that_of_the_kind_of_a_metric(toy, record_of, tmp_path, metric, committed, within, beyond):
    records.write(record_of(scale="smoke", metrics={metric: committed}), paths.results())
    for value, drifts in ((committed, 0), (within, 0), (beyond, 1)):
        fresh = tmp_path / str(value)
        records.write(record_of(scale="smoke", metrics={metric: value}), fresh)
        assert len(verify.drift(fresh)) == drifts, value


def test_the_committed_records_have_not_drifted_from_themselves():
    assert verify.drift(paths.ROOT / "results", paths.ROOT / "results") == []


def test_a_loss_that_did_not_come_down_is_drift_though_accuracies_are_at_chance(toy, record_of, tmp_path):
    def ended(loss):
        return {
            "curve": [{"step": 10, "loss": 9.0, "accuracy/all": 5.0}, {"step": 20, "loss": loss, "accuracy/all": 5.0}]
        }

    smoke(paths.results(), record_of, [5.0, 5.0, 5.0], **ended(2.0))
    for loss, drifts in ((2.0, 0), (2.19, 0), (1.81, 0), (2.21, 1), (3.4, 1)):
        fresh = smoke(tmp_path / str(loss), record_of, [5.0], **ended(loss))
        assert len(verify.drift(fresh)) == drifts, loss
    assert verify.drift(fresh) == [verify.Drift("toy/Net", "training loss", "2 ± 0.2", "3.4")]


def test_drift_sees_what_is_not_there(toy, record_of, tmp_path, cli):
    smoke(paths.results(), record_of, [60.0])
    missing = tmp_path / "missing"
    records.write(record_of(scale="smoke", metrics={"error/all": 40.0}), missing)
    (one,) = verify.drift(missing)
    assert (one.row, one.metric, one.fresh) == ("toy/Net", "accuracy/all", "missing")
    other = smoke(tmp_path / "other", record_of, [60.0], system="Norm")
    gone, new = verify.drift(other)
    assert gone == verify.Drift("toy/Net", "all", "there", "no record")
    assert (new.row, new.fresh) == ("toy/Norm", "there")
    assert new.committed.startswith("no record: run reprolib run toy")
    with pytest.raises(InputError, match=r"nowhere is no folder of fresh records"):
        verify.drift(tmp_path / "nowhere")


def test_a_real_execution_does_not_drift_but_another_model_does(done, request_of, tmp_path, cli):
    for seed in (0, 1, 2):
        done("Net", seed=seed)
    fresh = tmp_path / "fresh"
    shutil.copytree(paths.results(), fresh)
    assert cli("verify", "--fresh", fresh)[0] == 0
    (path,) = fresh.rglob("*seed1.json")
    record = records.read(path)
    records.write(dataclasses.replace(record, metrics=dict.fromkeys(record.metrics, 0.0)), fresh)
    code, out, err = cli("verify", "--fresh", fresh)
    assert code == 2
    head, _, *rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in out.splitlines()]
    assert head == ["row", "metric", "committed", "fresh"]
    assert [(row[0], row[1], row[3]) for row in rows] == [("toy/Net", name, "0") for name in record.metrics]
    assert f"{len(rows)} problems in {paths.results()}" in err
    assert json.loads(path.read_text())["seed"] == 1
