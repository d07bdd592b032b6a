"""Ours: modules that learn single steps from true frames along what a search finds by the same steps.

B scenes, F frames, N objects, D features, C assignments of a receiver, M scenes of the split.
"""

from abc import abstractmethod

import torch
from torch import Tensor

from reprolib.methods.structure_search import Search
from reprolib.models.modular.proposals import drawn
from reprolib.training.learner import Job, Moment


class StepsFromTruth(Search):
    """Structures and modules made better in turn, both by mean log(error + floor), which counts ordinary frames.

    Many frames of few scenes in a step serve better than the reverse: their scores are those of the modules of now.

    Modules that know single steps need not be good at many. In the last `follow` steps a copy of them learns rollouts
    of `restart` steps along the graphs that were found, by the paper's loss or, where all frames count `alike`, by the
    mean over these of the logarithm of theirs. The others stay as they are.
    """

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.training = job.training.parts[0]  # of the search

    @abstractmethod
    def searched(self, now: Tensor, after: Tensor, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Search once in frames [B, F, N, D] and those after them, and keep what is found: structures [B, N, N - 1]."""

    @abstractmethod
    def best(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """The best structures so far of the scenes of a batch: [B, N, N - 1]."""

    def loss(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Choose structures and let the modules follow them; in the end, let a copy of the modules predict."""
        if moment.step >= self.training.steps:
            return self._rolled(moment, self.best(moment, examples))
        network, count = self.job.model.network, self.training.frames
        now, after = self._windows(moment, count, 1)
        after = after.squeeze(2)  # [B, F, N, D], as now
        structures = self.searched(now, after, moment, examples)
        predicted = network(now.flatten(0, 1), structures.repeat_interleave(count, 0))
        floor = self.training.least_error_at(moment.step)
        return ((predicted - after.flatten(0, 1)).square().mean(-1) + floor).log().mean()

    def _rolled(self, moment: Moment, structures: Tensor) -> Tensor:
        """What rollouts err by, from as many true frames as cost what a step of the search does."""
        model, steps = self.job.model, self.job.model.config.restart
        if moment.step == self.training.steps:
            model.predictor.load_state_dict(model.network.state_dict())
        count = max(1, self.training.frames // steps)
        now, after = self._windows(moment, count, steps)  # [B, F, N, D], [B, F, steps, N, D]
        along = structures.repeat_interleave(count, 0)
        predicted = model.predictor.rollout(now.flatten(0, 1), along, steps)  # [B F, steps, N, D]
        errors = (predicted - after.flatten(0, 1)).square().mean((0, 2, 3))  # [steps]
        return errors.log().mean() if self.training.alike else errors.mean()

    def _windows(self, moment: Moment, count: int, steps: int) -> tuple[Tensor, Tensor]:
        """Frames of every scene, drawn anew, [B, count, N, D], and so many after each, [B, count, steps, N, D]."""
        trajectories = self.job.data.columns["trajectories"]
        first = torch.randint(trajectories.shape[1] - steps, (len(moment.rows), count), generator=moment.generator)
        frames = (first[..., None] + torch.arange(steps + 1)).to(moment.rows.device)  # [B, count, steps + 1]
        found = trajectories[moment.rows[:, None, None], frames]  # [B, count, steps + 1, N, D]
        return found[:, :, 0], found[:, :, 1:]

    def chosen(self, scores: Tensor, moment: Moment) -> Tensor:
        """One of the last dimension: the best, or while the temperature has not fallen a draw: [..., C] -> [...]."""
        warmth = self.training.warmth_at(moment.step)
        if not warmth:
            return scores.argmin(-1)
        return drawn(-scores / (warmth * scores.std(-1).mean()), moment.generator)
