"""The state of an object that nobody observes, found by what it does to the others (Alet et al. 2019, Fig. 4).

The structure is known, and so are the modules. What is sought is the first state of one object: D numbers a scene. A
guess is followed by the modules, and what it makes of the visible objects is compared with how they truly moved. The
guess then descends along the gradient of that error.

M scenes, T frames, N objects, D features, G guesses a scene.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from reprolib.errors import InputError
from reprolib.models.modular.meta_learning import ModularMetaLearning
from reprolib.models.modular.modules import ModularNetwork
from reprolib.models.precision import at_least_single
from reprolib.settings.recipe import rate_factor
from reprolib.settings.searching import UnseenModel

AT_ONCE = 128  # guesses followed at once: their activations over all frames are kept for the gradient


@dataclass(frozen=True)
class Observed:
    """Scenes with one object that nobody observes: all that is known of them."""

    trajectories: Tensor  # [M, T, N, D], not a number where the object is unseen
    structures: Tensor  # [M, N, N - 1]
    unseen: Tensor  # bool [M, N], true of one object a scene

    def __len__(self) -> int:
        return len(self.unseen)

    def repeated(self, guesses: int) -> "Observed":
        """Every scene so many times in a row: [M G, ...]."""
        return Observed(*(part.repeat_interleave(guesses, 0) for part in vars(self).values()))

    def split(self, size: int) -> "list[Observed]":
        """All scenes in order, `size` at a time."""
        parts = (part.split(size) for part in vars(self).values())
        return [Observed(*some) for some in zip(*parts, strict=True)]


@dataclass(frozen=True)
class Guessed:
    """What was guessed of the unseen object of every scene, and how well it explains the visible ones."""

    states: Tensor  # [M, G, T, D]
    errors: Tensor  # [M, G]: mean squared error of the visible objects


def hide(trajectories: Tensor, structures: Tensor, objects: Tensor) -> Observed:
    """Erase one object of every scene: [M, T, N, D], [M, N, N - 1] and its number [M].

    Raises:
        InputError: scenes of less than two frames, or of one object.
    """
    frames, count = trajectories.shape[1:3]
    if frames < 2 or count < 2:
        raise InputError(f"scenes of {frames} frames and {count} objects show no effect on others: give 2 of each")
    unseen = one_hot(objects, count).bool()
    return Observed(trajectories.masked_fill(unseen[:, None, :, None], torch.nan), structures, unseen)


class UnseenObject(ModularMetaLearning):
    """Modules that are trained on true structures, and the search for an object that nobody observes.

    Args:
        config: its `restart` says after how many frames the visible objects restart from true ones; the unseen object
            goes on from where it was predicted.
    """

    config: UnseenModel

    def guess(self, scenes: Observed, generator: torch.Generator) -> Guessed:
        """Random first states that have descended, each by itself; no restart knows of another."""
        config, features = self.config, scenes.trajectories.shape[-1]
        starts = 2 * torch.rand(len(scenes), config.guesses, features, generator=generator) - 1
        size = max(1, AT_ONCE // config.guesses)
        parts = zip(scenes.split(size), starts.to(scenes.trajectories).split(size), strict=True)
        found = [followed(self.network, some, self.descended(some, first), config.restart) for some, first in parts]
        return Guessed(torch.cat([each.states for each in found]), torch.cat([each.errors for each in found]))

    def descended(self, scenes: Observed, starts: Tensor) -> Tensor:
        """Guesses [M, G, D] after all their gradient steps; the weights are left alone."""
        config, guesses = self.config, starts.clone().requires_grad_()
        optimiser = torch.optim.Adam([guesses])
        for step in range(config.descents):
            optimiser.param_groups[0]["lr"] = config.descent_rate * rate_factor("cosine", step, config.descents)
            missed = predicted(self.network, scenes, guesses, config.restart)[1]
            (guesses.grad,) = torch.autograd.grad(missed.sum(), [guesses])
            optimiser.step()
        return guesses.detach()


@torch.no_grad()
def followed(network: ModularNetwork, scenes: Observed, guesses: Tensor, restart: int) -> Guessed:
    """The states that guesses [M, G, D] lead to, and how well they explain the visible objects.

    Raises:
        InputError: errors that are not finite.
    """
    count = guesses.shape[1]
    frames, errors = predicted(network, scenes, guesses, restart)
    if not errors.isfinite().all():
        raise InputError("the error of a guess is not finite: have the modules diverged? lower train.rate")
    unseen = scenes.unseen.repeat_interleave(count, 0)  # [M G, N]
    after = frames.transpose(1, 2)[unseen].unflatten(0, (-1, count))  # [M, G, T - 1, D]
    return Guessed(torch.cat([guesses[:, :, None], after], 2), errors)


def predicted(network: ModularNetwork, scenes: Observed, guesses: Tensor, restart: int) -> tuple[Tensor, Tensor]:
    """All frames after the first [M G, T - 1, N, D], and the mean squared error of the visible objects [M, G].

    Visible objects restart from a true frame every `restart` frames. What is erased is never read.
    """
    every = scenes.repeated(guesses.shape[1])
    seen, unseen = every.trajectories, every.unseen[:, :, None]  # [M G, T, N, D], [M G, N, 1]
    last, states, frames = seen.shape[1] - 1, guesses.flatten(0, 1)[:, None], []  # [M G, 1, D]
    for first in range(0, last, restart):
        states = torch.where(unseen, states, seen[:, first])  # [M G, N, D]
        frames.append(network.rollout(states, every.structures, min(restart, last - first)))
        states = frames[-1][:, -1]
    found = torch.cat(frames, 1)
    missed = torch.where(unseen[:, None], 0.0, at_least_single(found) - seen[:, 1:])
    visible = seen.shape[2] - 1
    errors = missed.square().sum(2).mean((1, 2)) / visible
    return found, errors.view(guesses.shape[:2])


class MeanState(nn.Module):
    """What can be said without observing anything: the mean state of all objects in training scenes [M, T, N, D]."""

    def __init__(self, trajectories: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", trajectories.mean((0, 1, 2)))

    def guess(self, scenes: Observed, generator: torch.Generator) -> Guessed:
        """One guess a scene, the same in every frame; nothing is predicted, so it misses nothing."""
        count, frames = scenes.trajectories.shape[:2]
        states = self.mean.expand(count, 1, frames, len(self.mean))
        return Guessed(states, states.new_zeros(count, 1))

    def misfit(self, trajectories: Tensor, structures: Tensor) -> Tensor:
        """Log of the mean squared distance from the mean, scene by scene: [M]."""
        return (trajectories - self.mean).square().mean((1, 2, 3)).log()
