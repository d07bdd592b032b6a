"""What an object's own state says about its next one by a linear map, and an NRI that reads and learns the rest.

A network that starts here need not learn that things go on as they do: a position moves by its velocity, a constant
stays. What is left for it are forces, which the encoder sees beside the states.

B scenes, T frames, N objects, F features of a state, K edge types, M pairs of successive states.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from reprolib.models.nri import NRI, MLPDecoder
from reprolib.settings.moving import NRIModel

MOST = 200_000  # pairs that fix the map
TINY = 1e-9  # a spread that is smaller is none


class LinearStep(NamedTuple):
    """x' = W x + b, and the standard deviation of what is left of every feature."""

    weight: Tensor  # [F, F]
    bias: Tensor  # [F]
    spread: Tensor  # [F]

    def left(self, states: Tensor) -> Tensor:
        """What it leaves of all frames but the first, in standard deviations: [B, T, N, F] -> [B, T - 1, N, F]."""
        with torch.autocast(states.device.type, enabled=False):
            going = nn.functional.linear(states[:, :-1], self.weight, self.bias)
            return (states[:, 1:] - going) / self.spread.clamp(min=TINY)


def fitted(states: Tensor, present: Tensor) -> LinearStep:
    """The best map by least squares, of objects that are present in two successive frames.

    Args:
        states: of the training scenes, [B, T, N, F].
        present: bool [B, T, N].
    """
    both = present[:, :-1] & present[:, 1:]
    now, after = (part[both].double() for part in (states[:, :-1], states[:, 1:]))  # [M, F]
    few = slice(None, None, 1 + len(now) // MOST)
    now, after = now[few], after[few]
    joined = torch.cat([now, torch.ones_like(now[:, :1])], 1)  # [M, F + 1]
    found = torch.linalg.lstsq(joined.cpu(), (after - now).cpu(), driver="gelsd").solution.to(now.device)  # [F + 1, F]
    left = after - now - joined @ found
    weight = torch.eye(now.shape[1], dtype=now.dtype, device=now.device) + found[:-1].T
    return LinearStep(weight.float(), found[-1].float(), left.square().mean(0).sqrt().float())


class FromLinearStep(nn.Module):
    """The Markovian decoder of Kipf et al. 2018, section 3.3, that starts from a linear step and not from a copy.

    x' = W x + b + s f(x, messages), where s are the standard deviations of what the linear step leaves.
    """

    def __init__(self, step: LinearStep, width: int, types: int) -> None:
        super().__init__()
        self.network = MLPDecoder(len(step.bias), width, types)
        for name, value in step._asdict().items():
            self.register_buffer(name, value)

    @property
    def step(self) -> LinearStep:
        """Where it starts."""
        return LinearStep(self.weight, self.bias, self.spread)

    def start(self, states: Tensor) -> None:
        """This decoder carries no memory from frame to frame."""

    def forward(self, states: Tensor, types: Tensor, memory: None = None) -> tuple[Tensor, None]:
        """The next states: [B, N, F] and edge types [B, N, N - 1, K] -> [B, N, F], and no memory."""
        learned = self.network(states, types)[0] - states
        with torch.autocast(states.device.type, enabled=False):
            going = nn.functional.linear(states, self.weight, self.bias)
        return going + self.spread * learned, None


class ForceReadingNRI(NRI):
    """An NRI whose encoder reads, beside every state, what a linear step leaves of the next one.

    Args:
        frames: how many it reads, the last of which shows what is left of the one before.
    """

    def __init__(self, config: NRIModel, frames: int, step: LinearStep, masked: bool) -> None:
        features = len(step.bias)
        decoder = FromLinearStep(step, config.decoder_width, config.types)
        super().__init__(config, frames - 1, 2 * features, decoder, masked)

    def seen(self, trajectories: Tensor, present: Tensor | None) -> tuple[Tensor, ...]:
        """What the encoder is given: [B, T, N, F] -> [B, T', N, 2 F] of the T' frames that it reads."""
        states = trajectories[:, : self.frames + 1]
        left = self.decoder.step.left(states)
        both = None if present is None else present[:, : self.frames] & present[:, 1 : self.frames + 1]
        return super().seen(torch.cat([states[:, :-1], left], -1), both)
