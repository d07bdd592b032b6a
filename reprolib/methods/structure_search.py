"""What a learner of modules asks of a search for the structures of the training scenes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from reprolib.training.learner import Job, Moment


class Search(ABC):
    """Finds structures while modules are trained.

    Args:
        job: what the modules are trained on.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    @abstractmethod
    def start(self) -> dict[str, Tensor]:
        """What is known of every scene at first, [M, ...] each: the learner's `examples`."""

    @abstractmethod
    def loss(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """Search once for the scenes of a batch; what the modules are to make smaller along what was found."""

    def stepped(self, loss: Tensor) -> Tensor:
        """Called after the step of the modules with its loss; what the learning curve shows of it."""
        return loss

    def end_of_epoch(self, epoch: int) -> None:  # noqa: B027
        """Called after the last step of an epoch."""

    def statistics(self) -> dict[str, float]:
        """What the learning curve keeps of the steps since the last call."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint has to hold beside `examples`."""
        return {}

    def load_state_dict(self, content: Mapping[str, Any]) -> None:  # noqa: B027
        """Take what `state_dict` gave."""
