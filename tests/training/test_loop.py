"""The training loop: that it learns, what its options mean, that a run can stop anywhere and go on as if it had not."""

import contextlib
import dataclasses
import itertools
import math
import signal
import statistics
import threading
import time
from contextlib import nullcontext

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from reprolib import devices, paths
from reprolib.data.split import Split, shuffled
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.evidence.metrics import Figure
from reprolib.running import runs
from reprolib.settings.recipe import Training, learning_rate
from reprolib.training import parallel
from reprolib.training.learner import Learner
from reprolib.training.loop import OutOfTimeError, fit

STEPS = Training(steps=60, batch=16, rate=1e-2, evaluate_every=10)


def changed(**changes):
    return dataclasses.replace(STEPS, **changes)


@pytest.fixture
def task(toy, parts):
    """task(dropout=0.2) -> a model and the arguments of `fit` that go with it."""

    def make(seed=0, score=None, loss=parts.loss, **options):
        config = toy.row("toy/Net").config
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, **options))
        data = parts.source.load(config.data, "generated")
        torch.manual_seed(seed)
        model = parts.code.build(config, data)
        validate = score or (lambda model: parts.code.evaluate(model, data.splits["valid"]))
        return model, Learner(loss), data.splits["train"], validate, parts.select

    return make


def train(task, training, seed=0, **options):
    """The model and what its training gave."""
    model, *rest = task
    return model, fit(model, *rest, training, seed=seed, identity="toy", **options)


def same(model, other):
    """Whether two models agree bit by bit."""
    return all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.fixture
def numbered(task):
    """A task whose examples have numbers and are easy where the number is divisible by three, and the batches seen."""
    model, _, data, *rest = task()
    number, seen = torch.arange(len(data)), []

    def spying(model, batch):
        seen.append(batch["number"])
        return model.unused.sum()

    return (model, Learner(spying), Split(data.columns | {"number": number, "easy": number % 3 == 0}), *rest), seen


@pytest.fixture
def double():
    """Tensors are of float64 by default."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def scores(*values):
    """A validation that gives these scores in turn, then the last one for ever."""
    left = list(values)
    return lambda model: {"accuracy/all": left.pop(0) if len(left) > 1 else left[0]}


def test_a_small_set_is_learnt_by_heart(task):
    model, learner, data, _, select = task(dropout=0.0)
    few = Split({name: column[:12] for name, column in data.columns.items()})
    right = lambda model: {select: (model(few.columns).argmax(1) == few.columns["answers"]).double().mean().item()}  # noqa: E731
    outcome = fit(model, learner, few, right, select, changed(steps=300, evaluate_every=50), seed=0, identity="toy")
    assert right(model)[select] == 1.0
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"] / 10


def test_learning_rate_in_closed_form():
    constant = Training(steps=100, rate=0.5)
    assert {learning_rate(constant, step) for step in range(100)} == {0.5}
    warm = Training(steps=100, rate=0.5, warmup=10)
    assert [learning_rate(warm, step) for step in (0, 4, 9, 10, 99)] == pytest.approx([0.05, 0.25, 0.5, 0.5, 0.5])
    cosine = Training(steps=100, rate=0.5, schedule="cosine")
    halving = Training(steps=100, rate=0.5, schedule="halving")
    assert [learning_rate(halving, step) for step in (0, 39, 40, 79, 80, 99)] == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    doubling = Training(steps=350, rate=1.0, schedule="doubling")
    rates = [learning_rate(doubling, step) for step in (0, 19, 20, 119, 120, 139, 140, 349)]
    assert rates == pytest.approx([0.01, 0.01, 0.02, 0.32, 0.64, 0.64, 1.0, 1.0])
    assert [learning_rate(cosine, step) for step in (0, 50, 100)] == pytest.approx([0.5, 0.25, 0.0])
    both = Training(steps=100, rate=0.5, schedule="cosine", warmup=10)
    assert learning_rate(both, 4) == pytest.approx(0.25 * (1 + math.cos(0.04 * math.pi)) / 2)


def test_the_optimiser_gets_the_scheduled_rate(task):
    """Plain gradient descent on loss = sum of the weights moves every weight by the sum of the rates."""
    model, _, *rest = task()
    before = model.unused.detach().clone()
    training = changed(optimiser="sgd", steps=20, schedule="cosine", warmup=5)
    train((model, Learner(lambda model, batch: model.unused.sum()), *rest), training)
    total = sum(learning_rate(training, step) for step in range(10))  # the first validation is never beaten, so kept
    assert torch.allclose(before - model.unused, torch.tensor(total))


def test_clipping_bounds_the_gradient(task):
    """With a clip of c, gradient descent moves by rate x c at every step in which the gradient is longer."""
    model, _, *rest = task()
    before = model.unused.detach().clone()
    training = changed(optimiser="sgd", steps=10, clip=0.3)
    train((model, Learner(lambda model, batch: 1000 * model.unused.sum()), *rest), training)
    assert (before - model.unused).norm().item() == pytest.approx(10 * training.rate * 0.3, rel=1e-4)


def test_weight_decay_shrinks_what_nothing_pulls_on(task):
    still = lambda model, batch: 0 * model.unused.sum()  # noqa: E731
    model, _ = train(task(loss=still), changed(optimiser="adamw", steps=10, weight_decay=0.5))
    assert torch.allclose(model.unused, torch.full((2,), (1 - 1e-2 * 0.5) ** 10))


def test_patience_stops_and_the_best_weights_come_back(task):
    """Scores 1 3 2 2: the best is the second, and two worse validations exhaust a patience of 2."""
    model, outcome = train(task(score=scores(1.0, 3.0, 2.0)), changed(patience=2))
    assert (outcome.best_step, outcome.steps) == (20, 40)
    assert [entry["step"] for entry in outcome.history] == [10, 20, 30, 40]
    short, until = train(task(score=scores(1.0, 3.0)), changed(steps=20))
    assert until.best_step == 20
    assert same(model, short)
    _, whole = train(task(score=scores(1.0, 3.0, 2.0)), changed(patience=5))
    assert whole.steps == 60


def test_a_tie_keeps_the_earlier_weights(task):
    _, outcome = train(task(score=scores(2.0)), STEPS)
    assert outcome.best_step == 10


def test_a_loss_that_is_not_finite_ends_in_a_sentence(task, tmp_path):
    bad = lambda model, batch: model.unused.sum() * math.nan  # noqa: E731
    with pytest.raises(InputError, match=r"the loss is nan at step 10: lower train\.rate"):
        train(task(loss=bad), STEPS, checkpoint=tmp_path / "state.pt")
    assert not (tmp_path / "state.pt").exists()
    with pytest.raises(InputError, match="accuracy/all is nan at step 10"):
        train(task(score=scores(math.nan)), STEPS)


def test_bf16_stays_close_to_fp32(task, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    _, single = train(task(dropout=0.0), STEPS)
    model, half = train(task(dropout=0.0), changed(precision="bf16"))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    losses = [[entry["loss"] for entry in outcome.history] for outcome in (single, half)]
    assert losses[0] != losses[1], "bf16 changed nothing"
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_a_processor_without_instructions_for_bf16_trains_in_fp32(task, monkeypatch):
    for check in devices.HALF_ON_A_PROCESSOR:
        monkeypatch.setattr(torch.cpu, check, lambda: False)
    (single, _), (other, _) = (train(task(), changed(precision=name)) for name in ("fp32", "bf16"))
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in single.state_dict().items())


def test_tf32_is_for_training_steps_alone(task, monkeypatch):
    monkeypatch.setattr(devices, "precision", lambda asked, device: asked)  # as on an accelerator
    seen = {"step": set(), "validation": set()}

    def noted(kind, function):
        def call(*arguments):
            seen[kind].add(torch.backends.cuda.matmul.fp32_precision)
            return function(*arguments)

        return call

    model, learner, data, validate, select = task()
    noting = Learner(noted("step", learner.loss))
    train((model, noting, data, noted("validation", validate), select), changed(precision="tf32"))
    assert seen["step"] == {"tf32"}
    assert "tf32" not in seen["validation"]


def test_an_epoch_visits_every_example_once_in_an_order_of_its_own(numbered):
    task, seen = numbered
    train(task, changed(steps=18))  # 6 steps of 16 make an epoch of 96
    epochs = torch.cat(seen).view(3, 96)
    assert all(epoch.sort().values.equal(torch.arange(96)) for epoch in epochs)
    assert not epochs[0].equal(epochs[1])
    first = list(seen)
    seen.clear()
    train(task, changed(steps=6), seed=1)
    assert not torch.cat(seen).equal(torch.cat(first)[:96]), "the order does not depend on the seed"


def test_without_shuffling_every_epoch_has_the_data_s_own_order(numbered):
    task, seen = numbered
    train(task, changed(steps=12, shuffle=False))
    assert torch.cat(seen).equal(torch.arange(96).repeat(2))


def test_easy_examples_come_first_and_then_all(numbered):
    task, seen = numbered
    train(task, changed(steps=4 + 6, easy_first=4))  # 32 of 96 are easy: two epochs of 2 batches, then one of 6
    easy, everything = torch.cat(seen[:4]).view(2, 32), torch.cat(seen[4:])
    assert all(epoch.sort().values.equal(torch.arange(0, 96, 3)) for epoch in easy)
    assert not easy[0].equal(easy[1])
    assert everything.sort().values.equal(torch.arange(96))


def test_a_lesson_that_was_cut_off_goes_on(numbered, tmp_path):
    task, seen = numbered
    training = changed(steps=10, easy_first=5, evaluate_every=1)
    train(task, training)
    through = list(seen)
    seen.clear()
    for stop in range(10):
        options = {"checkpoint": tmp_path / "run.pt", "resume": stop > 0}
        with pytest.raises(OutOfTimeError) if stop < 9 else nullcontext():
            train(task, training, deadline=time.monotonic(), **options)
    assert torch.stack(seen).equal(torch.stack(through))


def test_data_that_name_no_easy_example_are_refused(task):
    with pytest.raises(InputError, match=r"train\.easy_first"):
        train(task(), changed(easy_first=5))


def test_the_curve_keeps_what_is_watched(task):
    watched = {"accuracy/all": 1.0, "other": 2.0, "another": 3.0}
    _, outcome = train(task(score=lambda _: watched), changed(steps=20), watch=("other", "missing"))
    assert [set(point) for point in outcome.history] == [{"step", "loss", "accuracy/all", "other"}] * 2


@pytest.mark.parametrize("steps", [20, 23, 26, 7])
def test_a_point_of_the_curve_is_the_mean_loss_since_the_last_validation(task, steps):
    """The loss of step n is n. A last window of fewer steps is divided by these, not by evaluate_every."""
    model, _, *rest = task()
    number = itertools.count(1)
    counting = lambda model, batch: 0 * model.unused.sum() + next(number)  # noqa: E731
    _, outcome = train((model, Learner(counting), *rest), changed(steps=steps))
    ends = [*range(10, steps, 10), steps]
    windows = [range(start + 1, end + 1) for start, end in itertools.pairwise([0, *ends])]
    assert [point["step"] for point in outcome.history] == ends
    assert [point["loss"] for point in outcome.history] == pytest.approx([statistics.fmean(w) for w in windows])


def test_no_order_of_the_examples_comes_twice_in_any_epoch_of_any_seed(numbered):
    task, seen = numbered
    for seed in range(4):
        train(task, changed(steps=150, batch=96, evaluate_every=150), seed=seed)  # a step is an epoch
    assert len({tuple(order.tolist()) for order in seen}) == 4 * 150


def test_blocks_stay_together():
    order = shuffled(103, 10, torch.Generator().manual_seed(0))
    blocks = order.view(10, 10)  # the last three examples are no whole block
    assert (blocks - blocks[:, :1]).equal(torch.arange(10).expand(10, 10))
    assert blocks[:, 0].sort().values.equal(torch.arange(0, 100, 10))
    assert not blocks[:, 0].equal(torch.arange(0, 100, 10))
    assert shuffled(7, 1, torch.Generator().manual_seed(0)).sort().values.equal(torch.arange(7))


def test_a_batch_of_blocks_holds_whole_blocks(numbered):
    task, seen = numbered
    train(task, changed(steps=40, batch=40, block=20))  # 96 examples: 4 blocks and a rest
    assert all((batch.view(2, 20)[:, 0] % 20 == 0).all() for batch in seen)
    assert all(len(batch) == 40 for batch in seen)


def test_a_set_smaller_than_a_batch_is_the_batch(task):
    _, outcome = train(task(), changed(steps=10, batch=4096))
    assert outcome.samples_per_second == pytest.approx(10 * 96 / outcome.seconds)


def test_the_seed_decides(task):
    first, _ = train(task(seed=1), STEPS, seed=1)
    again, _ = train(task(seed=1), STEPS, seed=1)
    other, _ = train(task(seed=1), STEPS, seed=2)
    assert same(first, again)
    assert not same(first, other)


def test_no_steps_leave_the_model_alone(task):
    model, outcome = train(task(), changed(steps=0))
    torch.manual_seed(0)
    untouched, *_ = task()
    assert same(model, untouched)
    assert (outcome.steps, outcome.history, outcome.samples_per_second) == (0, [], None)
    assert outcome.seconds == outcome.processor_seconds == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("steps", -1),
        ("batch", 0),
        ("block", 0),
        ("block", 7),
        ("rate", 0.0),
        ("rate", math.inf),
        ("rate", math.nan),
        ("schedule", "linear"),
        ("warmup", -1),
        ("easy_first", -1),
        ("optimiser", "lion"),
        ("weight_decay", -0.1),
        ("clip", 0.0),
        ("evaluate_every", 0),
        ("patience", 0),
        ("precision", "fp16"),
        ("average", 1.0),
    ],
)
def test_settings_that_mean_nothing_are_refused(setting, value):
    with pytest.raises(InputError, match=rf"train\.{setting}"):
        Training(**({"steps": 10, "batch": 64} | {setting: value}))


@pytest.mark.parametrize("settings", [{"optimiser": "adam"}, {"optimiser": "muon"}, {"average": 0.9}], ids=str)
def test_a_deadline_stops_with_a_checkpoint_from_which_training_goes_on(task, tmp_path, settings):
    """Dropout, a schedule, six epochs of order: cut off at every validation, the weights are the same bits."""
    training = changed(schedule="cosine", warmup=7, clip=1.0, **settings)
    place = tmp_path / "state.pt"
    whole, expected = train(task(), training, seed=3)
    for step in (10, 20, 30, 40, 50):
        again = task(seed=step - 10)  # initial weights must not matter once there is a checkpoint
        with pytest.raises(OutOfTimeError, match=f"step {step} of 60"):
            train(again, training, seed=3, checkpoint=place, resume=step > 10, deadline=time.monotonic())
    model, outcome = train(task(seed=9), training, seed=3, checkpoint=place, resume=True, deadline=time.monotonic())
    assert same(model, whole)
    assert outcome.history == expected.history
    assert (outcome.best_step, outcome.steps) == (expected.best_step, expected.steps)
    assert outcome.seconds > 0


def test_averaged_weights_are_validated_and_kept_and_training_goes_on_without_them(task):
    """Every validation sees the mean of the weights so far; those of the steps are what they are without a mean."""
    plain, seen = [], []

    def watched(weights):
        def score(model):
            weights.append(model.state_dict()["net.0.weight"].clone())
            return {"accuracy/all": float(len(weights))}

        return score

    train(task(score=watched(plain)), changed(evaluate_every=1))
    model, _ = train(task(score=watched(seen)), changed(evaluate_every=1, average=0.5))
    mean = task()[0].state_dict()["net.0.weight"]
    for step, (weight, averaged) in enumerate(zip(plain, seen, strict=True)):
        decay = min(0.5, (1 + step) / (10 + step))
        mean = decay * mean + (1 - decay) * weight
        torch.testing.assert_close(averaged, mean)
    assert torch.equal(model.state_dict()["net.0.weight"], seen[-1])


def test_the_time_of_earlier_sessions_counts(task, tmp_path):
    place = tmp_path / "state.pt"
    with pytest.raises(OutOfTimeError):
        train(task(), STEPS, checkpoint=place, deadline=0.0)
    content = torch.load(place)
    content["state"] |= {"seconds": 1000.0, "processor_seconds": 3000.0}
    torch.save(content, place)
    outcome = train(task(), STEPS, checkpoint=place, resume=True)[1]
    assert 1000 < outcome.seconds < 3000 < outcome.processor_seconds


def test_a_checkpoint_from_before_processor_time_was_kept_goes_on(task, tmp_path):
    place = tmp_path / "state.pt"
    with pytest.raises(OutOfTimeError):
        train(task(), STEPS, checkpoint=place, deadline=0.0)
    content = torch.load(place)
    del content["state"]["processor_seconds"]
    torch.save(content, place)
    assert train(task(), STEPS, checkpoint=place, resume=True)[1].processor_seconds > 0


def test_the_processor_time_is_of_all_threads(task):
    """Half a second that a second thread is at work, while the first one waits for it."""

    def work(seconds):
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    def busy(model, batch):
        thread = threading.Thread(target=work, args=(0.05,))
        thread.start()
        thread.join()
        return model.unused.sum()

    assert train(task(loss=busy), changed(steps=10))[1].processor_seconds > 0.5


def test_a_checkpoint_holds_plain_numbers(task, tmp_path):
    """Figures that know their error would not be loaded again, since loading runs no code of ours."""
    place = tmp_path / "state.pt"
    figures = {"accuracy/all": Figure(50.0, 6.0), "other": Figure(2.0, 0.5)}
    options = {"checkpoint": place, "watch": ("other",)}
    with pytest.raises(OutOfTimeError):
        train(task(score=lambda _: figures), STEPS, deadline=0.0, **options)
    state = torch.load(place, weights_only=True)["state"]
    numbers = [value for name, value in state.items() if name != "history"]
    numbers += [value for entry in state["history"] for value in entry.values()]
    assert {type(value) for value in numbers} == {int, float}
    assert [(entry["accuracy/all"], entry["other"]) for entry in state["history"]] == [(50.0, 2.0)]
    _, outcome = train(task(score=lambda _: figures), STEPS, resume=True, **options)
    assert len(outcome.history) == 6
    assert {type(value) for entry in outcome.history for value in entry.values()} == {int, float}


def test_without_resume_a_checkpoint_is_ignored(task, tmp_path):
    place = tmp_path / "state.pt"
    with pytest.raises(OutOfTimeError):
        train(task(), STEPS, checkpoint=place, deadline=0.0)
    _, outcome = train(task(), STEPS, checkpoint=place)
    assert len(outcome.history) == 6


def test_resume_without_a_checkpoint_starts_afresh(task, tmp_path):
    model, _ = train(task(), STEPS, checkpoint=tmp_path / "none.pt", resume=True)
    assert same(model, train(task(), STEPS)[0])


def test_a_wrong_checkpoint_is_refused(task, tmp_path):
    place = tmp_path / "state.pt"
    with pytest.raises(OutOfTimeError):
        train(task(), STEPS, checkpoint=place, deadline=0.0)
    model, *rest = task()
    resume = {"seed": 0, "checkpoint": place, "resume": True}
    with pytest.raises(InputError, match=r"state\.pt belongs to another configuration"):
        fit(model, *rest, STEPS, identity="another", **resume)
    whole = place.read_bytes()
    other = tmp_path / "other.pt"
    torch.save({"weights": torch.zeros(3)}, other)
    for content in (whole[: len(whole) // 2], b"", b"garbage" * 100, other.read_bytes()):
        place.write_bytes(content)
        with pytest.raises(InputError, match=r"state\.pt is no checkpoint that can be read \(\w+\): delete it$"):
            fit(model, *rest, STEPS, identity="toy", **resume)
    place.write_bytes(whole)
    wider, *rest = task(hidden=(17,))
    with pytest.raises(InputError, match="no checkpoint that can be read"):
        fit(wider, *rest, STEPS, identity="toy", **resume)


def test_kill_9_then_resume_gives_the_same_bits(process, request_of, toy, monkeypatch, capsys):
    """The 35th of 60 steps kills the process; the checkpoint of step 30 is what is left of it."""
    monkeypatch.setitem(vars(toy.row("toy/Net").method), "weights", "float32")  # compare all bits
    killed = process("run", "toy", "--row", "toy/Net", "--scale", "small", TOY_SIGNAL=f"{signal.SIGKILL:d}@35")
    assert killed.returncode == -signal.SIGKILL
    assert list(paths.results().rglob("*.*")) == []
    (checkpoint,) = paths.CHECKPOINTS.rglob("*.pt")
    assert torch.load(checkpoint)["state"]["step"] == 30
    request = request_of("Net", "small")
    resumed = runs.run(request, device="cpu", resume=True)
    assert "goes on from step 30 of 60" in capsys.readouterr().err
    assert not checkpoint.exists()
    whole = runs.run(request, device="cpu", root=paths.results() / "again", resume=True)
    assert "goes on" not in capsys.readouterr().err, "there is no checkpoint any more"
    moving = {"seconds", "processor_seconds", "samples_per_second", "peak_memory", "started", "digest"}
    first, second = (dataclasses.asdict(record) for record in (resumed, whole))
    assert {key: first[key] for key in first.keys() - moving} == {key: second[key] for key in second.keys() - moving}
    assert first["weights"]["dtype"] == "float32"
    assert [entry["step"] for entry in whole.curve] == [10, 20, 30, 40, 50, 60]


@pytest.mark.parametrize("workers", [3, 5])
def test_a_batch_that_workers_cannot_share_is_refused(task, monkeypatch, workers):
    monkeypatch.setenv("WORLD_SIZE", str(workers))
    with pytest.raises(
        InputError, match=f"a batch of 16 cannot be shared by {workers} workers: .* multiple of {workers}"
    ):
        train(task(), STEPS)


def test_workers_get_whole_blocks(task, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match=r"a batch of 24 cannot be shared by 2 workers: .* multiple of 16"):
        train(task(), changed(batch=24, block=8))


@pytest.fixture
def apart(monkeypatch):
    """Workers that exchange nothing, so that one can be run after the other: apart(rank, workers) makes us one."""
    stubs = {"mean": lambda tensor: tensor, "decided": lambda value, _: value}
    for name, stub in ({"join": lambda *_: None, "average_gradients": lambda _: None} | stubs).items():
        monkeypatch.setattr(parallel, name, stub)

    def become(rank, workers):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(workers))

    return become


def test_workers_share_every_batch_and_draw_masks_of_their_own(task, apart, tmp_path):
    def worker(rank, workers):
        apart(rank, workers)
        model, _, data, *rest = task()
        data, numbers, draws = Split(data.columns | {"number": torch.arange(len(data))}), [], []

        def spying(model, batch):
            numbers.append(batch["number"])
            draws.append(torch.rand(1).item())
            return model.unused.sum()

        place = tmp_path / f"{rank} of {workers}.pt"
        train((model, Learner(spying), data, *rest), changed(steps=20), checkpoint=place)
        return torch.stack(numbers), draws, place.exists()

    alone, first, second = worker(0, 1), worker(0, 2), worker(1, 2)
    assert torch.cat([first[0], second[0]], dim=1).equal(alone[0])
    assert first[1] == alone[1]
    assert not set(first[1]) & set(second[1])
    assert (alone[2], first[2], second[2]) == (True, True, False), "only the first worker writes"


def test_no_worker_draws_a_mask_twice_or_one_of_another(task, apart):
    """Also not after a validation, which parts the further workers anew, and not from seed to seed."""
    draws = []

    def spying(model, batch):
        draws.append(torch.rand(1, dtype=torch.float64).item())
        return model.unused.sum()

    for seed, rank in itertools.product(range(2), range(3)):
        apart(rank, 3)
        model, _, *rest = task(seed)
        train((model, Learner(spying), *rest), changed(steps=20, batch=24, evaluate_every=5), seed=seed)
    assert len(draws) == len(set(draws)) == 2 * 3 * 20


def test_workers_that_resume_draw_the_masks_that_they_would_have_drawn(task, apart, tmp_path):
    place, steps = tmp_path / "state.pt", changed(steps=20, evaluate_every=5)

    def draws(rank, **options):
        apart(rank, 2)
        model, _, *rest = task()
        found = []

        def spying(model, batch):
            found.append(torch.rand(1).item())
            return model.unused.sum()

        with contextlib.suppress(OutOfTimeError):
            train((model, Learner(spying), *rest), steps, **options)
        return found

    whole = [draws(rank) for rank in range(2)]
    assert len(draws(0, checkpoint=place, deadline=0.0)) == 5
    for rank in range(2):
        assert draws(rank, checkpoint=place, resume=True) == whole[rank][5:]
        if not rank:
            draws(0, checkpoint=place, deadline=0.0)  # the first worker has written further checkpoints


def test_two_workers_equal_one_at_the_same_total_batch(process, request_of, toy, monkeypatch, double):
    """Batch norm, clipping, a parameter without gradient and a row that trains nothing, in float64, under torchrun."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    two = process("run", "toy", "--row", "*or*", "--scale", "small", launcher=launcher, TOY_DOUBLE="1")
    assert two.returncode == 0, two.stderr
    written = {path.name.split("--generated")[0] for path in paths.results().rglob("*.*")}
    assert written == {"toy--norm", "toy--majority"}
    assert two.stdout.count("toy--norm") == 1, "only the first worker says what was written"
    monkeypatch.setitem(vars(toy.row("toy/Net").method), "weights", "float64")
    request, elsewhere = request_of("Norm", "small"), paths.results() / "one"
    places = request.place(paths.results()), request.place(elsewhere)
    one = runs.run(request, device="cpu", root=elsewhere)
    both = records.read(places[0])
    assert (both.workers, one.workers) == (2, 1)
    assert both.metrics == one.metrics
    pairs = [(entry["loss"], other["loss"]) for entry, other in zip(both.curve, one.curve, strict=True)]
    assert [loss for loss, _ in pairs] == pytest.approx([loss for _, loss in pairs], abs=1e-9)
    ours, theirs = (load_file(place.with_name(r.weights["file"])) for place, r in zip(places, (both, one), strict=True))
    assert all(torch.allclose(ours[name], theirs[name], rtol=0, atol=1e-9) for name in theirs)


def test_batch_norm_of_one_worker_is_left_alone(task):
    model, _ = train(task(norm=True), STEPS)
    assert not any("forward" in vars(module) for module in model.modules())
    assert any(isinstance(module, nn.BatchNorm1d) for module in model.modules())
