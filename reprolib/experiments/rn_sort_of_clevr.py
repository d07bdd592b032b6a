"""Relation networks on Sort-of-CLEVR, from pictures and from states (Santoro et al. 2017, section 5.3 and Figure 4).

Paper: above 94 % on relational and non-relational questions; CNN+MLP 63 % on the relational ones.
"""

from reprolib.contracts.configuration import Config, only_data
from reprolib.contracts.entry import Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import SORT_OF_CLEVR
from reprolib.settings.data_sets import SceneData
from reprolib.settings.recipe import Training
from reprolib.settings.relating import Majority, SceneMLP, SceneModel

METHOD = Method("reprolib.methods.sort_of_clevr_questions", select="accuracy/overall")
SMOKE = {"data.train": 300, "data.valid": 20, "data.test": 50, "train.steps": 30, "train.evaluate_every": 15}
G, F = (256, 256, 256, 256), (256, 256, 128, 100)
WIDER_G, WIDER_F = (512, 512, 512, 512), (512, 512, 256, 100)
HURRIED = {  # not the paper's settings: with them a relation network tells colours apart within so few steps
    "model.kernels": (24, 24, 24, 24),
    "model.question_scale": 4.0,
    "model.coordinates": 4.0,
    "model.norm": True,
    "train.steps": 12_000,
    "train.optimiser": "muon",
    "train.rate": 2e-3,
    "train.schedule": "cosine",
    "train.easy_first": 1_000,
    "train.evaluate_every": 500,
}
LONGER = HURRIED | {"train.steps": 20_000, "train.evaluate_every": 1_000}
UNORDERED = {"model.pairs": "unordered"}
TRAINING = Training(steps=150_000, batch=64, rate=1e-4, evaluate_every=3_000, precision="bf16")
PICTURES, STATES = SceneData(), SceneData(view="states")


def _majority(task: str, data: SceneData, *longer: str) -> Row:
    return Row(
        task=task,
        system="Majority",
        source=SORT_OF_CLEVR,
        method=METHOD,
        config=Config(data, Majority(), Training(steps=0)),
        scales={"smoke": only_data(SMOKE)},
        minutes={"smoke": 0.1} | dict.fromkeys(("small", *longer, "paper"), 0.2),
        baseline=True,
    )


EXPERIMENT = Experiment(
    name="rn_sort_of_clevr",
    title="Sort-of-CLEVR: relational and non-relational questions",
    paper="santoro2017",
    table="Sec. 5.3 / Fig. 4",
    rows=(
        Row(
            task="sort_of_clevr",
            system="CNN+RN",
            source=SORT_OF_CLEVR,
            method=METHOD,
            config=Config(PICTURES, SceneModel(), TRAINING),
            scales={
                "smoke": SMOKE | {"model.kernels": (8, 16, 32, 32), "model.g": (64, 64), "model.f": (64, 64)},
                "small": HURRIED | UNORDERED | {"model.g": G, "model.f": F},
                "long": LONGER | UNORDERED | {"model.g": WIDER_G, "model.f": WIDER_F},
            },
            minutes={"smoke": 0.1, "small": 45, "long": 170, "paper": 25},
            headline=True,
        ),
        Row(
            task="sort_of_clevr",
            system="CNN+MLP",
            source=SORT_OF_CLEVR,
            method=METHOD,
            config=Config(PICTURES, SceneMLP(), TRAINING),
            scales={
                "smoke": SMOKE | {"model.kernels": (8, 16, 32, 32), "model.hidden": (64, 64, 64, 64)},
                "small": HURRIED | {"model.hidden": G + F},
                "long": LONGER | {"model.hidden": WIDER_G + WIDER_F},
            },
            minutes={"smoke": 0.1, "small": 12, "long": 30, "paper": 30},
            baseline=True,
        ),
        _majority("sort_of_clevr", PICTURES, "long"),
        Row(
            task="sort_of_clevr_state",
            system="RN",
            source=SORT_OF_CLEVR,
            method=METHOD,
            config=Config(STATES, SceneModel(), TRAINING),
            scales={
                "smoke": SMOKE | {"model.g": (64, 64), "model.f": (64, 64)},
                "small": {
                    "model.g": G,
                    "model.f": F,
                    "train.steps": 30_000,
                    "train.rate": 1e-3,
                    "train.schedule": "cosine",
                },
            },
            minutes={"smoke": 0.1, "small": 10, "paper": 30},
            headline=True,
        ),
        _majority("sort_of_clevr_state", STATES),
    ),
    chance={"*": "Majority"},
)
