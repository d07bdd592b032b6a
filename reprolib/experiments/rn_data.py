"""Relation networks: how few scenes of Sort-of-CLEVR are enough (Santoro et al. 2017, section 2).

Paper: they are data efficient, since one g serves all pairs. It measures none of that, so the experiment is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Derived, Experiment, Row
from reprolib.data.sources import SORT_OF_CLEVR
from reprolib.evidence.deviations import Deviation
from reprolib.experiments import rn_sort_of_clevr as all_scenes
from reprolib.rows.by_scenes import curves, scenes_needed
from reprolib.settings.data_sets import SceneData
from reprolib.settings.relating import SceneMLP, SceneModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprolib.evidence.records import Record

RELATES, FLAT = "RN", "MLP"
SIZES = (30, 100, 300, 1_000, 2_500, 5_000, 9_800)  # scenes that train
NEEDED = "sort_of_clevr_state_scenes_needed"  # task of what is derived
G, F = (128, 128, 128, 128), (128, 128, 64, 64)
ALIKE = {  # for both systems and all sizes
    "data.test": 2_000,
    "model.norm": True,
    "train.steps": 8_000,
    "train.optimiser": "muon",
    "train.rate": 5e-3,
    "train.schedule": "cosine",
    "train.evaluate_every": 1_000,
}
TINY_G, TINY_F = (64, 64), (64, 64)
MINUTES = {RELATES: {"smoke": 0.1, "small": 3, "paper": 30}, FLAT: {"smoke": 0.1, "small": 2, "paper": 10}}
GUESSED = {"accuracy/relational": "43.75", "accuracy/nonrelational": "50"}  # two shapes; a count is 3 or 4: 10 of 32
SAME_VALIDATION = Deviation("choice", "500 validation scenes pick the weights, however few scenes train")


def task(scenes: int) -> str:
    """The task of learning from so many scenes."""
    return f"sort_of_clevr_state_with_{scenes}_scenes"


def _row(scenes: int, system: str) -> Row:
    """A system that learns from the first so many scenes; the two have layers of the same widths."""
    relates = system == RELATES
    tiny, small = (
        {"model.g": g, "model.f": f} if relates else {"model.hidden": g + f} for g, f in ((TINY_G, TINY_F), (G, F))
    )
    few = {"data.train": min(scenes, all_scenes.SMOKE["data.train"])}
    return Row(
        task=task(scenes),
        system=system,
        source=SORT_OF_CLEVR,
        method=all_scenes.METHOD,
        config=Config(
            SceneData(view="states", train=scenes), SceneModel() if relates else SceneMLP(), all_scenes.TRAINING
        ),
        scales={"smoke": all_scenes.SMOKE | few | tiny, "small": ALIKE | small},
        minutes=MINUTES[system],
        baseline=not relates,
        deviations=(SAME_VALIDATION,),
    )


def ratio(found: Sequence[Record]) -> dict[str, float]:
    """How many times as many scenes the MLP needs; records of the relation network come first.

    For the percentage of relational questions that the MLP answers with the most scenes. Each needs the scenes with
    which it first gets there. A relation network that never does counts as if it did with the most scenes.
    """
    related, flat = curves(found, SIZES, "accuracy/relational")
    wanted = flat[SIZES[-1]]
    return {"data_efficiency/ratio": scenes_needed(flat, wanted) / (scenes_needed(related, wanted) or SIZES[-1])}


RELATING, FLATTENED = ([_row(scenes, system) for scenes in SIZES] for system in (RELATES, FLAT))

EXPERIMENT = Experiment(
    name="rn_data",
    title="Relation networks: how few scenes are enough",
    paper="santoro2017",
    table="Sec. 2",
    rows=tuple(row for pair in zip(RELATING, FLATTENED, strict=True) for row in pair),
    derived=(Derived(NEEDED, RELATES, (*RELATING, *FLATTENED), ratio),),
    chance=GUESSED,
)
