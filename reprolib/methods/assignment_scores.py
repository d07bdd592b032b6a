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
    """

    def start(self) -> dict[str, Tensor]:
        """Equal scores."""
        scenes, objects = self.job.data.columns["trajectories"].shape[::2]
        self.around = assignments(objects - 1, self.job.model.config.modules, self.job.device)  # [C, N - 1]
        return {"scores": torch.zeros(scenes, objects, len(self.around), device=self.job.device)}

    def loss(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Score all assignments, choose one, and let the modules follow it."""
        network, training = self.job.model.network, self.job.training
        floor, count = training.least_error_at(moment.step), training.frames
        now, after = self._frames(moment)  # [B F, N, D] twice
        every = errors(network, now, after).unflatten(0, (-1, count))  # [B, F, N, C]
        scores = examples["scores"][moment.rows].lerp((every + floor).log().mean(1), 1 - training.decay)  # [B, N, C]
        examples["scores"][moment.rows] = scores
        structures = self.around[self._chosen(scores, moment)]  # [B, N, N - 1]
        predicted = network(now, structures.repeat_interleave(count, 0))
        return ((predicted - after).square().mean(-1) + floor).log().mean()

    def _frames(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """Frames of every scene, drawn anew, and those after them."""
        trajectories, count = self.job.data.columns["trajectories"], self.job.training.frames
        frames = torch.randint(trajectories.shape[1] - 1, (len(moment.rows), count), generator=moment.generator)
        scenes, frames = moment.rows[:, None].expand(-1, count), frames.to(moment.rows.device)
        return trajectories[scenes, frames].flatten(0, 1), trajectories[scenes, frames + 1].flatten(0, 1)

    def _chosen(self, scores: Tensor, moment: Moment) -> Tensor:
        """An assignment for every receiver: [B, N, C] -> [B, N]."""
        warmth = self.job.training.warmth_at(moment.step)
        if not warmth:
            return scores.argmin(-1)
        return drawn(-scores / (warmth * scores.std(-1).mean()), moment.generator)
