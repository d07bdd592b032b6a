"""Training on own tensors: it learns, keeps the best weights, holds out what it says, refuses what makes no sense."""

import pytest
import torch
from torch import nn

from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.own.fitting import fit


def squared(model, batch):
    return nn.functional.mse_loss(model(batch["x"]), batch["y"])


def line(count=40):
    x = torch.linspace(-1, 1, count)[:, None]
    return {"x": x, "y": 3 * x + 1}


def linear():
    torch.manual_seed(0)
    return nn.Linear(1, 1)


def test_a_line_is_fitted():
    model = linear()
    done = fit(model, squared, line(), steps=300, rate=5e-2, batch=36)
    assert model.weight.item() == pytest.approx(3, abs=0.05)
    assert model.bias.item() == pytest.approx(1, abs=0.05)
    assert done.steps == 300
    assert not model.training


def test_the_weights_are_those_of_the_best_score_on_the_held_out_examples():
    """Training pulls away from what is right for `valid`, so that the first validation is the best."""
    model, valid = linear(), {"x": torch.ones(4, 1), "y": linear()(torch.ones(4, 1)).detach()}
    done = fit(model, squared, line(), valid=valid, steps=50, rate=0.1, evaluate_every=10)
    scores = [point["score"] for point in done.history]
    assert done.best_step == 10
    assert scores[0] == max(scores)
    assert float(squared(model, valid)) == pytest.approx(-scores[0], rel=1e-5)


def test_every_tenth_example_is_held_out_and_tables_come_whole():
    seen = []

    def loss(model, batch):
        seen.append((model.training, batch["row"].tolist(), batch["table"].shape))
        return model(batch["table"][batch["row"]]).square().mean()

    data = Split({"row": torch.arange(25)}, {"table": torch.ones(25, 1)})
    fit(linear(), loss, data, steps=1)
    assert {shape for *_, shape in seen} == {(25, 1)}
    (trained,) = [rows for training, rows, _ in seen if training]
    (held,) = [rows for training, rows, _ in seen if not training]
    assert held == [9, 19]
    assert sorted(trained + held) == list(range(25))


def test_the_order_of_examples_is_that_of_the_seed():
    fitted = []
    for seed in (0, 0, 1):
        model = linear()
        fit(model, squared, line(), steps=5, batch=4, seed=seed)
        fitted.append(model.weight.item())
    assert fitted[0] == fitted[1] != fitted[2]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (line(), {"epochs": 3}, "unknown option epochs: choose one of batch, "),
        (line(), {"rate": 0.0}, r"train\.rate is 0\.0: give a number above 0"),
        (
            {**line(), "z": torch.zeros(3)},
            {},
            "as many rows in every tensor, and one or more: x has 40, y has 40, z has",
        ),
        ({**line(), "z": torch.tensor(3)}, {}, r"data\['z'\] is no tensor with a row for every example"),
        ({**line(), "z": [1] * 40}, {}, r"data\['z'\] is no tensor with a row for every example"),
        ({}, {}, "there is no tensor"),
        (line(0), {}, "x has 0"),
        (line(1), {}, "one example, of which none can be held out"),
        (line(), {"valid": line(0)}, "valid needs as many rows"),
    ],
)
def test_what_cannot_be_trained_is_refused(data, options, message):
    with pytest.raises(InputError, match=message):
        fit(linear(), squared, data, steps=2, **options)


@pytest.mark.parametrize(
    "loss", [lambda model, batch: model(batch["x"]), lambda model, batch: 1.0, lambda model, batch: torch.tensor(1.0)]
)
def test_a_loss_is_one_number_that_depends_on_the_weights(loss):
    with pytest.raises(InputError, match="loss must give one number that depends on the weights"):
        fit(linear(), loss, line(), steps=2)
