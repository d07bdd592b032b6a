"""How well scenes are predicted that no training saw, with the inferred graph and without; and what that says.

Graphs are those of the first frames, and errors those of the frames after them. M scenes, H predicted frames,
N objects, D features of the user, F of a state, R seeds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reprolib.data.split import Split
from reprolib.evidence.metrics import average
from reprolib.own.graph_methods import GraphMethod

COPY, STRAIGHT, ALONE, GRAPH = "last frame copied", "last change repeated", "no edges", "inferred graph"
ONE_STEP, ROLLOUT = "one step", "rollout"
GAIN = 0.95  # of the error without edges: the graph has to leave less
SURE = 3.0  # standard errors
FEWEST = 5  # held-out scenes, from which anything is concluded

Errors = dict[tuple[str, str], Tensor]  # by system and kind: [M, 1] of one step, [M, H] of a rollout


@dataclass(frozen=True)
class ErrorLine:
    """A mean squared error, in variances of the features over the training scenes."""

    system: str
    kind: str  # "one step" from a true frame, or a "rollout"
    step: int  # of the rollout
    mse: float
    standard_error: float  # over scenes
    scenes: int


@dataclass(frozen=True)
class Verdict:
    """What the graph does to the errors of held-out scenes."""

    ratios: Mapping[str, float]  # error with it over error without, geometric mean over scenes, by kind
    clear: bool | None  # whether one of them is clearly below 1; None: too few scenes to say


@torch.no_grad()
def errors(method: GraphMethod, connected: nn.Module, alone: nn.Module, split: Split, features: int) -> Errors:
    """Squared errors of all systems on every scene, NaN where nobody can be predicted.

    Args:
        features: D, the first of a state, whose errors count.
    """
    parts = [dict(_errors(method, connected, alone, batch, features)) for batch in split.batches(method.at_once)]
    return {key: torch.cat([part[key] for part in parts]).cpu() for key in parts[0]}


def _errors(
    method: GraphMethod, connected: nn.Module, alone: nn.Module, batch: dict[str, Tensor], features: int
) -> Iterator[tuple[tuple[str, str], Tensor]]:
    paths, read = batch["trajectories"], method.size.read
    present = batch.get("present", torch.ones(paths.shape[:3], dtype=torch.bool, device=paths.device))
    found = method.probabilities(connected, batch).argmax(-1)  # [B, N, N - 1]
    now, after, here = paths[:, read - 1 : -1], paths[:, read:], present[:, read - 1 : -1]  # [B, H, ...]
    steps = now.shape[1]
    moved = (now - paths[:, read - 2 : -2]).where((here & present[:, read - 2 : -2])[..., None], 0)

    def one_step(model: nn.Module, types: Tensor) -> Tensor:
        along = types.repeat_interleave(steps, 0)
        return method.rollout(model, now.flatten(0, 1), along, 1, here.flatten(0, 1)).view_as(after)

    def far(model: nn.Module, types: Tensor) -> Tensor:
        return method.rollout(model, now[:, 0], types, steps, here[:, 0])

    ahead = torch.arange(1, steps + 1, device=paths.device)[:, None, None]
    predicted = {
        COPY: (now, now[:, :1].expand_as(after)),
        STRAIGHT: (now + moved, now[:, :1] + ahead * moved[:, :1]),
        ALONE: tuple(predict(alone, torch.zeros_like(found)) for predict in (one_step, far)),
        GRAPH: tuple(predict(connected, found) for predict in (one_step, far)),
    }
    stayed = present[:, read - 1 :].long().cumprod(1)[:, 1:]
    for system, (near, rolled) in predicted.items():
        singly = _mean(near, after, here & present[:, read:], features)  # [B, H]
        yield (system, ONE_STEP), singly.nanmean(1, keepdim=True)
        yield (system, ROLLOUT), _mean(rolled, after, stayed, features)


def _mean(predicted: Tensor, true: Tensor, counted: Tensor, features: int) -> Tensor:
    """Mean squared error of the objects that count [B, H, N] at every step: [B, H, N, F] twice -> [B, H]."""
    squares = (predicted - true)[..., :features].square().mean(-1)  # [B, H, N]
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
    """Errors with and without the graph, compared scene by scene; of a rollout their mean over its steps.

    The graph is clearly better where it leaves less than 95 % of the error, and the mean logarithm over seeds of the
    ratio is more than three standard errors over scenes below 0.
    """
    ratios, clear, fewest = {}, False, math.inf
    for kind in (ONE_STEP, ROLLOUT):
        logs = torch.stack([_log_ratio(some, kind) for some in of_seeds]).mean(0)  # [M]
        logs = logs[logs.isfinite()].double()
        figure, fewest = average(logs), min(fewest, len(logs))
        ratios[kind] = math.exp(figure) if len(logs) else math.nan
        clear |= ratios[kind] < GAIN and figure < -SURE * figure.error
    return Verdict(ratios, clear if fewest >= FEWEST else None)


def _log_ratio(some: Errors, kind: str) -> Tensor:
    """log of the error along the graph over that along no edge, scene by scene: [M]."""
    graph, alone = (some[system, kind].nanmean(1) for system in (GRAPH, ALONE))
    return graph.log() - alone.log()
