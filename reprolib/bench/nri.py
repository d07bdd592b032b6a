"""Neural relational inference against the structure of the official code: a training step with Adam.

B scenes, T frames, N objects, D features, E = N (N - 1) edges, S starting frames, H width, K edge types.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import elu, one_hot, relu

from reprolib.bench.measure import ROUNDS, Ratio, check_agreement, measure, peak_bytes
from reprolib.data.split import Split
from reprolib.models.nri import NRI
from reprolib.settings.moving import NRIModel
from reprolib.training import optimisers
from reprolib.training.capture import WARM, Captured

FEATURES, RATE = 4, 5e-4  # x, y and their velocities; Adam's learning rate
AGREE = {"fp32": (1e-5, 5e-3), "bf16": (2e-2, 0.3)}  # relative norm of the differences of the loss, of a gradient
OFFICIAL = {  # parts of our parameters' names, and what the reference calls them
    "encoder.embed.": "mlp1.",
    "encoder.first.": "mlp2.",
    "encoder.rounds.node.": "mlp3.",
    "encoder.rounds.edge.": "mlp4.",
    "encoder.rounds.out.": "fc_out.",
    "decoder.message_in.": "msg_fc1.",
    "decoder.message_out.": "msg_fc2.",
    "decoder.output.0.": "out_fc1.",
    "decoder.output.3.": "out_fc2.",
    "decoder.output.6.": "out_fc3.",
    ".first.": ".fc1.",
    ".rest.2.": ".fc2.",
    ".norm.": ".bn.",
}


@dataclass(frozen=True)
class Case:
    """The precisions of ours and of the reference, the model, and the size of a batch of made-up scenes."""

    ours: str
    reference: str
    model: NRIModel = field(default_factory=NRIModel)
    objects: int = 5
    frames: int = 49
    batch: int = 128

    @property
    def title(self) -> str:
        return f"springs {self.objects}, {self.ours} against {self.reference}"


CASES = Case("fp32", "fp32"), Case("bf16", "bf16"), Case("bf16", "fp32")  # the official code trains in fp32


class TwoLayers(nn.Module):
    """Two layers of ELU, then batch norm over all rows."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2, self.bn = nn.Linear(inputs, width), nn.Linear(width, width), nn.BatchNorm1d(width)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = elu(self.fc2(elu(self.fc1(inputs))))
        return self.bn(hidden.flatten(0, 1)).view_as(hidden)


class OfficialStructure(nn.Module):
    """The reference: MLP encoder and decoder with edges looked up by products with one-hot incidence matrices.

    Edges are listed receiver by receiver, senders ascending. The first edge type is none, without dropout.
    """

    def __init__(self, config: NRIModel, frames: int, features: int, objects: int) -> None:
        super().__init__()
        self.config, width = config, config.width
        self.mlp1, self.mlp2 = TwoLayers(frames * features, width), TwoLayers(2 * width, width)
        self.mlp3, self.mlp4 = TwoLayers(width, width), TwoLayers(3 * width, width)
        self.fc_out = nn.Linear(width, config.types)
        speaking, width = range(1, config.types), config.decoder_width
        self.msg_fc1 = nn.ModuleList(nn.Linear(2 * features, width) for _ in speaking)
        self.msg_fc2 = nn.ModuleList(nn.Linear(width, width) for _ in speaking)
        self.out_fc1, self.out_fc2 = nn.Linear(features + width, width), nn.Linear(width, width)
        self.out_fc3 = nn.Linear(width, features)
        receivers, senders = (1 - torch.eye(objects)).nonzero().t()
        self.register_buffer("rel_rec", one_hot(receivers, objects).float(), persistent=False)  # [E, N]
        self.register_buffer("rel_send", one_hot(senders, objects).float(), persistent=False)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """Negative log-likelihood and divergence from the uniform prior, each per scene and object."""
        trajectories = batch["trajectories"]
        logits = self.encode(trajectories).float()
        noise = -torch.empty_like(logits).exponential_().log()  # drawn as ours is: the same from the same seed
        types = ((logits + noise) / self.config.temperature).softmax(-1)
        predicted, target = self.decode(trajectories, types), trajectories[:, 1:]
        errors = (predicted - target) ** 2 / (2 * self.config.variance)
        share = logits.softmax(-1)
        divergence = share * (torch.log(share + 1e-16) + math.log(self.config.types))
        scenes, _, objects, _ = trajectories.shape
        return (errors.sum() + divergence.sum()) / (scenes * objects)

    def encode(self, trajectories: Tensor) -> Tensor:
        """Logits of the edge types: [B, T, N, D] -> [B, E, K]."""
        nodes = self.mlp1(trajectories.transpose(1, 2).flatten(2))  # [B, N, T D] -> [B, N, H]
        edges = self.mlp2(self.node2edge(nodes))  # [B, E, H]
        nodes = self.mlp3(self.rel_rec.t() @ edges / nodes.shape[1])
        return self.fc_out(self.mlp4(torch.cat([self.node2edge(nodes), edges], -1)))

    def node2edge(self, nodes: Tensor) -> Tensor:
        """The sender and the receiver of every edge: [..., N, H] -> [..., E, 2 H]."""
        return torch.cat([self.rel_send @ nodes, self.rel_rec @ nodes], -1)

    def decode(self, trajectories: Tensor, types: Tensor) -> Tensor:
        """Frames 1 to T - 1, predicted from every `restart`-th true frame on: types [B, E, K] -> [B, T - 1, N, D]."""
        scenes, frames, objects, features = trajectories.shape
        restart = self.config.restart
        types = types[:, None].expand(-1, frames, -1, -1)[:, ::restart]  # [B, S, E, K]
        states = trajectories[:, ::restart]  # [B, S, N, D]
        predicted = trajectories.new_zeros(scenes, states.shape[1] * restart, objects, features)
        for step in range(restart):
            states = self.step(states, types)
            predicted[:, step::restart] = states
        return predicted[:, : frames - 1]

    def step(self, states: Tensor, types: Tensor) -> Tensor:
        """The next states: [B, S, N, D] and types [B, S, E, K] -> [B, S, N, D]."""
        ends = self.node2edge(states)  # [B, S, E, 2 D]
        messages = states.new_zeros(*ends.shape[:-1], self.config.decoder_width)
        for kind, (first, second) in enumerate(zip(self.msg_fc1, self.msg_fc2, strict=True), 1):
            messages += relu(second(relu(first(ends)))) * types[..., kind : kind + 1]
        received = (messages.transpose(-2, -1) @ self.rel_rec).transpose(-2, -1).contiguous()  # [B, S, N, H]
        hidden = relu(self.out_fc1(torch.cat([states, received], -1)))
        return states + self.out_fc3(relu(self.out_fc2(hidden)))


@dataclass(frozen=True)
class Side:
    """A model in training."""

    model: nn.Module
    precision: str
    optimiser: torch.optim.Optimizer

    def step(self, batch: dict[str, Tensor]) -> Tensor:
        """One step of training; the loss."""
        self.optimiser.zero_grad()
        loss = self.loss(batch)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        with torch.autocast(batch["trajectories"].device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            return self.model.loss(batch)

    def gradients(self, batch: dict[str, Tensor], seed: int = 0) -> list[Tensor]:
        """The loss and its gradients, in the order of the reference's names; `seed` draws the sampled graph."""
        torch.manual_seed(seed)
        weights = official(dict(self.model.named_parameters()))
        loss = self.loss(batch)
        return [loss.detach(), *torch.autograd.grad(loss, [weights[name] for name in sorted(weights)])]


def ratios(device: torch.device) -> Iterator[Ratio]:
    """Every case, each when it has been measured, on a CPU with one thread and with two; on a CUDA device, what
    capturing a step gains as well.
    """
    for threads in (1, 2) if device.type == "cpu" and (os.cpu_count() or 1) > 1 else (1,):
        yield from (compare(case, device, threads=threads) for case in CASES)
    if device.type == "cuda":
        yield from (captured(case, device) for case in CASES[:2])


def compare(case: Case, device: torch.device, rounds: int = ROUNDS, threads: int = 1) -> Ratio:
    """Check that both sides agree on a case, then measure their training steps in turn."""
    ours, reference, batch = build(case, device)
    check_agreement(case.title, ours.gradients(batch), reference.gradients(batch), *AGREE[case.ours])
    steps = partial(ours.step, batch), partial(reference.step, batch)
    return measure("nri", case.title, *steps, device, rounds, threads=threads)


def captured(case: Case, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Our training step as one CUDA graph against the same kernels launched one by one, after as many steps of each."""
    (ours, _, batch), (plain, _, _) = build(case, device), build(case, device)
    optimisers.allow_capture(ours.optimiser)
    split, rows = Split(batch), torch.arange(case.batch, device=device)
    steps = Captured(lambda rows: ours.step(split.batch(rows)), device), lambda rows: plain.step(split.batch(rows))
    title, found, memory = f"springs {case.objects}, {case.ours}, captured against launched one by one", [], []
    for step, side in zip(steps, (ours, plain), strict=True):
        torch.manual_seed(0)
        memory.append(peak_bytes(lambda step=step: [step(rows) for _ in range(WARM + 1)], device))
        found.append([step(rows), *(weights.detach() for weights in side.model.parameters())])
    check_agreement(title, *found, *AGREE["bf16"])
    return measure("nri", title, *(partial(step, rows) for step in steps), device, rounds, tuple(memory))


def build(case: Case, device: torch.device, seed: int = 0) -> tuple[Side, Side, dict[str, Tensor]]:
    """Our model and the reference with the same weights, and a batch."""
    torch.manual_seed(seed)
    ours = NRI(case.model, case.frames, FEATURES)
    reference = OfficialStructure(case.model, case.frames, FEATURES, case.objects)
    reference.load_state_dict(official(ours.state_dict()))
    batch = {"trajectories": straight_lines(case.batch, case.frames, case.objects).to(device)}
    return _side(ours.to(device), case.ours), _side(reference.to(device), case.reference), batch


def _side(model: nn.Module, precision: str) -> Side:
    return Side(model, precision, optimisers.make("adam", model, RATE, weight_decay=0.0))


def official(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our parameters under the reference's names."""
    renamed = {}
    for name, value in values.items():
        for ours, reference in OFFICIAL.items():
            name = name.replace(ours, reference)
        renamed[name] = value
    return renamed


def straight_lines(scenes: int, frames: int, objects: int) -> Tensor:
    """Made-up trajectories [B, T, N, D] of constant velocity, within [-1, 1]."""
    ends = 2 * torch.rand(2, scenes, 1, objects, FEATURES // 2) - 1  # where each object is in the first and last frame
    when = torch.linspace(0, 1, frames)[:, None, None]
    positions = ends[0].lerp(ends[1], when)  # [B, T, N, 2]
    return torch.cat([positions, ((ends[1] - ends[0]) / 2).expand_as(positions)], -1)
