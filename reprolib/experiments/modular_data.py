"""Modular meta-learning: how few scenes, and how few frames of one, are enough (Alet et al. 2019, Fig. 3, section 4).

Paper: for the same accuracy 3 to 5 times fewer training scenes than neural relational inference; and joint inference
resolves what independent edges cannot, above all from short observations. Both are curves or words, without a figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Derived, Experiment, Row
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.evidence.deviations import Deviation
from reprolib.experiments import modular_edges, nri_edges
from reprolib.rows import motion_rows as motion
from reprolib.rows.by_scenes import curves, scenes_needed
from reprolib.settings.data_sets import FEWER, FRAMES
from reprolib.settings.moving import NRIModel
from reprolib.settings.searching import ModularModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprolib.evidence.records import Record

SEARCHES, INFERS = "Modular meta-learning", nri_edges.LEARNED
SIZES = (50, 150, 500, 1_500, 5_000, 10_000, 20_000)  # scenes that train
WANTED = 80  # percent of edges
NEEDED, SHORT = "scenes_needed", "springs_5_from_few_frames"  # tasks of what is derived
SEEN = {"accuracy/edges": "accuracy/after", "accuracy/symmetric_pairs": "accuracy/symmetric_pairs_after"}
STEPS = {SEARCHES: 3_000, INFERS: 8_000}  # as many as fit into about the same minutes
MINUTES = {"smoke": 0.1, "small": 9, "paper": 800}
VALIDATIONS = 20
ALIKE = motion.FAST | {"data.valid": 500, "data.test": 2_000, "train.batch": 32}
SAME_VALIDATION = Deviation("choice", "as many validation scenes pick the weights, however few scenes train")


def task(scenes: int) -> str:
    """The task of learning charges from so many scenes."""
    return f"charged_5_with_{scenes}_scenes"


def _searching(scenes: int) -> Row:
    """Modules, without the steps after the search, as only edges count."""
    config = Config(motion.scenes("charged", train=scenes), ModularModel(), modular_edges.as_printed("charged"))
    small = modular_edges.ALONG_SCORES | ALIKE | _steps(SEARCHES) | {"model.width": modular_edges.WIDTH}
    smoke = {"model.width": 16, "model.encoder_width": 16, "train.learning": "scores", "train.frames": 4}
    return Row(
        task=task(scenes),
        system=SEARCHES,
        source=SIMULATED_MOTION,
        method=modular_edges.METHOD,
        config=config,
        scales={"smoke": _smoke(scenes) | smoke, "small": small},
        minutes=MINUTES,
        deviations=(SAME_VALIDATION, modular_edges.SEARCHED_ONCE),
    )


def _inferring(scenes: int) -> Row:
    """An encoder and a decoder, with the settings that serve charges best."""
    model = NRIModel(encoder="cnn", **motion.published_settings("charged"))
    small = ALIKE | _steps(INFERS)
    for part in (motion.encoder, motion.decoder, motion.decoding, motion.likelihood, motion.sampling):
        small |= part("small", "charged")
    return Row(
        task=task(scenes),
        system=INFERS,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(motion.scenes("charged", train=scenes), model, motion.ROUNDED),
        scales={"smoke": _smoke(scenes) | motion.TINY, "small": small},
        minutes=MINUTES | {"paper": 20},
        deviations=(SAME_VALIDATION,),
    )


def _steps(system: str) -> motion.Changes:
    return {"train.steps": STEPS[system], "train.evaluate_every": STEPS[system] // VALIDATIONS}


def _smoke(scenes: int) -> motion.Changes:
    return motion.SMOKE | {"data.train": min(scenes, motion.SMOKE["data.train"])}


def _glimpsing(frames: int) -> Row:
    """The row of springs of `nri_edges`, whose encoder reads fewer frames; its decoder learns from all of them."""
    parts = (motion.encoder, motion.decoder, motion.decoding)
    return Row(
        task=f"springs_5_from_{frames}_frames",
        system=INFERS,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(
            motion.scenes("springs"), NRIModel(read=frames, **motion.published_settings("springs")), motion.ROUNDED
        ),
        scales=motion.below_paper("springs", 5, motion.TINY, *parts),
        minutes=motion.minutes(0.1, 10, 45, 20),
    )


def ratio(found: Sequence[Record]) -> dict[str, float]:
    """How many times as many scenes inference needs as a search; records of the one follow those of the other.

    Who never gets there counts as if it did with the most scenes: where that is inference, the ratio is at least so
    large. Where neither does, there is none.
    """
    searched, inferred = (scenes_needed(curve, WANTED) for curve in curves(found, SIZES, "accuracy/edges"))
    if searched is None and inferred is None:
        return {}
    return {"data_efficiency/ratio": (inferred or SIZES[-1]) / (searched or SIZES[-1])}


def glimpsed(found: Sequence[Record]) -> dict[str, float]:
    """Figures of rows that read 10, 20 and all frames, under the names that a search gives its own."""
    named = {}
    for frames, record in zip((*FEWER, FRAMES), found, strict=True):
        named |= _after(frames, record)
    return named


def searched_short(found: Sequence[Record]) -> dict[str, float]:
    """The figures of one record of a search, which has those of short observations as well."""
    (record,) = found
    names = {f"{name}_{frames}_frames" for frames in FEWER for name in SEEN.values()}
    return {name: value for name, value in record.metrics.items() if name in names} | _after(FRAMES, record)


def _after(frames: int, record: Record) -> dict[str, float]:
    """The figures that a record has, named by the frames that were read for them."""
    metrics = record.metrics
    return {f"{name}_{frames}_frames": metrics[known] for known, name in SEEN.items() if known in metrics}


SEARCHING, INFERRING = ([make(scenes) for scenes in SIZES] for make in (_searching, _inferring))
GLIMPSING = [_glimpsing(frames) for frames in FEWER]

EXPERIMENT = Experiment(
    name="modular_data",
    title="Modular meta-learning: how few scenes and frames are enough",
    paper="alet2019",
    table="Fig. 3",
    rows=(*(row for pair in zip(SEARCHING, INFERRING, strict=True) for row in pair), *GLIMPSING),
    derived=(
        Derived(NEEDED, SEARCHES, (*SEARCHING, *INFERRING), ratio),
        Derived(SHORT, SEARCHES, (modular_edges.EXPERIMENT.row(f"springs_5/{SEARCHES}"),), searched_short),
        Derived(SHORT, INFERS, (*GLIMPSING, nri_edges.EXPERIMENT.row(f"springs_5/{INFERS}")), glimpsed),
    ),
    chance=dict.fromkeys(("accuracy/edges", *(f"accuracy/after_{frames}_frames" for frames in FEWER)), "50"),
)
