"""Ours: structures drawn from running scores of all assignments of every receiver.

B scenes, F frames, N objects, D features, C assignments of a receiver, M scenes of the split.
"""

import torch
from torch import Tensor

from reprolib.methods.structure_search import Search
from reprolib.models.modular.proposals import drawn
from reprolib.models.modular.receivers import assignments, errors
from reprolib.training.learner import Moment


class AssignmentScores(Search):
    """Structures and modules made better in turn, both by mean log(error + floor), which counts ordinary frames.

    The examples' "scores" [M, N, C] are a moving average for every scene and receiver. While the temperature falls, a
    structure is drawn from softmax(-score / temperature); then the best is taken. Many frames of few scenes in a step
    serve better than the reverse: their scores are those of the modules of now.

    Modules that know single steps need not be good at many. In the last `follow` steps a copy of them learns rollouts
    of `restart` steps along the graphs that were found, by the paper's loss. The others stay as they are.
    """

    def start(self) -> dict[str, Tensor]:
        """Equal scores."""
        scenes, objects = self.job.data.columns["trajectories"].shape[::2]
        self.training = self.job.training.parts[0]  # of the search
        self.around = assignments(objects - 1, self.job.model.config.modules, self.job.device)  # [C, N - 1]
        return {"scores": torch.zeros(scenes, objects, len(self.around), device=self.job.device)}

    def loss(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Score all assignments, choose one, and let the modules follow it; in the end, let a copy of them predict."""
        if moment.step >= self.training.steps:
            return self._rolled(moment, examples["scores"])
        network, training = self.job.model.network, self.training
        floor, count = training.least_error_at(moment.step), training.frames
        now, after = self._windows(moment, count, 1)
        after = after.squeeze(1)  # [B F, N, D], as now
        every = errors(network, now, after).unflatten(0, (-1, count))  # [B, F, N, C]
        scores = examples["scores"][moment.rows].lerp((every + floor).log().mean(1), 1 - training.decay)  # [B, N, C]
        examples["scores"][moment.rows] = scores
        structures = self.around[self._chosen(scores, moment)]  # [B, N, N - 1]
        predicted = network(now, structures.repeat_interleave(count, 0))
        return ((predicted - after).square().mean(-1) + floor).log().mean()

    def _rolled(self, moment: Moment, scores: Tensor) -> Tensor:
        """Mean squared error of rollouts from as many true frames as cost what a step of the search does."""
        model, steps = self.job.model, self.job.model.config.restart
        if moment.step == self.training.steps:
            model.predictor.load_state_dict(model.network.state_dict())
        count = max(1, self.training.frames // steps)
        now, after = self._windows(moment, count, steps)  # [B F, N, D], [B F, steps, N, D]
        structures = self.around[scores[moment.rows].argmin(-1)].repeat_interleave(count, 0)
        return (model.predictor.rollout(now, structures, steps) - after).square().mean()

    def _windows(self, moment: Moment, count: int, steps: int) -> tuple[Tensor, Tensor]:
        """Frames of every scene, drawn anew, [B count, N, D], and so many after each, [B count, steps, N, D]."""
        trajectories = self.job.data.columns["trajectories"]
        first = torch.randint(trajectories.shape[1] - steps, (len(moment.rows), count), generator=moment.generator)
        frames = (first[..., None] + torch.arange(steps + 1)).to(moment.rows.device)  # [B, count, steps + 1]
        found = trajectories[moment.rows[:, None, None], frames].flatten(0, 1)  # [B count, steps + 1, N, D]
        return found[:, 0], found[:, 1:]

    def _chosen(self, scores: Tensor, moment: Moment) -> Tensor:
        """An assignment for every receiver: [B, N, C] -> [B, N]."""
        warmth = self.training.warmth_at(moment.step)
        if not warmth:
            return scores.argmin(-1)
        return drawn(-scores / (warmth * scores.std(-1).mean()), moment.generator)
