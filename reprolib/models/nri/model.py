"""Neural relational inference (Kipf et al. 2018, section 3): encoder, sampled graph and decoder, trained as one.

Objects may be absent part of the time. A batch then says who is "present", bool [B, T, N]. In a prediction from frame s
an object counts at frame t while it was present in all of s to t: after that nobody hears it, and its error is left
out. Absent objects may have any finite numbers. The MLP decoder alone can do this.

B scenes, T frames, N objects, D features, K edge types, S starting frames, C objects and frames that count.
"""

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.models.finite_values import check_finite
from reprolib.models.nri import latent
from reprolib.models.nri.decoders import DECODERS, RecurrentDecoder
from reprolib.models.nri.encoders import ENCODERS, edge_logits, sent
from reprolib.settings.moving import NRIModel

Batch = dict[str, Tensor]  # "trajectories" [B, T, N, D], "edges" [B, N, N - 1], "present" [B, T, N]


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

    def forward(self, trajectories: Tensor, types: Tensor, present: Tensor | None = None) -> Tensor:
        """The frame after each of the first T - 1: [B, T, N, D] and types [B, N, N - 1, K] -> [B, T - 1, N, D].

        Args:
            present: who is there, bool [B, T, N]; None: all.
        """
        check_finite(trajectories, "trajectories", objects=2)
        self._check_mask(present)
        given = trajectories[:, :-1]
        if present is None:
            return self._burnt_in(given, types, 1)[0]
        along = _heard(types.repeat_interleave(given.shape[1], 0), present[:, :-1].flatten(0, 1))
        states, _ = self.decoder(given.flatten(0, 1), along, None)  # [B (T - 1), N, D]
        return states.view_as(given)

    def loss(self, batch: Batch) -> Tensor:
        """Negative log-likelihood of the trajectories."""
        return self.reconstruction(batch["trajectories"], self.types(batch), batch.get("present"))

    def reconstruction(self, trajectories: Tensor, types: Tensor, present: Tensor | None = None) -> Tensor:
        """Negative log-likelihood of T - 1 frames per object, predicting `restart` steps from true frames."""
        predicted, target = self.predictions(trajectories, types, self.config.restart, present)
        return (trajectories.shape[1] - 1) * self._negative_log_likelihood(predicted, target)

    def _negative_log_likelihood(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Of a frame of an object: under the paper's Gaussian, or late in training, with `peak`, the peaked density."""
        config = self.config
        if config.peak is None or self.step < config.peak_from:
            return latent.negative_log_likelihood(predicted, target, config.variance)
        return latent.peaked_negative_log_likelihood(predicted, target, config.peak, config.peak_variance)

    def predictions(
        self, trajectories: Tensor, types: Tensor, restart: int, present: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Predicted frames of a reconstruction and the true ones beside them, [..., N, D]; of what is `present` [C, D].

        Raises:
            InputError: a recurrent decoder, where some objects are absent.
        """
        self._check_mask(present)
        if isinstance(self.decoder, RecurrentDecoder):
            given = trajectories[:, : _given(trajectories.shape[1], restart)]
            return self._burnt_in(given, types, trajectories.shape[1] - given.shape[1])[0], trajectories[:, 1:]
        starts = self._starts(trajectories.shape[1], restart, present)
        return self._restarted(trajectories, types, starts, restart, present)

    def _check_mask(self, present: Tensor | None) -> None:
        if present is not None and isinstance(self.decoder, RecurrentDecoder):
            raise InputError("a recurrent decoder remembers absent objects: set model.decoder to mlp")

    def _starts(self, frames: int, restart: int, present: Tensor | None) -> list[int]:
        """Frames from which a prediction starts, ascending: S of them; drawn ones have somebody to predict."""
        if self.config.windows is None or not self.training:
            return list(range(0, frames - 1, restart))
        last, shape = max(1, frames - restart), (self.config.windows,)
        if present is None:
            return torch.randint(last, shape).sort().values.tolist()
        known = (present[:, :-1] & present[:, 1:]).any(2).any(0).nonzero()[:, 0]  # frames with a step to learn from
        known = known[known < last] if bool((known < last).any()) else known
        return known[torch.randint(len(known), shape)].sort().values.tolist()

    def _restarted(
        self, trajectories: Tensor, types: Tensor, starts: list[int], restart: int, present: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Predictions from several starting frames at once, as far as the truth goes."""
        scenes, frames = trajectories.shape[:2]
        types = types.repeat(len(starts), 1, 1, 1)  # [S B, N, N - 1, K]
        by_time = trajectories.unbind(1)  # T times [B, N, D]
        states, memory = torch.cat([by_time[start] for start in starts]), None  # [S B, N, D]
        predicted, target, counted = [], [], []
        for step in range(1, min(restart, frames - 1 - starts[0]) + 1):
            going = [start for start in starts if start + step < frames]
            rows = slice(len(going) * scenes)  # starts ascend, so those without a target come last
            along = types[rows] if present is None else _heard(types[rows], _stayed(present, going, step - 1))
            states, memory = self.decoder(states[rows], along, memory)
            predicted.append(states)
            target.append(torch.cat([by_time[start + step] for start in going]))
            if present is not None:
                counted.append(_stayed(present, going, step))
        predicted, target = torch.cat(predicted), torch.cat(target)  # [B T', N, D]
        return (predicted[torch.cat(counted)], target[torch.cat(counted)]) if counted else (predicted, target)

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
        predicted, target = self.predictions(batch["trajectories"], self.types(batch), 1, batch.get("present"))
        return -latent.negative_log_likelihood(predicted, target, self.config.variance)

    def predict(self, frames: Tensor, steps: int, batch: Batch) -> Tensor:
        """The frames after the given ones, on the graph of the batch: [B, F, N, D] -> [B, steps, N, D]."""
        return self.rollout(frames, steps, self.types(batch), batch.get("present"))

    def rollout(self, frames: Tensor, steps: int, types: Tensor, present: Tensor | None = None) -> Tensor:
        """The frames after the given ones: [B, F, N, D] and types [B, N, N - 1, K] -> [B, steps, N, D].

        Args:
            present: who is there, bool [B, F, N]; whoever is in the last given frame stays, as nobody knows better.
        """
        check_finite(frames, "frames", objects=2)
        self._check_mask(present)
        given, along = self._needed(frames), types if present is None else _heard(types, present[:, -1])
        return self._burnt_in(given, along, steps)[0][:, given.shape[1] - 1 :]

    def _needed(self, frames: Tensor) -> Tensor:
        """What the decoder is given of all frames that are known: a recurrent one all, another one the last."""
        return frames if isinstance(self.decoder, RecurrentDecoder) else frames[:, -1:]


def _given(frames: int, restart: int) -> int:
    """How many of T frames training gives a recurrent decoder: 40 of 49 where `restart` is 10, as the official code."""
    return max(1, min(frames - 1, frames - restart + 1))


def _stayed(present: Tensor, starts: list[int], steps: int) -> Tensor:
    """Who was present all the way from each starting frame to `steps` frames later: [B, T, N] -> [S B, N]."""
    return torch.cat([present[:, start : start + steps + 1].all(1) for start in starts])


def _heard(types: Tensor, present: Tensor) -> Tensor:
    """No type, and so no message, on edges whose sender is absent: [B, N, N - 1, K] and [B, N]."""
    return types * sent(present)[..., None]


class NRI(GivenGraph):
    """The whole model: q(z | x) from the encoder, p(x | z) from the decoder.

    Args:
        frames: how many the encoder may read, the first of a trajectory that is longer; it reads `config.read` of them.
        masked: batches say who is present. The encoder reads absent objects as zeros, and presence as one more feature;
            one that is absent in all frames that it reads has no say in the edges of others.

    Raises:
        InputError: it is to read more than that.

    Examples:
        >>> import torch
        >>> from reprolib import NRI, NRIModel, fit, simulate
        >>> _ = torch.manual_seed(0)
        >>> paths = torch.from_numpy(simulate("springs", 40, frames=20).trajectories)  # [B, T, N, D]
        >>> model = NRI(NRIModel(width=16, decoder_width=16), frames=20, features=4)
        >>> trained = fit(model, NRI.loss, {"trajectories": paths}, steps=10)
        >>> logits, predicted = model(paths)  # of every edge's types; the frames after the first 19
        >>> logits.shape, predicted.shape
        (torch.Size([40, 5, 4, 2]), torch.Size([40, 19, 5, 4]))
        >>> model.edges(paths).shape  # scenes, receivers, senders: as the edges of the simulation
        torch.Size([40, 5, 4])
    """

    def __init__(
        self, config: NRIModel, frames: int, features: int, decoder: nn.Module | None = None, masked: bool = False
    ) -> None:
        super().__init__(config, features, decoder)
        self.frames, self.masked = config.read or frames, masked
        if self.frames > frames:
            raise InputError(f"model.read is {config.read}: give at most {frames}, the frames that are known")
        self.encoder = ENCODERS[config.encoder](
            self.frames, features + masked, config.width, config.types, config.dropout, config.aggregate
        )
        self.register_buffer("prior", latent.prior_of(config.prior, config.types), persistent=False)

    def forward(self, trajectories: Tensor, present: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits of all edges, and predicted frames: [B, T, N, D] -> [B, N, N - 1, K] and [B, T - 1, N, D].

        Every frame but the first is predicted from the true one before it, along the graph that `types` gives; in
        training along a sample, as in the loss.

        Args:
            present: who is there, bool [B, T, N], of a `masked` model.
        """
        logits = self.logits(trajectories, present)
        types = self._chosen(logits)
        if self.training:
            types = latent.gumbel_softmax(logits, self.config.temperature, self.config.hard)
        return logits, super().forward(trajectories, types, present)

    def loss(self, batch: Batch) -> Tensor:
        """The negative evidence lower bound (equation 3): reconstruction and divergence from the prior."""
        trajectories, present = batch["trajectories"], batch.get("present")
        logits = self.encoder(*self.seen(trajectories, present))
        types = latent.gumbel_softmax(logits, self.config.temperature, self.config.hard)
        there = None if present is None else present[:, : self.frames].any(1)  # [B, N]
        return self.reconstruction(trajectories, types, present) + latent.divergence(logits, self.prior, there)

    def logits(self, trajectories: Tensor, present: Tensor | None = None) -> Tensor:
        """Of every edge's types, from the frames that the encoder reads: [B, T, N, D] -> [B, N, N - 1, K].

        Args:
            present: who is there, bool [B, T, N], of a `masked` model.

        Raises:
            InputError: it is lacking, or the model is not masked; trajectories, or the logits, are not finite.
        """
        return edge_logits(self.encoder, *self.seen(trajectories, present))

    def seen(self, trajectories: Tensor, present: Tensor | None) -> tuple[Tensor, ...]:
        """What the encoder is given: the frames that it reads, and of a `masked` model whoever is there in any."""
        if (present is not None) != self.masked:
            raise InputError("only an NRI with masked=True takes who is present, and it has to be told")
        seen = trajectories[:, : self.frames]
        if present is None:
            return (seen,)
        here = present[:, : self.frames, :, None]  # [B, F, N, 1]
        return torch.cat([seen.where(here, 0), here.to(seen.dtype)], -1), here.any(1)[..., 0]

    def types(self, batch: Batch) -> Tensor:
        """The most likely graph, or with `sampled` one drawn from the encoder's distribution: [B, N, N - 1, K]."""
        return self._graph(batch["trajectories"], batch.get("present"))

    def _graph(self, trajectories: Tensor, present: Tensor | None) -> Tensor:
        return self._chosen(self.logits(trajectories, present))

    def _chosen(self, logits: Tensor) -> Tensor:
        if self.config.sampled:
            return latent.gumbel_softmax(logits, self.config.temperature, hard=True)
        return latent.one_hot(logits, self.config.types)

    def edges(self, trajectories: Tensor, present: Tensor | None = None) -> Tensor:
        """The most likely type of every edge: [B, T, N, D] and presence [B, T, N] -> [B, N, N - 1]."""
        return self.logits(trajectories, present).argmax(-1)

    def predict(self, frames: Tensor, steps: int, batch: Batch) -> Tensor:
        """As for a given graph; with `reinfer` on one that is inferred anew at every step, where nobody is absent."""
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
            new, memory = self._burnt_in(given, self._graph(seen[:, -self.frames :], None), 1, memory)
            given = new[:, -1:]
            predicted.append(given)
            seen = torch.cat([seen, given if true is None else true[:, step : step + 1]], 1)
        return torch.cat(predicted, 1)
