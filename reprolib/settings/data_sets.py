"""Which data a row asks for: how many examples, in which form, drawn with which seed."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from reprolib.settings.declared import LATER, AtLeast, Count, NotEmpty, OneOf, Positive, Settings, Whole

BABI_TASKS = tuple(range(1, 21))
BABI_ENGLISH = ("en-valid-10k", "en-10k", "en-valid", "en")  # variants of the released files, the fullest first
BABI_VARIANTS = (*BABI_ENGLISH, "hn-10k", "hn", "shuffled-10k", "shuffled")  # Hindi; letters exchanged throughout
BABI_WINDOW = 20  # sentences just before the question (Santoro et al. 2017, supplement)
RENAMABLE = (4, 16, 17, 18, 19)  # bAbI tasks whose names may change places
PICTURE_SIDE = 128  # pixels (Santoro et al. 2017, supplement: down-sampled to 128 x 128)
LEAST_SIDE, RELEASED_WIDTH = 16, 320  # four convolutions halve the one to a cell; the other is that of CLEVR's pictures
PARTICLES = ("springs", "charged")
OSCILLATORS = ("kuramoto", "kuramoto_raw", "kuramoto_phase")  # three views of the same motion
FRAMES = 49  # of a training scene; as many of a test scene are read before its graph is inferred
FEWER = (10, 20)  # frames of a short observation
HORIZON = 20  # frames that are predicted after them and one to start from (Kipf et al. 2018, Table 2)
PLAY_FRAMES, PLAY_READ = 25, 17  # frames of a basketball play, and those that are read before the rest is predicted
Objects = Annotated[int, AtLeast(2)]  # an interaction takes two


@dataclass(frozen=True)
class DataSettings(Settings):
    """Raises an InputError that names the setting where a value gives no data."""

    part: ClassVar[str] = "data"


@dataclass(frozen=True)
class BabiData(DataSettings):
    """Which questions; None stands for all that the released files hold."""

    tasks: Annotated[tuple[Annotated[int, OneOf(*BABI_TASKS)], ...], NotEmpty()] = BABI_TASKS
    train: Count | None = None
    valid: Count | None = None
    test: Count | None = None
    window: Count = BABI_WINDOW
    renamings: Whole = 0  # renamed copies of every training question of the tasks in `renamed`; not in the paper
    seed: Whole = 0  # of the generator and the renaming
    answers: Annotated[str, OneOf("whole", "words")] = field(default="whole", metadata=LATER)  # 'milk,football': or two
    variant: Annotated[str, OneOf(*BABI_VARIANTS)] | None = field(default=None, metadata=LATER)  # of the real files
    renamed: tuple[Annotated[int, OneOf(*RENAMABLE)], ...] = field(default=(16,), metadata=LATER)  # twice: two copies


@dataclass(frozen=True)
class ClevrData(DataSettings):
    """How many scenes. Real: `valid` of the training scenes, but at most a tenth, are held out to choose by."""

    train: Count = 70_000
    valid: Count = 1_000
    test: Count = 15_000
    questions: Count = 10  # a scene, at most
    pictures: bool = False
    seed: Whole = 0  # of the generators
    side: Annotated[int, AtLeast(LEAST_SIDE, RELEASED_WIDTH)] = field(default=PICTURE_SIDE, metadata=LATER)  # pixels
    cogent: Annotated[str, OneOf("A", "B")] | None = field(default=None, metadata=LATER)  # real: trainA, and valA or B


@dataclass(frozen=True)
class SceneData(DataSettings):
    """Scenes of Sort-of-CLEVR, each with 20 questions; validation scenes come on top of the paper's 10,000."""

    view: Annotated[str, OneOf("pictures", "states")] = "pictures"
    train: Count = 9_800
    valid: Count = 500
    test: Count = 20_000  # 200,000 questions of a type: a standard error of 0.07 points at 90 %
    answers: Annotated[str, OneOf("paper", "yes_no")] = "paper"  # 12 answers; or the 10 of later replications
    seed: Whole = 0


@dataclass(frozen=True)
class MotionData(DataSettings):
    """Which system is simulated and how often."""

    kind: Annotated[str, OneOf(*PARTICLES, *OSCILLATORS)] = "springs"
    objects: Objects = 5
    train: Count = 50_000
    valid: Count = 10_000
    test: Count = 10_000
    test_frames: Annotated[int, AtLeast(FRAMES + 1 + HORIZON)] = 99
    others: tuple[Objects, ...] = ()  # numbers of objects of further test scenes
    of_others: Count = 1_000  # scenes of each
    seed: Whole = 0


@dataclass(frozen=True)
class WalkData(DataSettings):
    """Windows of walks. One that tests is twice as long as one that trains: half is read, half is predicted."""

    frames: Annotated[int, AtLeast(2)] = 50  # of a window that trains
    stride: Count = 1  # frames between the beginnings of two such windows
    seed: Whole = 0  # of the walks of ours


@dataclass(frozen=True)
class JointsData(DataSettings):
    """Ten joints of a walking body in the place of balls on a table. The paper shows a film and states none of this."""

    choices: Count = 50  # of ten joints, drawn at random, beside one of ours
    apart: Annotated[float, AtLeast(0, 0.3)] = 0.25  # least distance of two joints: that of the shortest link of balls
    windows: Count = 4  # scenes of each trial and choice, from a frame that is drawn
    plane: Annotated[str, OneOf("zy", "xy", "zx")] = "zy"  # from the side: there a walk moves most
    rate: Positive = 10.0  # frames a second: 16 of them are about a stride and a half, and fit into the shortest trial
    rooted: bool = True  # the body walks on the spot, as balls stay on their table
    extent: Annotated[float, AtLeast(0.1, 1)] = 0.9  # of half a table: how far the body reaches from its middle
    seed: Whole = 0  # of what is drawn, and of the walks of ours


@dataclass(frozen=True)
class BasketballData(DataSettings):
    """How many plays; of real games at most so many, the first ones."""

    train: Count = 10_000
    valid: Count = 1_000
    test: Count = 1_000
    stride: Count = 1  # frames between training plays that are cut from real games; other plays do not overlap
    mirrored: bool = False  # real training plays also with left and right exchanged
    seed: Whole = 0  # of the generator
