"""BounceGrad (Alet et al. 2019, section 4): gradient steps of the modules between annealing steps of the structures.

B scenes, N objects, K edge modules, M scenes of the split.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.methods.structure_search import Search
from reprolib.models.modular.annealing import Cooling, bounce, random_structures
from reprolib.training import parallel
from reprolib.training.learner import Job, Moment

MOMENTUM = 0.9  # of the gradient descent of a learned proposal


class BounceGrad(Search):
    """As printed: one proposal a scene an epoch, then a gradient step along what is kept.

    The examples' "structures" [M, N, N - 1] persist between epochs. A learned proposal is trained on those that are
    kept, by cross-entropy.
    """

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.cooling, self.scenes, self.kept, self.teacher = Cooling(job.training.horizon), 0, 0, None
        if job.model.encoder is not None:
            self.teacher = torch.optim.SGD(job.model.encoder.parameters(), job.training.encoder_rate, MOMENTUM)

    def start(self) -> dict[str, Tensor]:
        """Random structures, every module as likely."""
        scenes, objects = self.job.data.columns["trajectories"].shape[::2]
        return {"structures": random_structures(scenes, objects, self.job.model.config.modules).to(self.job.device)}

    def loss(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """One proposal a scene; the sum of the scenes' errors, and the cross-entropy of a proposal that learns."""
        model, structures = self.job.model, examples["structures"]
        trajectories = self.job.data.columns["trajectories"][moment.rows]
        logits = None if model.encoder is None else model.encoder(trajectories)  # [B, N, N - 1, K]
        structures[moment.rows] = kept = self._bounced(trajectories, structures[moment.rows], logits, moment)
        self.errors = model.errors(trajectories, kept)  # [B]
        if logits is None:
            return self.errors.sum()
        return self.errors.sum() + nn.functional.cross_entropy(logits.float().flatten(0, 2), kept.flatten())

    @torch.no_grad()
    def _bounced(self, trajectories: Tensor, structures: Tensor, logits: Tensor | None, moment: Moment) -> Tensor:
        """The structures that are kept of those of the batch and one proposal for each."""
        model, propose = self.job.model, self.job.model.proposal(trajectories, logits)
        energies = model.errors(trajectories, structures)

        def energy(tried: Tensor) -> Tensor:
            return model.errors(trajectories, tried)

        after = bounce(structures, energies, energy, propose, self.cooling.temperature, moment.generator)
        self.cooling.see(after.worse, after.accepted)
        self.scenes, self.kept = self.scenes + len(structures), self.kept + int(after.accepted.sum())
        return after.structures

    def stepped(self, loss: Tensor) -> Tensor:
        """One step of a proposal that learns; the mean error of a scene."""
        if self.teacher is not None:
            self.teacher.step()
            self.teacher.zero_grad(set_to_none=True)
        return self.errors.detach().mean()

    def end_of_epoch(self, epoch: int) -> None:
        """The temperature follows what the proposals of all workers have led to."""
        if parallel.count() > 1:
            seen = torch.tensor(self.cooling.seen, device=self.job.device)
            self.cooling.seen = parallel.mean(seen).tolist()
        self.cooling.end_of_epoch(epoch)

    def statistics(self) -> dict[str, float]:
        """The part of this worker's proposals that was kept since the last call, that of worsening ones lately, and the
        log of the temperature.
        """
        accepted = self.kept / max(1, self.scenes)
        self.scenes = self.kept = 0
        cooling = self.cooling
        return {"accepted": accepted, "accepted_worse": cooling.accepted, "log_temperature": cooling.log_temperature}

    def state_dict(self) -> dict[str, Any]:
        """The temperature, what was counted, and the optimiser of a proposal that learns."""
        teacher = {} if self.teacher is None else {"teacher": self.teacher.state_dict()}
        return {"cooling": self.cooling.state_dict(), "scenes": self.scenes, "kept": self.kept} | teacher

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        """Take what `state_dict` gave."""
        self.cooling.load_state_dict(content["cooling"])
        self.scenes, self.kept = content["scenes"], content["kept"]
        if self.teacher is not None:
            self.teacher.load_state_dict(content["teacher"])
