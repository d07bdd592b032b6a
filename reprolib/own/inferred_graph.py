"""What an inference gives: the graph of every scene, and what speaks for it.

S scenes, N objects, K edge types. Edges are dense and receiver-major, [S, N, N - 1]: row i has the senders to object i
in ascending order, without itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from reprolib.data.simulations import senders
from reprolib.errors import InputError
from reprolib.own.graph_methods import AUTO, METHODS
from reprolib.own.held_out import ErrorLine, Verdict
from reprolib.own.states import CHANGES
from reprolib.own.tracks import Tracks
from reprolib.settings.declared import AtLeast, Count, OneOf, Positive, Settings
from reprolib.settings.moving import MOST_TYPES


@dataclass(frozen=True)
class Inference(Settings):
    """What is asked for."""

    types: Annotated[int, AtLeast(2, MOST_TYPES)] = 2  # of edges; the first is no interaction
    method: Annotated[str, OneOf(AUTO, *METHODS)] = AUTO
    minutes: Positive = 4.0  # for everything
    steps: Count | None = None  # of training each model, in place of what the minutes allow
    held_out: Annotated[float, AtLeast(0.01, 0.9)] = 0.2  # share of the scenes, at least one
    seeds: Annotated[int, AtLeast(1, 10)] = 2
    changes: Annotated[str, OneOf(*CHANGES)] = "auto"  # which changes are part of a state, see `states`

    def refused(self, name: str, remedy: str) -> InputError:
        """Options go by their own names."""
        return InputError(f"{name} is {getattr(self, name)!r}: {remedy}")


@dataclass(frozen=True, eq=False)
class Inferred:
    """The graph of every scene."""

    tracks: Tracks
    asked: Inference
    method: str  # that was taken
    probabilities: np.ndarray  # float32 [S, N, N - 1, K], mean over seeds
    agreement: (
        np.ndarray
    )  # float32 [S, N, N - 1], share of the seeds for which the most likely type is that of the mean
    known: np.ndarray  # bool [S, N, N - 1], whether both objects are there in the frames that were read
    held_out: np.ndarray  # bool [S]
    errors: tuple[ErrorLine, ...]  # of held-out scenes
    verdict: Verdict
    stability: float | None  # percent of the edges on whose type all seeds agree; None: there is one seed
    accuracy: dict[str, float] | None  # percent of the edges that are right, where the true ones are given
    changes: tuple[str, ...]  # features whose changes were part of a state
    read: int  # first states, from which graphs were inferred
    steps: int  # of training each model
    seconds: float
    doubts: tuple[str, ...]  # sentences

    @property
    def types(self) -> np.ndarray:
        """The most likely type of every edge [S, N, N - 1]; 0 is no interaction, -1 that an object is not there."""
        return np.where(self.known, self.probabilities.argmax(-1), -1)

    def edges(self) -> Iterator[tuple[tuple[int, int, int], str, str, str]]:
        """Every known edge: its place in the arrays, and the names of its scene, its receiver and its sender."""
        sending = senders(self.known.shape[1])
        for scene, receiver, place in np.argwhere(self.known).tolist():
            names = self.tracks.objects[scene]
            ends = names[receiver], names[sending[receiver, place]]
            yield (scene, receiver, place), self.tracks.scenes[scene], *ends

    def mean_graph(self) -> dict[tuple[str, str], float]:
        """The mean probability of an interaction over the scenes that hold (sender, receiver), by their names."""
        sums: dict[tuple[str, str], list[float]] = {}
        acting = 1 - self.probabilities[..., 0]
        for place, _, receiver, sender in self.edges():
            sums.setdefault((sender, receiver), []).append(float(acting[place]))
        return {pair: sum(found) / len(found) for pair, found in sums.items()}
