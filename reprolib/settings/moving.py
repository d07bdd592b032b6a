"""Settings of the models of motion; defaults are those of the official code (Kipf et al. 2018)."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from reprolib.settings.data_sets import FRAMES
from reprolib.settings.declared import LATER, Above, AtLeast, Below, Count, Fraction, OneOf, Positive, Settings, Whole

ENCODERS, DECODERS = ("mlp", "cnn"), ("mlp", "recurrent", "simulator")
MOST_TYPES = 64  # of edges: more can be trained, but the search for their best naming is cubic
Encoder = Annotated[str, OneOf(*ENCODERS)]
Aggregate = Annotated[str, OneOf("n", "n-1")]  # an encoder divides the sum over N - 1 senders by N, or by N - 1


@dataclass(frozen=True)
class MotionSettings(Settings):
    """Raises an InputError that names the setting where a value makes no model."""

    part: ClassVar[str] = "model"


@dataclass(frozen=True)
class NRIModel(MotionSettings):
    """Neural relational inference; the defaults are those for springs.

    Examples:
        >>> from reprolib import NRIModel
        >>> NRIModel(types=3, decoder="recurrent").width
        256
        >>> NRIModel(types=1)
        Traceback (most recent call last):
        reprolib.errors.InputError: model.types is 1: give 2 or more, or set model.first_is_none to False
    """

    encoder: Encoder = "mlp"
    decoder: Annotated[str, OneOf(*DECODERS)] = "mlp"
    substeps: Count = 100  # of the simulator in a frame
    graph: Annotated[str, OneOf("inferred", "true", "full")] = "inferred"  # or the decoder alone on a given graph
    width: Count = 256  # of the encoder
    decoder_width: Count = 256
    types: Annotated[int, AtLeast(1, MOST_TYPES)] = 2
    first_is_none: bool = True  # edges of the first type carry no message
    prior: Annotated[float, Above(0), Below()] | None = None  # of the first type; None: uniform
    temperature: Positive = 0.5
    hard: bool = False  # one-hot samples in training, with the gradient of the soft ones
    dropout: Fraction = 0.0  # of the encoder
    decoder_dropout: Fraction = 0.0
    dropout_in_evaluation: bool = False  # the official decoder's slip
    aggregate: Aggregate = "n"
    variance: Positive = 5e-5  # of every predicted feature
    restart: Count = 10  # steps predicted from a true frame; a recurrent decoder is given all but the last restart - 1
    windows: Count | None = None  # starting frames of a batch, drawn for the MLP decoder; None: every `restart` frames
    reinfer: bool = field(default=False, metadata=LATER)  # the graph anew at every step of a rollout
    sampled: bool = field(default=False, metadata=LATER)  # evaluation draws a graph, as the official code does
    peak: Positive | None = field(default=None, metadata=LATER)  # width of a Cauchy that multiplies the Gaussian
    peak_from: Whole = field(default=0, metadata=LATER)  # steps of training without it
    peak_variance: Positive = field(default=4e-3, metadata=LATER)  # of the Gaussian that it multiplies
    read: Count | None = field(default=None, metadata=LATER)  # frames that the encoder reads; None: all given ones

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first_is_none and self.types < 2:
            raise self.refused("types", "give 2 or more, or set model.first_is_none to False")
        if self.prior is not None and self.types < 2:
            raise self.refused("prior", "leave it out where there is one type of edges")
        if self.graph == "true" and self.types < 2:
            raise self.refused("types", "give 2 where model.graph is true, as the scenes have 2 types of edges")
        if self.decoder == "simulator" and (self.types != 2 or self.graph == "full"):
            raise self.refused("decoder", "it knows 2 types, and a graph that is inferred or true")


@dataclass(frozen=True)
class EdgeClassifierModel(MotionSettings):
    """The supervised encoder."""

    encoder: Encoder = "mlp"
    width: Count = 512
    types: Annotated[int, AtLeast(2, MOST_TYPES)] = 2
    dropout: Fraction = 0.5
    aggregate: Aggregate = "n"
    views: bool = field(default=False, metadata=LATER)  # training sees scenes of particles turned and mirrored


@dataclass(frozen=True)
class LSTMModel(MotionSettings):
    """An LSTM over trajectories. The official training gives the first 40 of 49 frames and never restarts:
    burn_in=40, restart=49.
    """

    hidden: Count = 256  # units an object
    layers: Count = 2
    joint: bool = False  # one memory for all objects of a scene; else one an object, with shared weights
    restart: Count = 10  # training starts again from a true frame every so many predictions, and keeps its memory
    burn_in: Whole = 0  # first frames that training always gives
    variance: Positive = 5e-5  # of every predicted feature


@dataclass(frozen=True)
class CorrelationModel(MotionSettings):
    """Edges from correlations; the threshold is that which fits the first training scenes best.

    Correlated are whole trajectories at once (flat), feature by feature (paths), or the last hidden states (lstm).
    """

    signal: Annotated[str, OneOf("flat", "paths", "lstm")] = "flat"
    reference: Count = 2_000  # training scenes for the threshold
    hidden: Count = 256
    layers: Count = 2
    burn_in: Whole = 40
    restart: Count = FRAMES


@dataclass(frozen=True)
class StaticModel(MotionSettings):
    """The copy of the last frame: nothing to set."""
