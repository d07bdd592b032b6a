"""What trains the models that answer questions, and others whose batches have no fixed shape."""

from torch import Tensor, nn

from reprolib.training.learner import Learner


class RaggedLearner(Learner):
    """Gradient descent where a batch has as many scenes, sentences or edges as it happens to have."""

    def can_capture(self) -> bool:
        """Not: a captured step has the shapes of the first one."""
        return False


def answer_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of the answers to a batch of questions."""
    return nn.functional.cross_entropy(model(batch).float(), batch["answers"])
