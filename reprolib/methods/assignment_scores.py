"""Ours: structures drawn from running scores of all assignments of every receiver.

B scenes, F frames, N objects, D features, C assignments of a receiver, M scenes of the split.
"""

import torch
from torch import Tensor

from reprolib.methods.steps_from_truth import StepsFromTruth
from reprolib.models.modular.receivers import assembly, errors, least
from reprolib.training.learner import Moment


class AssignmentScores(StepsFromTruth):
    """The examples' "scores" [M, N, C] are a moving average for every scene and receiver.

    While the temperature falls, a structure is drawn from softmax(-score / temperature); then the best is taken.
    """

    def start(self) -> dict[str, Tensor]:
        """Equal scores."""
        scenes, objects = self.job.data.columns["trajectories"].shape[::2]
        config, device = self.job.model.config, self.job.device
        self.structures = assembly(objects, config.modules, config.symmetric, device)  # of scores
        return {"scores": torch.zeros(scenes, objects, config.modules ** (objects - 1), device=device)}

    def searched(self, now: Tensor, after: Tensor, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Score all assignments and choose one for every receiver, or with `symmetric` one graph."""
        floor = self.training.least_error_at(moment.step)
        every = errors(self.job.model.network, now.flatten(0, 1), after.flatten(0, 1))
        new = (every.unflatten(0, now.shape[:2]) + floor).log().mean(1)  # [B, N, C]
        scores = examples["scores"][moment.rows].lerp(new, 1 - self.training.decay)
        examples["scores"][moment.rows] = scores
        return self.structures(scores, lambda scores: self.chosen(scores, moment))

    def best(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Of the best scores."""
        return self.structures(examples["scores"][moment.rows], least)
