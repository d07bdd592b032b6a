"""The unseen object: how modules are trained on true structures, and how well its states are found (Alet et al. 2019).

M scenes, T frames, N objects, D features, G guesses a scene.
"""

import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import Figure, accuracy, average
from reprolib.models.modular.unseen import MeanState, UnseenObject, hide
from reprolib.settings.data_sets import FRAMES
from reprolib.settings.searching import MeanStateModel
from reprolib.training.learner import Job, Learner

AT_ONCE = 50  # scenes scored at once
FOUND = 1e-3  # mean squared error of a state that counts as found: 3 hundredths of half the range of a feature


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row.

    Raises:
        InputError: fewer edge modules than types of edges.
    """
    columns = [split.columns for split in data.splits.values()]
    if isinstance(config.model, MeanStateModel):
        return MeanState(data.splits["train"].columns["trajectories"])
    types = 1 + max(int(each["edges"].max()) for each in columns)
    if config.model.modules < types:
        raise InputError(f"model.modules is {config.model.modules}, but edges have {types} types: give {types} or more")
    return UnseenObject(config.model, data.facts["features"])


def learner() -> Learner:
    """Gradient descent of the modules along true structures."""
    return UnseenLearner(lambda model, batch: model.misfit(batch["trajectories"], batch["edges"]).mean())


class UnseenLearner(Learner):
    """Trains the modules; of test scenes it hides an object and lets the model guess where it was.

    Raises:
        InputError: trajectories that are not finite.
    """

    def begin(self, job: Job) -> None:
        """Take the job."""
        if not job.data.columns["trajectories"].isfinite().all():
            raise InputError("a trajectory holds a number that is not finite: leave that scene out")
        super().begin(job)

    def adapt(self, model: nn.Module, split: Split, generator: torch.Generator) -> Split:
        """Of scenes that go on after the frames of training, as those of a test do: which object is hidden [M], what is
        guessed of it [M, G, T, D], and how well that explains the visible ones [M, G].

        The objects are drawn before anything else, so that they are the same for every model.
        """
        trajectories, edges = split.columns["trajectories"], split.columns["edges"]
        if trajectories.shape[1] == FRAMES:
            return split
        hidden = torch.randint(trajectories.shape[2], (len(split),), generator=generator).to(edges.device)
        guessed = model.guess(hide(trajectories[:, :FRAMES], edges, hidden), generator)
        told = {"hidden": hidden, "guesses": guessed.states, "missed": guessed.errors}
        return Split(split.columns | told, split.tables, split.released_as)


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Mean squared errors of the hidden object's states in the frames observed; of scenes of training length a score.

    Among guesses the one counts that explains the visible objects best. An object without an edge of type 1 does
    nothing to the others, so that its state cannot be known: `mse/unseen_state` leaves such scenes out, and
    `mse/unseen_state_all` has them.
    """
    trajectories, edges = split.columns["trajectories"], split.columns["edges"]
    if "hidden" not in split.columns:
        parts = zip(trajectories.split(AT_ONCE), edges.split(AT_ONCE), strict=True)
        return {"score": -float(torch.cat([model.misfit(*part) for part in parts]).double().mean())}
    rows, hidden = torch.arange(len(split), device=edges.device), split.columns["hidden"]
    true, joins = trajectories[rows, :FRAMES, hidden], (edges[rows, hidden] == 1).sum(1)  # [M, T, D], [M]
    errors = (split.columns["guesses"] - true[:, None]).square().mean(3)  # [M, G, T]
    missed = split.columns["missed"]
    chosen = chosen_of(missed, errors)
    return _figures(chosen, joins) | _by_guesses(missed[joins > 0], errors[joins > 0])


def chosen_of(missed: Tensor, values: Tensor) -> Tensor:
    """What belongs to the guess with the least error of the visible objects: [M, G] and [M, G, ...] -> [M, ...]."""
    return values[torch.arange(len(values), device=values.device), missed.argmin(1)]


def _figures(errors: Tensor, joins: Tensor) -> dict[str, float]:
    """Figures of the errors [M, T] of objects with so many edges [M]."""
    of_scenes, joined = errors.mean(1), joins > 0
    return {
        "mse/unseen_state": average(of_scenes[joined]),
        "mse/unseen_state_all": average(of_scenes),
        "mse/unseen_start": average(errors[joined, 0]),
        "mse/unseen_median": float(of_scenes[joined].median()),
        "accuracy/found": accuracy(of_scenes[joined] < FOUND),
    } | {f"mse/unseen_with_{count}": average(of_scenes[joins == count]) for count in joins.unique().tolist()}


def _by_guesses(missed: Tensor, errors: Tensor) -> dict[str, Figure]:
    """The error where only the first 1, 2, 4, ... guesses are made."""
    counts = [2**power for power in range(missed.shape[1].bit_length())]
    return {f"mse/unseen_of_{count}_guesses": average(chosen_of(missed[:, :count], errors).mean(1)) for count in counts}
