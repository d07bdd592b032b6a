"""What trains the models that answer questions."""

from torch import Tensor, nn

from reprolib.training.learner import Learner


class AnswerLearner(Learner):
    """Gradient descent on the mean cross-entropy of the answers to a batch of questions."""

    def __init__(self) -> None:
        super().__init__(answer_loss)

    def can_capture(self) -> bool:
        """Not: a batch has as many distinct scenes and sentences as it happens to have."""
        return False


def answer_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of the answers to a batch of questions."""
    return nn.functional.cross_entropy(model(batch).float(), batch["answers"])
