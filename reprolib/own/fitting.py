"""Training of any model on somebody's own tensors, by the only training loop.

M examples, B of them in a batch.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.settings.recipe import Training
from reprolib.training.learner import Learner, Loss
from reprolib.training.loop import Fit
from reprolib.training.loop import fit as train

Examples = Split | Mapping[str, Tensor]
HELD_OUT = 10  # where no validation is given, every tenth example is held out
VALIDATIONS = 10  # in a training


def fit(
    model: nn.Module,
    loss: Loss,
    data: Examples,
    *,
    steps: int,
    valid: Examples | None = None,
    seed: int = 0,
    **asked: Any,
) -> Fit:
    """Train a model on tensors, and leave the weights in it that did best on held-out examples.

    The model stays on its device, in evaluation mode, and the examples are moved there.

    Args:
        loss: mean loss of a batch, called as loss(model, batch); a batch has tensors [B, ...] by the names of `data`.
        data: tensors by name, [M, ...] each, with a row for every example; or a `Split`, whose tables every batch has
            whole.
        steps: of gradient descent, each on one batch.
        valid: examples that only pick the weights; None: every tenth row of `data`, which is then not trained on.
        seed: of the order of the examples; weights and dropout are drawn by torch's own generator.
        asked: further fields of `Training`, such as batch=64, rate=1e-3, optimiser="adam", schedule="cosine".

    Returns:
        The learning curve, `history`, where "score" is minus the loss on the held-out examples, and what it cost.

    Raises:
        InputError: settings outside their limits, tensors of different lengths, a loss that is no finite number.

    Examples:
        >>> import torch
        >>> from reprolib import RelationNetwork, fit, mlp
        >>> _ = torch.manual_seed(0)
        >>> points = torch.randn(400, 5, 2)  # 400 sets of five points in a plane
        >>> spread = torch.cdist(points, points).mean((1, 2))  # of each set: the mean distance of its pairs
        >>> data = {"points": points, "spread": (spread - spread.mean()) / spread.std()}
        >>> network = RelationNetwork(mlp([4, 32, 32]), mlp([32, 1], last_relu=False))
        >>> def loss(model, batch):
        ...     return torch.nn.functional.mse_loss(model(batch["points"])[:, 0], batch["spread"])
        >>> done = fit(network, loss, data, steps=200, optimiser="muon", rate=1e-2, schedule="cosine")
        >>> done.history[-1]["score"] > -0.05  # of the variance, hardly anything is left on sets that were held out
        True
    """
    training, examples = _training(steps, asked), _split(data, "data")
    examples, held = _apart(examples) if valid is None else (examples, _split(valid, "valid"))
    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    examples, held = examples.to(device), held.to(device)
    learner, validate = Learner(partial(_mean, loss)), partial(_validated, loss, held, training.batch)
    done = train(model, learner, examples, validate, "score", training, seed=seed, identity="")
    model.eval()
    return done


def _training(steps: int, asked: Mapping[str, Any]) -> Training:
    options = [field.name for field in fields(Training) if field.name != "steps"]
    unknown = [name for name in asked if name not in options]
    if unknown:
        raise InputError(f"unknown option {unknown[0]}: choose one of {', '.join(options)}")
    return Training(steps, **{"evaluate_every": max(1, steps // VALIDATIONS)} | dict(asked))


def _split(data: Examples, name: str) -> Split:
    """The examples as a split whose columns are tensors of one length."""
    split = data if isinstance(data, Split) else Split(dict(data))
    odd = [key for key, column in split.columns.items() if not isinstance(column, Tensor) or not column.ndim]
    if odd:
        raise InputError(f"{name}[{odd[0]!r}] is no tensor with a row for every example: make it one")
    lengths = {key: len(column) for key, column in split.columns.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        said = ", ".join(f"{key} has {length}" for key, length in lengths.items()) or "there is no tensor"
        raise InputError(f"{name} needs as many rows in every tensor, and one or more: {said}")
    return split


def _apart(examples: Split) -> tuple[Split, Split]:
    """Two splits: what is trained on, and every tenth row."""
    count = len(examples)
    if count < 2:
        raise InputError("data has one example, of which none can be held out: give more, or name some as valid")
    period = min(HELD_OUT, count)
    held = torch.arange(count) % period == period - 1
    return _rows(examples, ~held), _rows(examples, held)


def _rows(examples: Split, chosen: Tensor) -> Split:
    columns = {name: column[chosen.to(column.device)] for name, column in examples.columns.items()}
    return Split(columns, examples.tables, examples.released_as)


def _mean(loss: Loss, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    found = loss(model, batch)
    if not isinstance(found, Tensor) or found.ndim or not found.requires_grad:
        raise InputError("loss must give one number that depends on the weights: the mean loss of a batch")
    return found


def _validated(loss: Loss, held: Split, size: int, model: nn.Module) -> dict[str, float]:
    """Minus the mean loss of the held-out examples, of which a last batch may have fewer."""
    lengths = [min(size, len(held) - start) for start in range(0, len(held), size)]
    sums = [float(loss(model, batch)) * length for batch, length in zip(held.batches(size), lengths, strict=True)]
    return {"score": -sum(sums) / len(held)}
