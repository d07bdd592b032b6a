"""Settings of the models that answer questions about objects; defaults are the papers' (Santoro et al. 2017)."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from reprolib.settings.declared import LATER, Count, Fraction, NotEmpty, OneOf, Positive, Settings

PAIRS = ("all", "unordered", "unordered_self")  # of objects: all (i, j), those with i < j, those with i <= j
READERS = {  # what is kept of a sentence: its LSTM's last state, the sum of its words' embeddings, these side by side
    "lstm": ("lstm",),
    "words": ("words",),
    "both": ("lstm", "words"),
    "slots": ("slots",),
    "slots+words": ("slots", "words"),
}
POSITIONS = ("recent", "first", "none")  # counted back from the question, from the window's first sentence, no tag
SLOTS = 11  # words of the longest sentence
Widths = Annotated[tuple[Count, ...], NotEmpty()]  # of successive layers
Pairs = Annotated[str, OneOf(*PAIRS)]


@dataclass(frozen=True)
class ModelSettings(Settings):
    """Raises an InputError that names the setting where a value makes no model."""

    part: ClassVar[str] = "model"


@dataclass(frozen=True)
class Majority(ModelSettings):
    """The most frequent training answer of each group of questions; nothing is trained."""


# CLEVR: sections 5.1, 5.2 and supplement


@dataclass(frozen=True)
class Reading(ModelSettings):
    """How a question is read."""

    embedding: Count = 32  # numbers a word
    lstm: Count = 128
    reverse: bool = False  # the last word first, as replications did


@dataclass(frozen=True)
class Seeing(ModelSettings):
    """How a picture is cut into cells."""

    kernels: Widths = (24, 24, 24, 24)
    norm_first: bool = False  # batch norm before the ReLU, as replications did
    coordinates: Positive = 1.0  # a cell's x and y reach so far to both sides; 4 in replications, unstated in the paper
    augment: bool = True  # pictures are shifted and rotated in training


@dataclass(frozen=True)
class Summing(ModelSettings):
    """What is summed, and how the answer is read off the sum."""

    g: Widths = (256, 256, 256, 256)
    f: Widths = (256, 256)  # before the answers
    dropout: Fraction = 0.5  # of f's last layer
    norm: bool = False  # batch norm in every layer of g and f


@dataclass(frozen=True)
class Relating(Summing):
    """The relation network: a sum over pairs."""

    pairs: Pairs = "all"
    chunk: Count | None = None  # most pairs in memory at once

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm and self.chunk:
            raise self.refused("chunk", "leave it out where model.norm is set, as batch norm looks at all pairs")


@dataclass(frozen=True)
class Answering(ModelSettings):
    """The MLP of a baseline; unstated in the paper, here as deep as f and twice as wide."""

    hidden: Widths = (512, 512)  # before the answers
    dropout: Fraction = 0.0  # of the last of them
    norm: bool = field(default=False, metadata=LATER)  # batch norm in every hidden layer


@dataclass(frozen=True)
class PixelModel(Relating, Seeing, Reading):
    """CNN+LSTM+RN, from pictures."""


@dataclass(frozen=True)
class StateModel(Relating, Reading):
    """LSTM+RN, from state descriptions.

    Examples:
        >>> from reprolib import StateModel
        >>> StateModel(g=(64, 64), f=(64,), lstm=32).pairs
        'all'
    """

    lstm: Count = 256
    g: Widths = (512, 512, 512, 512)
    f: Widths = (512, 1024)
    dropout: Fraction = 0.02


@dataclass(frozen=True)
class SetModel(Summing, Reading):
    """LSTM+deep sets, from state descriptions: a sum over objects, of the widths of `StateModel`; ours."""

    lstm: Count = 256
    g: Widths = (512, 512, 512, 512)
    f: Widths = (512, 1024)
    dropout: Fraction = 0.02


@dataclass(frozen=True)
class QuestionModel(Answering, Reading):
    """LSTM: the answer from the question alone."""


@dataclass(frozen=True)
class FlatModel(Answering, Seeing, Reading):
    """CNN+LSTM: all cells and the question, one after the other."""


@dataclass(frozen=True)
class AttentionModel(Answering, Seeing, Reading):
    """CNN+LSTM+SA: stacked attention."""

    attention: Count = 512  # units that score a cell
    hops: Count = 2


# Sort-of-CLEVR: section 5.3 and supplement


@dataclass(frozen=True)
class SceneModel(ModelSettings):
    """The relation network on pictures or states."""

    kernels: Widths = (32, 64, 128, 256)
    g: Widths = (2000, 2000, 2000, 2000)
    f: Widths = (2000, 1000, 500, 100)
    pairs: Pairs = "all"
    chunk: Count | None = None  # most pairs in memory at once
    dropout: Fraction = 0.0  # in f
    norm_first: bool = field(default=False, metadata=LATER)  # batch norm, then ReLU, in the convolutions
    question_scale: Positive = field(default=1.0, metadata=LATER)  # of the question: its 11 bits are 0 or so much
    norm: bool = field(default=False, metadata=LATER)  # batch norm in every layer of g and f
    coordinates: Positive = field(default=1.0, metadata=LATER)  # a cell's x and y lie within plus and minus so much
    views: bool = field(default=False, metadata=LATER)  # training sees scenes turned, mirrored and in other colours


@dataclass(frozen=True)
class SceneMLP(ModelSettings):
    """The MLP baseline: the relation network's g and f, one after the other on the flattened cells or objects."""

    kernels: Widths = (32, 64, 128, 256)
    hidden: Widths = (2000, 2000, 2000, 2000, 2000, 1000, 500, 100)
    norm_first: bool = field(default=False, metadata=LATER)  # as in `SceneModel`
    question_scale: Positive = field(default=1.0, metadata=LATER)  # as in `SceneModel`
    norm: bool = field(default=False, metadata=LATER)  # batch norm in every hidden layer
    coordinates: Positive = field(default=1.0, metadata=LATER)  # as in `SceneModel`
    views: bool = field(default=False, metadata=LATER)  # as in `SceneModel`


# bAbI: section 5.4 and supplement


@dataclass(frozen=True)
class BabiModel(ModelSettings):
    """The relation network on stories.

    Examples:
        >>> from reprolib import BabiModel
        >>> BabiModel(g=(64, 64), f=(64,), reader="words").features  # of a sentence
        32
    """

    embedding: Count = 32  # unstated in the paper
    lstm: Count = 32
    g: Widths = (256, 256, 256, 256)
    f: Widths = (256, 512)
    pairs: Pairs = "all"
    norm: bool = False  # batch norm in every layer of g and f
    sum_norm: bool = False  # layer norm on the summed relations
    dropout: Fraction = 0.0  # in f
    position: Annotated[str, OneOf(*POSITIONS)] = field(default="recent", metadata=LATER)  # a sentence's tag
    reader: Annotated[str, OneOf(*READERS)] = field(default="lstm", metadata=LATER)

    @property
    def features(self) -> int:
        """Features of a sentence, without its tag."""
        sizes = {"lstm": self.lstm, "words": self.embedding, "slots": SLOTS * self.embedding}
        return sum(sizes[part] for part in READERS[self.reader])


# Balls on a table: section 5.5 and supplement


@dataclass(frozen=True)
class LinkModel(ModelSettings):
    """The relation network on balls."""

    g: Widths = (1000, 1000, 1000, 500)
    f: Widths = (500, 100)  # before its outputs, one for each connection or each number of systems
    pairs: Pairs = "all"
    readout: Annotated[str, OneOf("sum", "pair")] = "sum"  # a connection is read off the sum, or off its own relation
    views: bool = False  # training sees scenes turned and mirrored, and balls in one another's colours


@dataclass(frozen=True)
class LinkMLP(ModelSettings):
    """The MLP baseline, all rows of a scene side by side: as many layers and about as many weights."""

    hidden: Widths = (1000, 1000, 1000, 500, 500, 100)
    rows: Annotated[str, OneOf("colour", "random")] = "colour"  # their order; unstated, and the kinder one
    views: bool = False  # as in `LinkModel`


@dataclass(frozen=True)
class DistanceModel(ModelSettings):
    """Balls are joined where their distance varies little; nothing is trained but the limit of how little."""
