"""bAbI as tensors: the real files where the user has them, generated ones by default."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from reprolib import paths
from reprolib.data.babi import generate, released
from reprolib.data.babi.arrays import Arrays, as_a_set, encode, vocabulary
from reprolib.data.babi.babi_reader import SPLITS, Question, TaskFiles, open_source, parse
from reprolib.data.babi.rename import renamed
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import BabiData
from reprolib.settings.declared import counted

RELEASED = released.COUNTS["en-valid-10k"]  # questions a task
NOT_THERE = "set REPROLIB_DATA to a folder that holds babi/ for real data (`reprolib data fetch babi`)"


def load(config: BabiData, kind: str) -> Dataset:
    """The three splits, encoded over their joint vocabulary.

    With data.answers=words a table "spelled" [answers, outputs] tells which words each answer consists of.

    Raises:
        InputError: real data are asked for and REPROLIB_DATA names none, or files are damaged or cut short; a variant
            of generated data.
    """
    if missing := available(config, kind):
        raise InputError(missing)
    questions, deviations = _real(config) if kind == "real" else (_generated(config), [])
    questions["train"] += renamed(questions["train"], config.renamings, config.seed, config.renamed)
    by_word = config.answers == "words"
    if by_word:
        questions = {name: [as_a_set(question) for question in split] for name, split in questions.items()}
    vocab = vocabulary(question for split in questions.values() for question in split)
    arrays = encode(questions, vocab, config.window)
    tables = {"sentences": torch.from_numpy(arrays["train"].sentences)}
    tables |= {"spelled": torch.from_numpy(vocab.spelled).float()} if by_word else {}
    outputs = vocab.said if by_word else vocab.answers
    facts = {"words": len(vocab.words), "answers": len(vocab.answers), "outputs": len(outputs), "window": config.window}
    splits = {name: Split(_columns(part), tables) for name, part in arrays.items()}
    return Dataset("babi", kind, identity(config, kind), splits, facts, tuple(deviations))


def available(config: BabiData, kind: str) -> str | None:
    """None where the data can be had; else what is missing, and how to get it."""
    if kind == "real" and _folder() is None:
        return NOT_THERE
    if kind != "real" and config.variant:
        return f"data.variant={config.variant} names released files: give --data real, or leave it out"
    return None


def identity(config: BabiData, kind: str) -> str:
    """Hash of the data that a configuration stands for."""
    recipe = f"babi {kind} {sorted(counted(config).items())} generator {generate.VERSION}"
    if kind == "real":
        recipe += source(config.variant).sha256
    return hashlib.sha256(recipe.encode()).hexdigest()


def _folder() -> Path | None:
    """The user's real files, where there are any."""
    folder = paths.real_data()
    return folder / "babi" if folder and (folder / "babi").exists() else None


def source(variant: str | None = None) -> TaskFiles:
    """The user's real files, of the variant asked for or the fullest that is there."""
    if (folder := _folder()) is None:
        raise InputError(NOT_THERE)
    return open_source(folder, variant)


def generated(task: int, split: str, count: int, seed: int) -> list[Question]:
    """Questions of one generated file; splits come from independent streams."""
    text = generate.generate(task, count, generate.split_seed(seed, split))
    return list(parse(text, task, f"generated qa{task}_{split}.txt"))[:count]


def test_questions(task: int, kind: str) -> list[Question]:
    """The released test questions of a task, or as many generated ones.

    Raises:
        InputError: real data are asked for and not there.
    """
    return source().questions(task, "test") if kind == "real" else generated(task, "test", RELEASED["test"], seed=0)


def _counts(config: BabiData) -> dict[str, int]:
    """Questions a task that are generated for each split."""
    asked = {name: getattr(config, name) for name in SPLITS}
    return {name: RELEASED[name] if count is None else count for name, count in asked.items()}


def _generated(config: BabiData) -> dict[str, list[Question]]:
    counts = _counts(config)
    return {
        name: [question for task in config.tasks for question in generated(task, name, count, config.seed)]
        for name, count in counts.items()
    }


def _real(config: BabiData) -> tuple[dict[str, list[Question]], list[Deviation]]:
    files, deviations = source(config.variant), []
    splits: dict[str, list[Question]] = {name: [] for name in SPLITS}
    if files.variant not in released.FULL:
        count = released.COUNTS[files.variant]["train"]
        deviations.append(Deviation("data", f"variant {files.variant}: {count:,} training questions a task"))
    for task in config.tasks:
        parts, said = _task(files, task, config.seed)
        deviations += said
        for name in SPLITS:
            splits[name] += parts[name][: getattr(config, name)]
    return splits, deviations


def _task(files: TaskFiles, task: int, seed: int) -> tuple[dict[str, list[Question]], list[Deviation]]:
    """All questions of one task and what is not the release about them; the known gap is filled by the generator."""
    parts, said = released.questions(files, task), []
    if changed := released.changed(files, task):
        said.append(f"the files of task {task} are not the release: {', '.join(changed)}")
    for split in released.differing(files.variant, {name: len(part) for name, part in parts.items()}):
        if (task, split) != released.GAP or files.variant not in released.FULL:
            count, of = len(parts[split]), released.COUNTS[files.variant][split]
            said.append(f"task {task}: the {split} file holds {count} questions and the released one {of:,}")
    if "valid" not in parts:  # en, en-10k: the last tenth of train is held out
        parts["train"], parts["valid"] = _hold_out(parts["train"])
    held = len(parts["train"])
    missing = RELEASED["train"] - held
    if files.variant in released.FULL and missing > released.TOLERANCE:  # of `released.GAP` alone
        parts["train"] += generated(task, "train", missing, seed)
        said.append(
            f"task {task}: {missing} of {RELEASED['train']} training questions are generated, because the real "
            f"file at hand holds {held}"
        )
    return parts, [Deviation("data", text) for text in said]


def _hold_out(train: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    kept = len(train) - len(train) // 10
    return list(train[:kept]), list(train[kept:])


def _columns(arrays: Arrays) -> dict[str, torch.Tensor]:
    return {
        "windows": torch.from_numpy(arrays.windows).long(),  # [M, W]
        "questions": torch.from_numpy(arrays.questions).long(),  # [M]
        "answers": torch.from_numpy(arrays.answers),  # [M]
        "tasks": torch.from_numpy(arrays.tasks),  # [M]
    }


def write(folder: Path, config: BabiData) -> None:
    """Write the generated files in the released layout."""
    generate.write(folder, _counts(config), config.seed)
