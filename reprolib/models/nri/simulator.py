"""The true simulator as a decoder: NRI (sim.) of Table 1, whose encoder alone is learned.

B scenes, N objects, K edge types.
"""

import torch
from torch import Tensor, nn

from reprolib.data.particles import CLIP, SPRING, WALL
from reprolib.models.nri.encoders import sent
from reprolib.models.precision import at_least_single

FRAME = 0.1  # time between two frames


class SimulatorDecoder(nn.Module):
    """One frame of the particle simulators, differentiable in the edge types; nothing in it is learned.

    Args:
        kind: "springs" (type 1 is a spring) or "charged" (type 0 attracts, type 1 repels).
        low, high: [4], what -1 and 1 of every feature mean.
        substeps: integration steps a frame; the data were made with 100.
    """

    def __init__(self, kind: str, low: Tensor, high: Tensor, substeps: int) -> None:
        super().__init__()
        self.kind, self.substeps = kind, substeps
        self.register_buffer("low", low, persistent=False)
        self.register_buffer("span", high - low, persistent=False)

    def start(self, states: Tensor) -> None:
        """The simulator carries no memory from frame to frame."""

    def forward(self, states: Tensor, types: Tensor, memory: None = None) -> tuple[Tensor, None]:
        """The next states: [B, N, 4] and edge types [B, N, N - 1, K] -> [B, N, 4], and no memory."""
        position, velocity = ((at_least_single(states) + 1) / 2 * self.span + self.low).chunk(2, -1)  # [B, N, 2] twice
        step = FRAME / self.substeps
        for _ in range(self.substeps):
            velocity = velocity + step * self._force(position, at_least_single(types))
            position, velocity = _reflected(position + step * velocity, velocity)
        moved = torch.cat([position, velocity], -1)
        return ((moved - self.low) / self.span * 2 - 1).to(states.dtype), None

    def _force(self, position: Tensor, types: Tensor) -> Tensor:
        apart = position[:, :, None] - sent(position)  # [B, N, N - 1, 2]
        if self.kind == "springs":
            pull = -SPRING * types[..., 1]
        else:
            pull = (types[..., 1] - types[..., 0]) * apart.square().sum(-1).clamp(min=1e-6) ** -1.5
        return (pull[..., None] * apart).sum(2).clamp(-CLIP, CLIP)


def _reflected(position: Tensor, velocity: Tensor) -> tuple[Tensor, Tensor]:
    """Elastic walls: what went past one comes back by as much."""
    over, under = position > WALL, position < -WALL
    velocity = torch.where(over, -velocity.abs(), torch.where(under, velocity.abs(), velocity))
    return torch.where(over, 2 * WALL - position, torch.where(under, -2 * WALL - position, position)), velocity
