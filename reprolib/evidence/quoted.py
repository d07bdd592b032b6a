"""Published lines that no row of ours measures, with the reason why."""

from fnmatch import fnmatchcase

QUOTED = "quoted from other work, not run here"
PEOPLE = "people were asked; no program can be run"
LATER = "its experiment is not part of this release yet"

# (task, system) patterns of systems that the papers themselves only quote, or that nobody can run
REASONS = (
    ("clevr_*", "Human", PEOPLE),
    ("clevr_*", "Johnson et al. 2017*", f"{QUOTED}: it learns from functional programs"),
    ("clevr_pixels", "CNN+LSTM+SA", f"{QUOTED}: ResNet-101 features; the re-tuned row is the one to compare with"),
    ("babi_joint_10k", "*", QUOTED),
    ("scene_batching", "*", "a ratio of two times is no record: `reprolib bench modular` measures it"),
)


def is_quoted(task: str, system: str) -> bool:
    """Whether nobody is going to run a system here, so that its printed figure is all there is."""
    return reason(task, system).startswith((QUOTED, PEOPLE))


def reason(task: str, system: str) -> str:
    """Why a published line has no measurement of ours."""
    for tasks, systems, why in REASONS:
        if fnmatchcase(task, tasks) and fnmatchcase(system, systems):
            return why
    return LATER
