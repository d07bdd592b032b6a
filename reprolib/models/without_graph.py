"""Baselines that predict motion without a graph (Kipf et al. 2018, Table 2): a copy, and LSTMs.

`loss(batch)` trains a model on batch["trajectories"] [B, T, N, D]; `rollout(frames, steps)` predicts what follows.

B scenes, T frames, F given frames, N objects, D features, H hidden units. One row of R holds the G objects that share
a memory: all of a scene (R = B, G = N), or one (R = B N, G = 1). P predictions.
"""

import itertools

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.models.finite_values import check_finite
from reprolib.models.nri.encoders import initialised
from reprolib.models.nri.latent import negative_log_likelihood
from reprolib.settings.moving import LSTMModel


class Static(nn.Module):
    """Nothing moves: every predicted frame is the last given one."""

    def rollout(self, frames: Tensor, steps: int) -> Tensor:
        """The frames after the given ones: [B, F, N, D] -> [B, steps, N, D]."""
        return frames[:, -1:].expand(-1, steps, -1, -1)


class TrajectoryLSTM(nn.Module):
    """An LSTM that reads frames and predicts the change to the next: "LSTM (single)" or "LSTM (joint)".

    Args:
        features: D.
        objects: N; a joint model takes scenes of exactly as many, a single one takes any number.

    Raises:
        InputError: in a call, when the trajectories do not fit.
    """

    def __init__(self, config: LSTMModel, features: int, objects: int) -> None:
        super().__init__()
        self.config, self.features, self.objects = config, features, objects
        self.group = objects if config.joint else 1  # G
        width = self.group * config.hidden
        self.embed = nn.Sequential(
            *(initialised(nn.Linear(features, config.hidden)), nn.ReLU()),
            *(initialised(nn.Linear(config.hidden, config.hidden)), nn.ReLU()),
        )
        self.lstm = nn.LSTM(width, width, config.layers, batch_first=True)
        self.output = nn.Sequential(
            *(initialised(nn.Linear(width, width)), nn.ReLU()),
            initialised(nn.Linear(width, self.group * features)),
        )

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """Negative log-likelihood of frames 1 to T - 1, per scene and object and without its constant."""
        trajectories, config = batch["trajectories"], self.config
        predictions = trajectories.shape[1] - 1
        given = [step < config.burn_in or step % config.restart == 0 for step in range(predictions)]
        return predictions * self._unlikelihood(trajectories, given)

    def score(self, batch: dict[str, Tensor]) -> Tensor:
        """One-step log-likelihood of a batch per frame and object, the better the larger."""
        trajectories = batch["trajectories"]
        return -self._unlikelihood(trajectories, [True] * (trajectories.shape[1] - 1))

    def rollout(self, frames: Tensor, steps: int) -> Tensor:
        """The frames after the given ones, all of which are read first: [B, F, N, D] -> [B, steps, N, D]."""
        check_finite(frames, "frames", objects=2)
        given = [True] * frames.shape[1] + [False] * (steps - 1)
        return self.predictions(frames, given)[:, frames.shape[1] - 1 :]

    def predictions(self, frames: Tensor, given: list[bool]) -> Tensor:
        """The frame after each of P steps: [B, F, N, D] -> [B, P, N, D].

        Args:
            given: P flags; step t reads frame t where True, and the prediction of step t - 1 where False.
        """
        if not given[0]:
            raise InputError("the first step has no prediction before it to read: give it a true frame")
        rows, memory, predicted = self._rows(frames), None, []
        for known, run in itertools.groupby(range(len(given)), key=given.__getitem__):
            steps = list(run)
            if known:
                output, memory = self._read(rows[:, steps[0] : steps[-1] + 1], memory)
                predicted.append(output)
                continue
            for _ in steps:
                output, memory = self._read(predicted[-1][:, -1:], memory)
                predicted.append(output)
        return self._scenes(torch.cat(predicted, 1), len(frames))

    def hidden_states(self, trajectories: Tensor) -> Tensor:
        """Last hidden state of the top layer, after reading every frame: [B, T, N, D] -> [B, N, H].

        Raises:
            InputError: the model is joint, so no state belongs to one object.
        """
        if self.config.joint:
            raise InputError("a joint LSTM has no hidden state for each object: set model.joint to false")
        _, (hidden, _) = self.lstm(self.embed(self._rows(trajectories)).flatten(2))
        return hidden[-1].unflatten(0, (len(trajectories), -1))  # [B N, H] -> [B, N, H]

    def _read(self, frames: Tensor, memory: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read true or predicted frames [R, F, G, D] in one go: the frame after each, and the memory after all."""
        states, memory = self.lstm(self.embed(frames).flatten(2), memory)  # [R, F, G H]
        return frames + self.output(states).view_as(frames).to(frames.dtype), memory

    def _unlikelihood(self, trajectories: Tensor, given: list[bool]) -> Tensor:
        """Negative log-likelihood of the predicted frames, mean over scenes, objects and frames."""
        if trajectories.shape[1] < 2:
            raise InputError("a trajectory of one frame has nothing to predict: give 2 frames or more")
        predicted = self.predictions(trajectories[:, :-1], given)
        return negative_log_likelihood(predicted, trajectories[:, 1:], self.config.variance)

    def _rows(self, frames: Tensor) -> Tensor:
        """[B, F, N, D] -> [R, F, G, D]."""
        count, features = frames.shape[2:]
        if self.config.joint and count != self.objects:
            raise InputError(f"this joint LSTM was built for {self.objects} objects, not {count}: build another")
        if features != self.features:
            raise InputError(f"this LSTM was built for {self.features} features an object, not {features}")
        return frames if self.config.joint else frames.transpose(1, 2).flatten(0, 1)[:, :, None]

    def _scenes(self, rows: Tensor, scenes: int) -> Tensor:
        """[R, P, G, D] -> [B, P, N, D], the inverse of _rows."""
        return rows if self.config.joint else rows[:, :, 0].unflatten(0, (scenes, -1)).transpose(1, 2)
