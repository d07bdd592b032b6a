"""Modular meta-learning: a training step against plain ones, and many scenes as one graph against one after the other.

B scenes, T frames, F frames of a scene in a step, N objects, D features, H width, K edge modules, S starting frames, C
assignments of a receiver.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reprolib.bench.measure import PRECISIONS, ROUNDS, Ratio, check_agreement, measure
from reprolib.bench.nri import FEATURES, straight_lines
from reprolib.data.split import Split
from reprolib.methods import modular_search
from reprolib.models.modular import ModularMetaLearning, ModularNetwork
from reprolib.models.modular.annealing import COLDEST, bounce, random_structures
from reprolib.models.modular.proposals import into_a_node
from reprolib.models.modular.receivers import assignments
from reprolib.settings.searching import ModularModel, Searching
from reprolib.training import optimisers
from reprolib.training.learner import Job, Learner, Moment

AGREE = 1e-4, 5e-3  # relative norm of the differences of results, of a gradient
RATE, FLOOR = 1e-3, 1e-7  # of Adam; what is added to a squared error before its logarithm
TEMPERATURE = math.exp(COLDEST)


@dataclass(frozen=True)
class Size:
    """The official sizes of a step, and how many frames of every scene ours reads."""

    scenes: int = 128
    frames: int = 49
    objects: int = 5
    width: int = 256
    read: int = 8

    @property
    def title(self) -> str:
        return f"{self.scenes} scenes of {self.objects}"


class SceneByScene:
    """The reference of our step: scene after scene, and each assignment of its receivers after the other."""

    def __init__(self, network: ModularNetwork, trajectories: Tensor, size: Size) -> None:
        self.network, self.trajectories, self.read = network, trajectories, size.read
        self.around = assignments(size.objects - 1, network.count, trajectories.device)  # [C, N - 1]
        self.optimiser = optimisers.make("adam", network, RATE, weight_decay=0.0)

    def step(self) -> Tensor:
        """One step of training; the loss."""
        self.optimiser.zero_grad()
        loss = torch.stack([self._loss(*frames) for frames in self._frames()]).mean()
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def _frames(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Of every scene the frames that ours draws, and those after them: [F, N, D] twice."""
        scenes, frames = self.trajectories.shape[:2]
        drawn = torch.randint(frames - 1, (scenes, self.read), generator=_moment(self.trajectories).generator)
        for scene, these in zip(self.trajectories, drawn.to(self.trajectories.device), strict=True):
            yield scene[these], scene[these + 1]

    def _loss(self, now: Tensor, after: Tensor) -> Tensor:
        """Mean log(error + floor) of one scene along its best assignments, each receiver's by itself."""
        with torch.no_grad():
            scores = torch.stack([self._errors(now, after, edges).log().mean(0) for edges in self.around])  # [C, N]
        return self._errors(now, after, self.around[scores.argmin(0)]).log().mean()

    def _errors(self, now: Tensor, after: Tensor, structure: Tensor) -> Tensor:
        """Squared error + floor at every receiver [F, N], along edges [N, N - 1] or, for all alike, [N - 1]."""
        everywhere = structure.expand(*now.shape[:2], now.shape[1] - 1)
        return (self.network(now, everywhere) - after).square().mean(-1) + FLOOR


class OfficialStep(nn.Module):
    """A reconstruction of the arithmetic of the official step, without its learned proposal, which would cost more.

    One change a scene is tried: the errors of the old and of the changed structure are compared, and the modules learn
    along the one that is kept. An error is that of predictions from frames 0, 10, 20, ... until the next of them.
    """

    def __init__(self, network: ModularNetwork, trajectories: Tensor, size: Size, restart: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(_plain(module) for module in network.edges)
        self.node = _plain([_joined(network.of_state, network.of_received), *network.node])
        self.trajectories, self.restart = trajectories, restart
        self.optimiser = optimisers.make("adam", self, RATE, weight_decay=0.0)
        self.generator = torch.Generator().manual_seed(0)
        start = random_structures(size.scenes, size.objects, len(self.edges), self.generator)
        self.structures, self.propose = start.to(trajectories.device), into_a_node(len(self.edges))

    def step(self) -> Tensor:
        """One step of training; the loss."""
        with torch.no_grad():
            energies = self.errors(self.structures)
            after = bounce(self.structures, energies, self.errors, self.propose, TEMPERATURE, self.generator)
        self.structures = after.structures
        self.optimiser.zero_grad()
        loss = self.errors(self.structures).sum()
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def errors(self, structures: Tensor) -> Tensor:
        """Mean squared error of every scene: [B, N, N - 1] -> [B]."""
        frames, squares = self.trajectories.shape[1], []
        for first in range(0, frames - 1, self.restart):
            states = self.trajectories[:, first]
            for frame in range(first + 1, min(first + self.restart, frames - 1) + 1):
                states = self.after(states, structures)
                squares.append((states - self.trajectories[:, frame]).square().mean((1, 2)))
        return torch.stack(squares).mean(0)

    def after(self, states: Tensor, structures: Tensor) -> Tensor:
        """The next states, each module on its own edges: [B, N, D] and [B, N, N - 1] -> [B, N, D]."""
        objects = states.shape[1]
        others = [[sender for sender in range(objects) if sender != receiver] for receiver in range(objects)]
        receiver = states[:, :, None].expand(-1, -1, objects - 1, -1)
        pairs = torch.cat([states[:, others], receiver], -1)  # [B, N, N - 1, 2 D]
        messages = states.new_zeros(*structures.shape, self.edges[0][-2].out_features)  # [B, N, N - 1, H]
        for kind, module in enumerate(self.edges):
            messages[structures == kind] = module(pairs[structures == kind])
        return states + self.node(torch.cat([states, messages.sum(2)], -1))


def ratios(device: torch.device) -> Iterator[Ratio]:
    """Our step against both references, and a batch of scenes against a loop over them, each when it is measured."""
    yield against_loops(Size(), device)
    yield from (against_official(Size(), precision, device) for precision in PRECISIONS)
    yield as_one_graph(Size(), device)


def against_loops(size: Size, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Our step, which scores all assignments of all scenes at once, against loops over scenes and assignments."""
    (model, plain), trajectories = _models(size, 2, device), _scenes(size, device)
    learner, reference = _begun(model, trajectories, size, "fp32"), SceneByScene(plain.network, trajectories, size)
    title = f"{size.title}, all assignments, against loops over scenes and assignments"
    ours, loops = [_step(learner), *_gradients(model)], [reference.step(), *_gradients(plain)]
    check_agreement(title, ours, loops, *AGREE)
    return measure("modular", title, lambda: _step(learner), reference.step, device, rounds)


def against_official(size: Size, precision: str, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Our step in a precision against the official one in single precision, which does other work to the same end."""
    (model, plain), trajectories = _models(size, 2, device), _scenes(size, device)
    reference = OfficialStep(plain.network, trajectories, size, plain.config.restart).to(device)
    title = f"{size.title}, all assignments in {precision}, against one change along ten steps"
    with torch.no_grad():
        ours, theirs = plain.errors(trajectories, reference.structures), reference.errors(reference.structures)
    check_agreement(title, [ours], [theirs], *AGREE)
    learner = _begun(model, trajectories, size, precision)
    return measure("modular", title, lambda: _step(learner), reference.step, device, rounds)


def as_one_graph(size: Size, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Errors along given structures and their gradients: all scenes as one graph against one scene after the other."""
    (model,), trajectories = _models(size, 1, device), _scenes(size, device)
    structures = random_structures(size.scenes, size.objects, model.config.modules, torch.Generator().manual_seed(0))
    structures, weights = structures.to(device), list(model.network.parameters())

    def together() -> list[Tensor]:
        errors = model.errors(trajectories, structures)
        return [errors.detach(), *torch.autograd.grad(errors.sum(), weights)]

    def one_by_one() -> list[Tensor]:
        parts = [_alone(model, *scene) for scene in zip(trajectories.split(1), structures.split(1), strict=True)]
        errors, *gradients = zip(*parts, strict=True)
        return [torch.cat(errors), *(torch.stack(part).sum(0) for part in gradients)]

    title = f"{size.title} as one graph against one after the other"
    check_agreement(title, together(), one_by_one(), *AGREE)
    return measure("modular", title, together, one_by_one, device, rounds)


def _alone(model: ModularMetaLearning, trajectory: Tensor, structure: Tensor) -> list[Tensor]:
    error = model.errors(trajectory, structure)
    return [error.detach(), *torch.autograd.grad(error.sum(), list(model.network.parameters()))]


def _models(size: Size, count: int, device: torch.device) -> list[ModularMetaLearning]:
    """As many copies of one model."""
    config = ModularModel(width=size.width, restart=min(10, size.frames - 1))
    made = []
    for _ in range(count):
        torch.manual_seed(0)
        made.append(ModularMetaLearning(config, FEATURES).to(device))
    return made


def _scenes(size: Size, device: torch.device) -> Tensor:
    torch.manual_seed(1)
    return straight_lines(size.scenes, size.frames, size.objects).to(device)


def _begun(model: ModularMetaLearning, trajectories: Tensor, size: Size, precision: str) -> Learner:
    """The library's own learner, which takes the best assignment, on one batch."""
    training = Searching(
        1,
        batch=size.scenes,
        rate=RATE,
        precision=precision,
        learning="scores",
        frames=size.read,
        warmth=0.0,
        least_error_from=FLOOR,
        least_error=FLOOR,
    )
    learner = modular_search.learner()
    learner.begin(Job(model, Split({"trajectories": trajectories}), training, trajectories.device, precision))
    return learner


def _step(learner: Learner) -> Tensor:
    return learner.update(_moment(learner.job.data.columns["trajectories"]))


def _moment(trajectories: Tensor) -> Moment:
    """The first step, on all scenes."""
    return Moment(torch.arange(len(trajectories), device=trajectories.device), step=0, epoch=0, seed=0)


def _gradients(model: ModularMetaLearning) -> list[Tensor]:
    return [weights.grad for weights in model.network.parameters()]


def _plain(layers: nn.Sequential | list[nn.Module]) -> nn.Sequential:
    """Layers with the same weights, as plain linear ones and ReLUs."""
    made = [_joined(layer) if isinstance(layer, nn.Linear) else nn.ReLU() for layer in layers]
    return nn.Sequential(*made)


def _joined(*terms: nn.Linear) -> nn.Linear:
    """One layer on the concatenation of what several add up; the first has the bias."""
    layer = nn.Linear(sum(term.in_features for term in terms), terms[0].out_features)
    with torch.no_grad():
        layer.weight.copy_(torch.cat([term.weight for term in terms], 1))
        layer.bias.copy_(terms[0].bias)
    return layer
