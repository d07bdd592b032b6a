"""`reprolib fill`: what is missing, in which order, within which time."""

import dataclasses
import statistics
import threading
import time

import pytest

from reprolib import experiments, paths
from reprolib.contracts import requests
from reprolib.errors import InputError
from reprolib.evidence import claims, published, records
from reprolib.running import fill, runs
from reprolib.training.loop import OutOfTimeError, StaleCheckpointError


def names(requests):
    return [(request.row.system, request.seed) for request in requests]


@pytest.fixture
def claiming(toy, monkeypatch):
    """claiming(("Norm",), ("Net",)) -> the toy's paper has a headline claim on Norm and another claim on Net."""

    def make(headlines, others=()):
        named = [(system, True) for system in headlines] + [(system, False) for system in others]
        found = [
            claims.Claim(system, "toy2017", "Table 1", headline, "It is good.", (f"toy/{system}/accuracy/all",), ())
            for system, headline in named
        ]
        lines = tuple(dataclasses.replace(published.read()[0], system=system) for system, _ in named)
        monkeypatch.setattr(published, "read", lambda: lines)
        monkeypatch.setattr(claims, "read", lambda: tuple(found))

    return make


@pytest.fixture
def ran(monkeypatch):
    """The requests that `fill` ran; each moves the clock by the row's minutes."""
    clock, seen = [0.0], []

    def run(request, *, device, resume, deadline, capture, claim):
        assert resume, "an interrupted run must go on"
        assert not claim, "fill has claimed it"
        clock[0] += 60 * request.row.minutes[request.scale]
        if deadline is not None and clock[0] > deadline:
            raise OutOfTimeError("stopped at step 10 of 20")
        seen.append((request.row.system, request.seed))

    monkeypatch.setattr(fill, "run", run)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return seen


@pytest.mark.parametrize(("text", "expected"), [("90s", 1.5), ("25m", 25), ("2h", 120), ("0.5h", 30), ("0s", 0)])
def test_spans_of_time(text, expected):
    assert fill.minutes(text) == expected


@pytest.mark.parametrize("text", ["25", "m", "-3m", "3 m", "1h30m", "", "infm"])
def test_what_is_no_span_of_time(text):
    with pytest.raises(InputError, match="write 90s, 25m or 2h"):
        fill.minutes(text)


def test_all_seeds_of_what_a_claim_rests_on_come_before_what_is_ours(toy):
    """The toy's claim is that Net is better than Majority, which is not trained; Norm is ours."""
    claimed = [("Net", 0), ("Majority", 0), ("Net", 1), ("Net", 2)]
    assert names(fill.missing("small")) == claimed + [("Norm", seed) for seed in (0, 1, 2)]


def test_headline_claims_come_before_other_claims_and_these_before_what_is_ours(claiming):
    claiming(["Norm"], ["Net"])
    norm, net = ([(system, seed) for seed in (0, 1, 2)] for system in ("Norm", "Net"))
    assert names(fill.missing("small")) == [*norm, *net, ("Majority", 0)]
    claiming(["Majority"], ["Norm", "Majority"])
    assert names(fill.missing("small")) == [("Majority", 0), *norm, *net]


def test_a_row_that_stands_for_another_has_its_turn(toy, claiming, monkeypatch):
    claiming(["Net"])
    norm = dataclasses.replace(toy.row("toy/Norm"), stands_for="Net", headline=False)
    changed = dataclasses.replace(toy, rows=(*toy.rows[:2], norm))
    monkeypatch.setattr(experiments, "every", lambda: [changed])
    pairs = [(system, seed) for seed in (0, 1, 2) for system in ("Net", "Norm")]
    assert names(fill.missing("small")) == [*pairs, ("Majority", 0)]


def test_what_is_not_trained_has_one_seed_but_three_at_smoke_scale(toy):
    for scale, count in (("smoke", 3), ("small", 1), ("paper", 1)):
        seeds = [seed for system, seed in names(fill.missing(scale)) if system == "Majority"]
        assert seeds == list(range(count)), scale


def test_a_seeds_headline_rows_come_first(toy, monkeypatch):
    plain = dataclasses.replace(toy.row("toy/Net"), headline=False)
    first = dataclasses.replace(toy.row("toy/Majority"), headline=True)
    monkeypatch.setattr(experiments, "every", lambda: [dataclasses.replace(toy, rows=(plain, first))])
    assert names(fill.missing("smoke")) == [(system, seed) for seed in (0, 1, 2) for system in ("Majority", "Net")]
    assert names(fill.missing("small"))[:3] == [("Majority", 0), ("Net", 0), ("Net", 1)]


@pytest.fixture
def three(done, monkeypatch):
    """three(1.0) -> Net has three seeds at small scale, on average so many points below the printed figure."""
    found = [done("Net", "small", seed=seed)[0].metrics["accuracy/all"] for seed in (0, 1, 2)]

    def make(below):
        (line, *_) = published.read()
        line = dataclasses.replace(line, value=statistics.fmean(found) + below)
        monkeypatch.setattr(published, "read", lambda: (line,))

    return make


def test_two_more_seeds_where_three_leave_a_claim_unsure(done, three):
    three(0.9)  # a point is close, and a test set of 64 leaves more than a tenth of a point
    done("Majority", "small")
    assert names(fill.missing("small")) == [("Net", 3), ("Net", 4), *[("Norm", seed) for seed in (0, 1, 2)]]
    assert not [seed for system, seed in names(fill.missing("smoke")) if seed > 2], "the doubt is at another scale"
    done("Net", "small", seed=4)
    assert names(fill.missing("small"))[0] == ("Net", 3), "both are added"
    done("Net", "small", seed=3)
    assert {system for system, _ in names(fill.missing("small"))} == {"Norm"}, "no more than two are added"


@pytest.mark.parametrize("below", [-30.0, 30.0])
def test_no_more_seeds_where_three_settle_a_claim(done, three, below):
    three(below)
    done("Majority", "small")
    assert {system for system, _ in names(fill.missing("small"))} == {"Norm"}


def test_no_more_seeds_where_another_row_lacks_its_record(three):
    three(0.9)
    assert names(fill.missing("small")) == [("Majority", 0), *[("Norm", seed) for seed in (0, 1, 2)]]


def test_patterns(toy):
    assert {system for system, _ in names(fill.missing("small", "toy/N*"))} == {"Net", "Norm"}
    assert len(names(fill.missing("smoke", "toy"))) == 9
    assert len(names(fill.missing("small", "toy"))) == 7
    with pytest.raises(InputError, match="--only 'none' fits no row"):
        list(fill.missing("small", "none"))
    with pytest.raises(InputError, match="unknown scale 'huge'"):
        list(fill.missing("huge"))


def test_real_data_are_preferred_where_they_are_but_not_at_smoke_scale(toy, monkeypatch, parts):
    """Smoke records are the baseline of `make book`, which needs no real data."""
    both = parts.of_source(toy, available=lambda settings, kind: None)
    monkeypatch.setattr(experiments, "every", lambda: [both])
    kinds = {scale: {request.kind for request in fill.missing(scale)} for scale in ("smoke", "small", "paper")}
    assert kinds == {"smoke": {"generated"}, "small": {"real"}, "paper": {"real"}}


def test_what_is_there_and_current_is_skipped_and_what_is_not_is_run_again(done, toy, monkeypatch, edited, parts):
    _, path = done("Net", "small")
    done("Majority", "small")
    left = [("Net", 1), ("Net", 2), ("Norm", 0)]
    assert names(fill.missing("small"))[:3] == left
    assert ("Net", 0) in names(fill.missing("smoke")), "a record of another scale was taken"
    whole = path.read_text()
    edited(path, best_step=3)
    assert names(fill.missing("small"))[0] == ("Net", 0), "an invalid record counts"
    path.write_text(whole)
    (weights,) = path.parent.glob("*.safetensors")
    weights.unlink()
    assert names(fill.missing("small"))[0] == ("Net", 0), "a record without its weights counts"
    done("Net", "small")
    assert names(fill.missing("small"))[:3] == left
    stale = dataclasses.replace(toy.row("toy/Net"), scales={"small": {"train.rate": 0.5}})
    changed = dataclasses.replace(toy, rows=(stale, *toy.rows[1:]))
    monkeypatch.setattr(experiments, "every", lambda: [changed])
    assert names(fill.missing("small"))[0] == ("Net", 0), "a stale record counts"
    moved = parts.of_source(toy, identity=lambda settings, kind: "new")
    monkeypatch.setattr(experiments, "every", lambda: [moved])
    assert ("Majority", 0) in names(fill.missing("small")), "a record of other data counts"


def test_without_a_budget_everything_is_run(toy, ran):
    assert len(fill.fill("small", None, say=lambda text: None)) == len(ran) == 7


def test_the_budget_is_respected(toy, ran, claiming):
    """Net and Norm take a minute each, Majority 0.1: what still fits is run, then what does not is begun."""
    claiming(["Net"])
    said = []
    done = fill.fill("small", 2.5, say=said.append)
    assert ran == [("Net", 0), ("Net", 1), ("Majority", 0)]
    assert done == [f"toy toy/{system} seed {seed} (generated)" for system, seed in ran]
    assert said[-1] == "toy toy/Net seed 2 (generated): stopped at step 10 of 20"
    assert fill.fill("small", 0, say=said.append) == []


def test_fills_side_by_side_share_the_rows(toy, monkeypatch):
    """A second one starts within the first run of the first, and does all the rest."""
    started, finished = [], []

    def run(request, **options):
        started.append(request)
        if len(started) == 1:
            assert len(fill.fill("small", None, say=lambda text: None)) == 6
        finished.append(request)

    monkeypatch.setattr(fill, "run", run)
    monkeypatch.setattr(fill, "is_current", lambda request: request in finished)
    assert fill.fill("small", None, say=lambda text: None) == ["toy toy/Net seed 0 (generated)"]
    assert len(started) == len(finished) == 7


def test_a_run_that_fails_leaves_the_others_theirs(toy, monkeypatch, cli):
    finished = []

    def run(request, **options):
        if request.row.system == "Net":
            raise InputError("the loss is nan at step 10: lower train.rate")
        finished.append(request.row.system)

    monkeypatch.setattr(fill, "run", run)
    code, _, err = cli("fill", "--scale", "small")
    assert code == 2
    assert finished == ["Majority"] + ["Norm"] * 3
    assert "toy toy/Net seed 1 (generated): the loss is nan at step 10" in err
    assert err.splitlines()[-1].startswith("reprolib: runs failed, each for the reason given above: toy toy/Net seed 0")


def test_an_empty_budget_is_none(toy, cli):
    code, _, err = cli("fill", "--budget", "")
    assert (code, err) == (2, "reprolib: --budget '' is no span of time: write 90s, 25m or 2h\n")


def test_a_run_that_was_cut_off_goes_on(toy, request_of, cli):
    """Each budget of no time at all but a first step leaves a checkpoint a little further on."""
    request = request_of("Net", "small")
    with pytest.raises(OutOfTimeError):
        runs.run(request, device="cpu", deadline=time.monotonic())
    (checkpoint,) = paths.CHECKPOINTS.rglob("*.pt")
    code, out, err = cli("fill", "--scale", "small", "--only", "toy/Net", "--budget", "10m", "--device", "cpu")
    assert (code, out) == (0, "3 runs finished, 0 are missing\n")
    assert "toy toy/Net seed 0 (generated): about 1 minutes; then 2 more, about 0.0 hours of a core" in err
    assert "toy toy/Net seed 2 (generated): about 1 minutes; the last run" in err
    assert not checkpoint.exists()
    resumed = records.read(request.place(paths.results()))
    whole = runs.run(request, device="cpu", root=paths.results() / "again")
    assert (resumed.curve, resumed.metrics, resumed.weights) == (whole.curve, whole.metrics, whole.weights)
    again = cli("fill", "--scale", "small", "--only", "toy/Net", "--budget", "10m")
    assert again == (0, "0 runs finished, 0 are missing\n", "")


def test_a_run_that_was_cut_off_does_not_go_on_with_other_data(toy, request_of, parts):
    with pytest.raises(OutOfTimeError):
        runs.run(request_of("Net", "small"), device="cpu", deadline=time.monotonic())
    load = parts.source.load
    other = parts.of_source(toy, load=lambda *which: dataclasses.replace(load(*which), hash="other data"))
    with pytest.raises(StaleCheckpointError, match="belongs to another configuration"):
        runs.run(requests.Request(other, other.row("toy/Net"), "small"), device="cpu", resume=True)


def test_a_run_that_was_cut_off_before_its_row_changed_starts_afresh(toy, request_of, monkeypatch):
    with pytest.raises(OutOfTimeError):
        runs.run(request_of("Net", "small"), device="cpu", deadline=time.monotonic())
    today = dataclasses.replace(toy.row("toy/Net"), scales={"small": {"train.steps": 20}})
    changed = dataclasses.replace(toy, rows=(today,))
    monkeypatch.setattr(experiments, "every", lambda: [changed])
    assert len(fill.fill("small", None, device="cpu", say=lambda text: None)) == 3
    request = requests.Request(changed, today, "small")
    assert records.read(request.place(paths.results())).steps == 20
    assert fill.is_current(request)
    assert not list(paths.CHECKPOINTS.rglob("*.pt"))


def test_once_keeps_a_current_record_and_replaces_an_old_one(toy, request_of, edited, monkeypatch):
    request = request_of("Net")
    first = fill.once(request, device="cpu")
    monkeypatch.setattr(fill, "run", lambda *_, **__: pytest.fail("it was run again"))
    kept = fill.once(request, device="cpu")
    assert (kept.started, kept.seconds) == (first.started, first.seconds)
    monkeypatch.setattr(fill, "run", runs.run)
    edited(request.place(paths.results()), config_hash="of another day")
    assert fill.once(request, device="cpu").config_hash == first.config_hash


def test_once_waits_for_the_process_that_is_on_the_run_and_takes_its_record(toy, request_of):
    request, said, taken = request_of("Net"), [], []
    with runs.claimed(request, paths.results()):
        waiting = threading.Thread(target=lambda: taken.append(fill.once(request, said.append, device="cpu")))
        waiting.start()
        made = runs.run(request, device="cpu", claim=False)
        while not said:
            time.sleep(0.01)
    waiting.join()
    assert said == ["toy/Net seed 0 is being run by another process: waiting for its record"]
    assert [(record.started, record.seconds) for record in taken] == [(made.started, made.seconds)]


def test_once_goes_on_from_a_checkpoint_and_is_not_for_workers(toy, request_of, monkeypatch):
    request = request_of("Net", "small")
    with pytest.raises(OutOfTimeError):
        runs.run(request, device="cpu", deadline=0.0)
    resumed = []
    monkeypatch.setattr(fill, "run", lambda *_, resume=False, **__: resumed.append(resume))
    fill.once(request)
    assert resumed == [True]
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="leave it out within torchrun"):
        fill.once(request)
