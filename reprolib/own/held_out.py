"""How well scenes are predicted that no training saw, along the inferred graph and otherwise; and what that says.

Graphs are those of the first frames. Errors are those of the frames after them, in all that is part of a state.

B and M scenes, H predicted frames, N objects, R seeds, F features of a state, of which the first D are given and the
others changes of these.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reprolib.data.split import Split
from reprolib.evidence.metrics import average
from reprolib.own.graph_methods import GraphMethod

COPY, STRAIGHT, ALONE = "last frame copied", "last change repeated", "no edges"
GRAPH, STRANGERS = "inferred graph", "inferred graph, among strangers"
ONE_STEP, ROLLOUT = "one step", "rollout"
GAIN = 0.95  # of the error without interaction: the graph has to leave less
SURE = 2.0  # standard errors
FEWEST = 5  # held-out scenes, from which anything is concluded

Errors = dict[tuple[str, str], Tensor]  # by system and kind: [M, 1] of one step, [M, H] of a rollout
Ahead = tuple[Tensor, Tensor]  # one step from every true frame, and a rollout from the first: [B, H, N, F] each


@dataclass(frozen=True)
class ErrorLine:
    """A mean squared error of a state, in variances over the training scenes."""

    system: str
    kind: str  # "one step" from a true frame, or a "rollout"
    step: int  # of the rollout
    mse: float
    standard_error: float  # over scenes
    scenes: int


@dataclass(frozen=True)
class Verdict:
    """What the graph does to the errors of held-out scenes."""

    ratios: Mapping[str, float]  # error with it over error without edges, geometric mean over scenes, by kind
    clear: bool | None  # whether objects interact; None: too few scenes to say


@torch.no_grad()
def errors(method: GraphMethod, connected: nn.Module, alone: nn.Module, split: Split, features: int) -> Errors:
    """Squared errors of all systems on every scene, NaN where nobody can be predicted.

    "Among strangers" every object hears, along its own graph, objects of another scene: what the model then predicts
    better is owed to who is heard, and not to how the two models were trained.

    Args:
        features: D.
    """
    strange = {f"strange {name}": split.columns[name].roll(1, 0) for name in _seen(split.columns)}
    batches = Split(split.columns | strange).batches(method.at_once)
    parts = [dict(_errors(method, connected, alone, batch, features)) for batch in batches]
    return {key: torch.cat([part[key] for part in parts]).cpu() for key in parts[0]}


def _seen(columns: Mapping[str, Tensor]) -> list[str]:
    return [name for name in ("trajectories", "present") if name in columns]


def _errors(
    method: GraphMethod, connected: nn.Module, alone: nn.Module, batch: dict[str, Tensor], features: int
) -> Iterator[tuple[tuple[str, str], Tensor]]:
    paths, read = batch["trajectories"], method.size.read
    everybody = torch.ones(paths.shape[:3], dtype=torch.bool, device=paths.device)
    present, strange = batch.get("present", everybody), batch.get("strange present", everybody)
    types = method.probabilities(connected, batch).argmax(-1)  # [B, N, N - 1]
    now, after, here = paths[:, read - 1 : -1], paths[:, read:], present[:, read - 1 : -1]  # [B, H, ...]
    before, there = paths[:, read - 2 : -2], present[:, read - 2 : -2]
    others, with_them = batch["strange trajectories"][:, read - 1 : -1], strange[:, read - 1 : -1]
    predicted = {
        COPY: (now, now[:, :1].expand_as(after)),
        STRAIGHT: _straight(now, before, here & there, features),
        ALONE: _ahead(method, alone, torch.zeros_like(types), now, here),
        GRAPH: _ahead(method, connected, types, now, here),
        STRANGERS: _among(method, connected, types, (now, here), (others, with_them)),
    }
    stayed = present[:, read - 1 :].long().cumprod(1)[:, 1:]
    for system, (near, rolled) in predicted.items():
        yield (system, ONE_STEP), _mean(near, after, here & present[:, read:]).nanmean(1, keepdim=True)
        yield (system, ROLLOUT), _mean(rolled, after, stayed)


def _straight(now: Tensor, before: Tensor, known: Tensor, features: int) -> Ahead:
    """Every feature goes on by its last change, and changes stay as they are; where none is known, a copy."""
    moved = (now - before).where(known[..., None], 0)
    moved[..., features:] = 0
    ahead = torch.arange(1, now.shape[1] + 1, device=now.device)[:, None, None]  # [H, 1, 1]
    return now + moved, now[:, :1] + ahead * moved[:, :1]


def _ahead(method: GraphMethod, model: nn.Module, types: Tensor, now: Tensor, here: Tensor) -> Ahead:
    """Predictions of a model along edges of types [B, N, N - 1], from states [B, H, N, F] of who is here [B, H, N]."""
    steps = now.shape[1]
    along = types.repeat_interleave(steps, 0)  # [B H, N, N - 1]
    near = method.rollout(model, now.flatten(0, 1), along, 1, here.flatten(0, 1)).view_as(now)
    return near, method.rollout(model, now[:, 0], types, steps, here[:, 0])


def _among(
    method: GraphMethod, model: nn.Module, types: Tensor, own: tuple[Tensor, Tensor], others: tuple[Tensor, Tensor]
) -> Ahead:
    """As `_ahead`, each object by itself among those of another scene; both as states and who is here."""
    near, rolled = (torch.empty_like(own[0]) for _ in range(2))
    for number in range(own[0].shape[2]):
        mixed = [part.clone() for part in others]
        for part, mine in zip(mixed, own, strict=True):
            part[:, :, number] = mine[:, :, number]
        one, far = _ahead(method, model, types, *mixed)
        near[:, :, number], rolled[:, :, number] = one[:, :, number], far[:, :, number]
    return near, rolled


def _mean(predicted: Tensor, true: Tensor, counted: Tensor) -> Tensor:
    """Mean squared error of the objects that count [B, H, N] at every step: [B, H, N, F] twice -> [B, H]."""
    squares = (predicted - true).square().mean(-1)  # [B, H, N]
    return (squares * counted).sum(2) / counted.sum(2)


def table(of_seeds: Sequence[Errors]) -> tuple[ErrorLine, ...]:
    """Mean errors over scenes and seeds."""
    lines = []
    for system, kind in of_seeds[0]:
        mean = torch.stack([some[system, kind] for some in of_seeds]).mean(0)  # [M, H]
        for step, of_scenes in enumerate(mean.unbind(1), 1):
            known = of_scenes[of_scenes.isfinite()]
            if len(known):
                figure = average(known)
                lines.append(ErrorLine(system, kind, step, float(figure), figure.error, len(known)))
    return tuple(lines)


def verdict(of_seeds: Sequence[Errors]) -> Verdict:
    """Errors along the graph, held scene by scene against those without edges and against those among strangers.

    Objects interact where, after one step or in a rollout (whose mean over all steps counts), the graph leaves clearly
    less of both: below 95 %, by more than two standard errors over scenes of the mean logarithm over seeds.
    """
    ratios, clear, fewest = {}, False, math.inf
    for kind in (ONE_STEP, ROLLOUT):
        against = {system: _log_ratio(of_seeds, system, kind) for system in (ALONE, STRANGERS)}
        ratios[kind] = math.exp(average(against[ALONE]))
        clear |= all(map(_clearly_less, against.values()))
        fewest = min(fewest, *map(len, against.values()))
    return Verdict(ratios, clear if fewest >= FEWEST else None)


def _log_ratio(of_seeds: Sequence[Errors], system: str, kind: str) -> Tensor:
    """Logarithm of the error along the graph over that of another system, mean over seeds, of scenes that have both."""
    parts = [some[GRAPH, kind].nanmean(1).log() - some[system, kind].nanmean(1).log() for some in of_seeds]
    mean = torch.stack(parts).double().mean(0)
    return mean[mean.isfinite()]


def _clearly_less(logs: Tensor) -> bool:
    figure = average(logs)
    return bool(math.exp(figure) < GAIN and figure < -SURE * figure.error)
