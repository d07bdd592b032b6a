"""Simulated annealing over the structures of many scenes at once (Alet et al. 2019, section 4), and all graphs in turn.

What is tried next is a function of its own, see `proposals`; how good it is, another one.

B scenes, N objects, K edge modules, G graphs.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from reprolib.errors import InputError
from reprolib.models.modular.proposals import Propose

Energy = Callable[[Tensor], Tensor]  # of structures [B, N, N - 1]: an error of each scene [B]
COLDEST = -9.8  # log of the temperature at the start, as in the official code
STEP = 1.1  # by which the temperature changes
MEMORY = 0.9  # of the moving fraction of worsening proposals that are accepted; ours, as the paper names none
MOST_GRAPHS = 2**16


@dataclass(frozen=True)
class Bounce:
    """What one proposal a scene has led to."""

    structures: Tensor  # [B, N, N - 1], those that are kept
    energies: Tensor  # [B], theirs
    worse: Tensor  # [B], whether the proposal was worse than what it would replace
    accepted: Tensor  # [B], whether it has replaced it


def bounce(
    structures: Tensor,
    energies: Tensor,
    energy: Energy,
    propose: Propose,
    temperature: float,
    generator: torch.Generator,
) -> Bounce:
    """Try one proposal a scene: it is kept if it is not worse, else with probability exp((old - new) / temperature).

    As printed, without correction for a proposal that does not try a change as often as its reverse.
    """
    tried = propose(structures, temperature, generator)
    new = energy(tried)
    chance = torch.rand(len(new), generator=generator).to(new.device)
    accepted = (new <= energies) | (chance < ((energies - new) / temperature).exp())
    kept = torch.where(accepted[:, None, None], tried, structures)
    return Bounce(kept, torch.where(accepted, new, energies), new > energies, accepted)


@dataclass
class Cooling:
    """The temperature, moved so that worsening proposals are accepted as often as exp(-1 - 5 epoch / horizon).

    Args:
        horizon: epochs in which the wanted fraction falls by e^5; 800 in the official code.
    """

    horizon: int
    log_temperature: float = COLDEST
    accepted: float = math.exp(-1)  # of worsening proposals that were accepted lately
    seen: list[float] = field(default_factory=lambda: [0.0, 0.0])  # of this epoch: accepted, tried

    @property
    def temperature(self) -> float:
        """Of the next proposals."""
        return math.exp(self.log_temperature)

    def see(self, worse: Tensor, accepted: Tensor) -> None:
        """Count what has become of worsening proposals."""
        self.seen[0] += float((worse & accepted).sum())
        self.seen[1] += float(worse.sum())

    def end_of_epoch(self, epoch: int) -> None:
        """Make the temperature higher or lower, once an epoch."""
        accepted, tried = self.seen
        if tried:
            self.accepted = MEMORY * self.accepted + (1 - MEMORY) * accepted / tried
        wanted = math.exp(-1 - 5 * epoch / self.horizon)
        self.log_temperature += math.log(STEP) * (1 if self.accepted < wanted else -1)
        self.seen = [0.0, 0.0]

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint has to hold."""
        return dict(vars(self))

    def load_state_dict(self, content: dict[str, Any]) -> None:
        """Take what `state_dict` gave."""
        vars(self).update(content)


def course(
    structures: Tensor, energy: Energy, propose: Propose, steps: int, generator: torch.Generator
) -> Iterator[Bounce]:
    """The start, and what each of so many proposals a scene leads to, with the temperature falling.

    Raises:
        InputError: no proposals, or errors that are not finite.
    """
    if steps < 1:
        raise InputError(f"a search of {steps} proposals finds nothing: give 1 or more")
    energies, cooling = energy(structures), Cooling(steps)
    if not energies.isfinite().all():
        raise InputError("the error of a structure is not finite: have the modules diverged? lower train.rate")
    nothing = torch.zeros_like(energies, dtype=torch.bool)
    yield (after := Bounce(structures, energies, nothing, nothing))
    for step in range(steps):
        after = bounce(after.structures, after.energies, energy, propose, cooling.temperature, generator)
        cooling.see(after.worse, after.accepted)
        cooling.end_of_epoch(step)
        yield after


def best_so_far(bounces: Iterable[Bounce]) -> Iterator[Tensor]:
    """Of a course the structures with the least error up to each of its moments: [B, N, N - 1] each."""
    best, least = None, torch.tensor(math.inf)
    for after in bounces:
        better = (after.energies < least)[:, None, None]
        best = after.structures if best is None else torch.where(better, after.structures, best)
        least = torch.minimum(after.energies, least)
        yield best


def best_of(bounces: Iterable[Bounce]) -> Tensor:
    """The structures with the least error of a whole course: [B, N, N - 1]."""
    return deque(best_so_far(bounces), maxlen=1)[0]


def random_structures(scenes: int, objects: int, modules: int, generator: torch.Generator | None = None) -> Tensor:
    """Where a search begins: [B, N, N - 1], every module as likely."""
    return torch.randint(modules, (scenes, objects, objects - 1), generator=generator)


def every_structure(objects: int, modules: int) -> Tensor:
    """All graphs of a scene, for few objects: [G, N, N - 1].

    Raises:
        InputError: there are too many.
    """
    edges = objects * (objects - 1)
    if modules**edges > MOST_GRAPHS:
        raise InputError(
            f"{objects} objects and {modules} edge modules make {modules}^{edges} graphs, more than {MOST_GRAPHS:,}: "
            "take fewer, or search among them"
        )
    return torch.cartesian_prod(*[torch.arange(modules)] * edges).view(-1, objects, objects - 1)


def exhaustive(energy: Energy, objects: int, modules: int) -> Tensor:
    """The best of all graphs of one scene, [N, N - 1]; `energy` takes all of them at once.

    Raises:
        InputError: there are too many.
    """
    graphs = every_structure(objects, modules)
    return graphs[energy(graphs).argmin()]
