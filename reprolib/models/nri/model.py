"""Neural relational inference (Kipf et al. 2018, section 3): encoder, sampled graph and decoder, trained as one.

B scenes, T frames, N objects, D features, K edge types, S starting frames.
"""

import torch
from torch import Tensor, nn

from reprolib.data.square_views import turned_motion
from reprolib.errors import InputError
from reprolib.models.finite_values import check_finite
from reprolib.models.nri import latent
from reprolib.models.nri.decoders import DECODERS, RecurrentDecoder
from reprolib.models.nri.encoders import ENCODERS
from reprolib.settings.moving import EdgeClassifierModel, NRIModel

Batch = dict[str, Tensor]  # "trajectories" [B, T, N, D], "edges" [B, N, N - 1]


class GivenGraph(nn.Module):
    """A decoder on a graph that need not be inferred: the true one, or all edges on.

    `step` is the step of training that the loss is asked for; whoever trains a model with `peak` sets it.
    """

    step = 0

    def __init__(self, config: NRIModel, features: int, decoder: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        full = config.graph == "full"
        types, first_is_none = (1, False) if full else (config.types, config.first_is_none)
        self.decoder = decoder or DECODERS[config.decoder](
            features, config.decoder_width, types, first_is_none, config.decoder_dropout, config.dropout_in_evaluation
        )

    def types(self, batch: Batch) -> Tensor:
        """The graph of a batch: [B, N, N - 1, K].

        Raises:
            InputError: the edges are not one type a scene, receiver and sender.
        """
        edges, objects = batch["edges"], batch["trajectories"].shape[2]
        if edges.shape[1:] != (objects, objects - 1):
            raise InputError(f"edges has the shape {list(edges.shape)}: give [any, {objects}, {objects - 1}]")
        if self.config.graph == "full":
            return torch.ones(*edges.shape, 1, device=edges.device)
        return nn.functional.one_hot(edges, self.config.types).float()

    def forward(self, trajectories: Tensor, types: Tensor) -> Tensor:
        """The frame after each of the first T - 1: [B, T, N, D] and types [B, N, N - 1, K] -> [B, T - 1, N, D]."""
        check_finite(trajectories, "trajectories", objects=2)
        return self._burnt_in(trajectories[:, :-1], types, 1)[0]

    def loss(self, batch: Batch) -> Tensor:
        """Negative log-likelihood of the trajectories."""
        return self.reconstruction(batch["trajectories"], self.types(batch))

    def reconstruction(self, trajectories: Tensor, types: Tensor) -> Tensor:
        """Negative log-likelihood of T - 1 frames per object, predicting `restart` steps from true frames."""
        predicted, target = self.predictions(trajectories, types, self.config.restart)
        return (trajectories.shape[1] - 1) * self._negative_log_likelihood(predicted, target)

    def _negative_log_likelihood(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Of a frame of an object: under the paper's Gaussian, or late in training, with `peak`, the peaked density."""
        config = self.config
        if config.peak is None or self.step < config.peak_from:
            return latent.negative_log_likelihood(predicted, target, config.variance)
        return latent.peaked_negative_log_likelihood(predicted, target, config.peak, config.peak_variance)

    def predictions(self, trajectories: Tensor, types: Tensor, restart: int) -> tuple[Tensor, Tensor]:
        """Predicted frames of a reconstruction and the true ones beside them, [..., N, D]."""
        if isinstance(self.decoder, RecurrentDecoder):
            given = trajectories[:, : _given(trajectories.shape[1], restart)]
            return self._burnt_in(given, types, trajectories.shape[1] - given.shape[1])[0], trajectories[:, 1:]
        return self._restarted(trajectories, types, self._starts(trajectories.shape[1], restart), restart)

    def _starts(self, frames: int, restart: int) -> list[int]:
        """Frames from which a prediction starts, ascending: S of them."""
        if self.config.windows is None or not self.training:
            return list(range(0, frames - 1, restart))
        return torch.randint(max(1, frames - restart), (self.config.windows,)).sort().values.tolist()

    def _restarted(self, trajectories: Tensor, types: Tensor, starts: list[int], restart: int) -> tuple[Tensor, Tensor]:
        """Predictions from several starting frames at once, as far as the truth goes."""
        scenes, frames = trajectories.shape[:2]
        types = types.repeat(len(starts), 1, 1, 1)  # [S B, N, N - 1, K]
        by_time = trajectories.unbind(1)  # T times [B, N, D]
        states, memory = torch.cat([by_time[start] for start in starts]), None  # [S B, N, D]
        predicted, target = [], []
        for step in range(1, min(restart, frames - 1 - starts[0]) + 1):
            later = [by_time[start + step] for start in starts if start + step < frames]
            rows = slice(len(later) * scenes)  # starts ascend, so those without a target come last
            states, memory = self.decoder(states[rows], types[rows], memory)
            predicted.append(states)
            target.append(torch.cat(later))
        return torch.cat(predicted), torch.cat(target)  # [B T', N, D]

    def _burnt_in(
        self, frames: Tensor, types: Tensor, steps: int, memory: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Predictions after every given frame, and of `steps` - 1 more frames, [B, F + steps - 1, N, D]; the memory.

        Args:
            memory: of a recurrent decoder before the first given frame; None: none yet.
        """
        memory, predicted = self.decoder.start(frames[:, 0]) if memory is None else memory, []
        for step in range(frames.shape[1] + steps - 1):
            states = frames[:, step] if step < frames.shape[1] else predicted[-1]
            states, memory = self.decoder(states, types, memory)
            predicted.append(states)
        return torch.stack(predicted, 1), memory

    def score(self, batch: Batch) -> Tensor:
        """One-step log-likelihood of a batch, the better the larger."""
        predicted, target = self.predictions(batch["trajectories"], self.types(batch), 1)
        return -latent.negative_log_likelihood(predicted, target, self.config.variance)

    def predict(self, frames: Tensor, steps: int, batch: Batch) -> Tensor:
        """The frames after the given ones, on the graph of the batch: [B, F, N, D] -> [B, steps, N, D]."""
        return self.rollout(frames, steps, self.types(batch))

    def rollout(self, frames: Tensor, steps: int, types: Tensor) -> Tensor:
        """The frames after the given ones: [B, F, N, D] and types [B, N, N - 1, K] -> [B, steps, N, D]."""
        check_finite(frames, "frames", objects=2)
        given = self._needed(frames)
        return self._burnt_in(given, types, steps)[0][:, given.shape[1] - 1 :]

    def _needed(self, frames: Tensor) -> Tensor:
        """What the decoder is given of all frames that are known: a recurrent one all, another one the last."""
        return frames if isinstance(self.decoder, RecurrentDecoder) else frames[:, -1:]


def _given(frames: int, restart: int) -> int:
    """How many of T frames training gives a recurrent decoder: 40 of 49 where `restart` is 10, as the official code."""
    return max(1, min(frames - 1, frames - restart + 1))


class NRI(GivenGraph):
    """The whole model: q(z | x) from the encoder, p(x | z) from the decoder.

    Args:
        frames: how many the encoder may read, the first of a trajectory that is longer; it reads `config.read` of them.

    Raises:
        InputError: it is to read more than that.
    """

    def __init__(self, config: NRIModel, frames: int, features: int, decoder: nn.Module | None = None) -> None:
        super().__init__(config, features, decoder)
        self.frames = config.read or frames
        if self.frames > frames:
            raise InputError(f"model.read is {config.read}: give at most {frames}, the frames that are known")
        self.encoder = ENCODERS[config.encoder](
            self.frames, features, config.width, config.types, config.dropout, config.aggregate
        )
        self.register_buffer("prior", latent.prior_of(config.prior, config.types), persistent=False)

    def forward(self, trajectories: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of all edges, and predicted frames: [B, T, N, D] -> [B, N, N - 1, K] and [B, T - 1, N, D].

        Every frame but the first is predicted from the true one before it, along the graph that `types` gives; in
        training along a sample, as in the loss.
        """
        logits = _logits(self.encoder, trajectories[:, : self.frames])
        types = self._chosen(logits)
        if self.training:
            types = latent.gumbel_softmax(logits, self.config.temperature, self.config.hard)
        return logits, super().forward(trajectories, types)

    def loss(self, batch: Batch) -> Tensor:
        """The negative evidence lower bound (equation 3): reconstruction and divergence from the prior."""
        logits = self.encoder(batch["trajectories"][:, : self.frames])
        types = latent.gumbel_softmax(logits, self.config.temperature, self.config.hard)
        return self.reconstruction(batch["trajectories"], types) + latent.divergence(logits, self.prior)

    def types(self, batch: Batch) -> Tensor:
        """The most likely graph, or with `sampled` one drawn from the encoder's distribution: [B, N, N - 1, K]."""
        return self._graph(batch["trajectories"][:, : self.frames])

    def _graph(self, trajectories: Tensor) -> Tensor:
        return self._chosen(_logits(self.encoder, trajectories))

    def _chosen(self, logits: Tensor) -> Tensor:
        if self.config.sampled:
            return latent.gumbel_softmax(logits, self.config.temperature, hard=True)
        return latent.one_hot(logits, self.config.types)

    def edges(self, trajectories: Tensor) -> Tensor:
        """The most likely type of every edge: [B, T, N, D] -> [B, N, N - 1]."""
        return _logits(self.encoder, trajectories[:, : self.frames]).argmax(-1)

    def predict(self, frames: Tensor, steps: int, batch: Batch) -> Tensor:
        """As for a given graph; with `reinfer` on one that is inferred anew at every step."""
        return self.reinferred(frames, steps) if self.config.reinfer else super().predict(frames, steps, batch)

    def reinferred(self, frames: Tensor, steps: int, true: Tensor | None = None) -> Tensor:
        """The frames after the given ones, [B, F, N, D] -> [B, steps, N, D], each on a graph of its own (section 5.2).

        The encoder reads the last frames before each step, given or predicted. A recurrent decoder keeps its memory.

        Args:
            true: what came after the given frames [B, steps, N, D], for the encoder to read in place of predictions,
                as it does in the released code: a view of the future that no prediction has.
        """
        seen, given, memory, predicted = frames, self._needed(frames), None, []
        for step in range(steps):
            new, memory = self._burnt_in(given, self._graph(seen[:, -self.frames :]), 1, memory)
            given = new[:, -1:]
            predicted.append(given)
            seen = torch.cat([seen, given if true is None else true[:, step : step + 1]], 1)
        return torch.cat(predicted, 1)


def _logits(encoder: nn.Module, trajectories: Tensor) -> Tensor:
    """Logits of all edges: [B, T, N, D] -> [B, N, N - 1, K].

    Raises:
        InputError: trajectories, or the logits, are not finite.
    """
    check_finite(trajectories, "trajectories", objects=2)
    logits = encoder(trajectories)
    check_finite(logits, "logits of the edges", objects=1)
    return logits


class EdgeClassifier(nn.Module):
    """The supervised baseline: the encoder trained on the true edges.

    Args:
        still: what a particle that rests in the middle has [D], where training sees its scenes turned and mirrored.
    """

    def __init__(self, config: EdgeClassifierModel, frames: int, features: int, still: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("still", still if config.views else None, persistent=False)
        self.encoder = ENCODERS[config.encoder](
            frames, features, config.width, config.types, config.dropout, config.aggregate
        )

    def forward(self, trajectories: Tensor) -> Tensor:
        """Logits of all edges: [B, T, N, D] -> [B, N, N - 1, K]."""
        return _logits(self.encoder, trajectories)

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the types, in another view of every scene where the model is trained on them."""
        seen = batch["trajectories"]
        if self.training and self.still is not None:
            seen = turned_motion(seen, self.still)
        return nn.functional.cross_entropy(self.encoder(seen).flatten(0, 2), batch["edges"].flatten())

    def edges(self, trajectories: Tensor) -> Tensor:
        """The most likely type of every edge: [B, T, N, D] -> [B, N, N - 1]."""
        return self(trajectories).argmax(-1)
