"""Ours, for many senders: a structure of every scene, drawn anew at a block of senders after the other.

B scenes, F frames, N objects, D features, M scenes of the split.
"""

import torch
from torch import Tensor

from reprolib.methods.steps_from_truth import StepsFromTruth
from reprolib.models.modular.annealing import random_structures
from reprolib.models.modular.sender_blocks import Receivers
from reprolib.training.learner import Moment


class BlockDraws(StepsFromTruth):
    """The examples' "structures" [M, N, N - 1] are kept between epochs.

    Whenever a scene is met, each of its receivers meets every sender once, `senders` of them together: their assignment
    is drawn from softmax(-score / temperature) while the others keep theirs. Once the temperature has fallen the best
    is taken, and so is what a guess by least squares leads to where it is better.
    """

    def start(self) -> dict[str, Tensor]:
        """Random structures, every module as likely."""
        scenes, objects = self.job.data.columns["trajectories"].shape[::2]
        return {"structures": random_structures(scenes, objects, self.job.model.config.modules).to(self.job.device)}

    def searched(self, now: Tensor, after: Tensor, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """One sweep over all senders of every receiver."""
        size, generator = self.training.senders, moment.generator
        receivers = Receivers(self.job.model.network, now, after, self.training.least_error_at(moment.step))
        structures, scores = receivers.swept(
            examples["structures"][moment.rows], size, generator, lambda scores: self.chosen(scores, moment)
        )  # [B, N, N - 1], [B, N]
        if not self.training.warmth_at(moment.step):
            others, theirs = receivers.swept(receivers.guessed(), size, generator)
            structures = torch.where((theirs < scores)[..., None], others, structures)
        examples["structures"][moment.rows] = structures
        return structures

    def best(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Those that are kept."""
        return examples["structures"][moment.rows]
