"""Settings of the models for CLEVR; the defaults are the paper's (Santoro et al. 2017, section 5.1 and supplement)."""

from dataclasses import dataclass, field

from reprolib.errors import InputError
from reprolib.models.settings import Settings
from reprolib.settings import LATER


@dataclass(frozen=True)
class Reading(Settings):
    """How a question is read."""

    embedding: int = 32  # numbers a word
    lstm: int = 128
    reverse: bool = False  # the last word first, as replications did


@dataclass(frozen=True)
class Seeing(Settings):
    """How a picture is cut into cells."""

    kernels: tuple[int, ...] = (24, 24, 24, 24)
    norm_first: bool = False  # batch norm before the ReLU, as replications did
    coordinates: float = 1.0  # a cell's x and y reach so far to both sides; 4 in replications, unstated in the paper
    augment: bool = True  # pictures are shifted and rotated in training


@dataclass(frozen=True)
class Summing(Settings):
    """What is summed, and how the answer is read off the sum."""

    g: tuple[int, ...] = (256, 256, 256, 256)
    f: tuple[int, ...] = (256, 256)  # before the answers
    dropout: float = 0.5  # of f's last layer
    norm: bool = False  # batch norm in every layer of g and f


@dataclass(frozen=True)
class Relating(Summing):
    """The relation network: a sum over pairs."""

    pairs: str = "all"
    chunk: int | None = None  # most pairs in memory at once

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm and self.chunk:
            raise InputError("model.norm and model.chunk are both set: batch norm looks at all pairs, leave one out")


@dataclass(frozen=True)
class Answering(Settings):
    """The MLP of a baseline; unstated in the paper, here as deep as f and twice as wide."""

    hidden: tuple[int, ...] = (512, 512)  # before the answers
    dropout: float = 0.0  # of the last of them
    norm: bool = field(default=False, metadata=LATER)  # batch norm in every hidden layer


@dataclass(frozen=True)
class PixelModel(Relating, Seeing, Reading):
    """CNN+LSTM+RN, from pictures."""


@dataclass(frozen=True)
class StateModel(Relating, Reading):
    """LSTM+RN, from state descriptions."""

    lstm: int = 256
    g: tuple[int, ...] = (512, 512, 512, 512)
    f: tuple[int, ...] = (512, 1024)
    dropout: float = 0.02


@dataclass(frozen=True)
class SetModel(Summing, Reading):
    """LSTM+deep sets, from state descriptions: a sum over objects, of the widths of `StateModel`; ours."""

    lstm: int = 256
    g: tuple[int, ...] = (512, 512, 512, 512)
    f: tuple[int, ...] = (512, 1024)
    dropout: float = 0.02


@dataclass(frozen=True)
class QuestionModel(Answering, Reading):
    """LSTM: the answer from the question alone."""


@dataclass(frozen=True)
class FlatModel(Answering, Seeing, Reading):
    """CNN+LSTM: all cells and the question, one after the other."""


@dataclass(frozen=True)
class AttentionModel(Answering, Seeing, Reading):
    """CNN+LSTM+SA: stacked attention."""

    attention: int = 512  # units that score a cell
    hops: int = 2
