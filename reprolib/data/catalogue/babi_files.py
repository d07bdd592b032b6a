"""bAbI: the released archive, whose test files are pinned, and files of the same layout."""

from pathlib import Path

from reprolib import paths
from reprolib.data.babi import babi_tensors, released, solver
from reprolib.data.babi.babi_reader import FETCHED, TaskFiles, in_use, open_source
from reprolib.data.catalogue.known import Entry
from reprolib.data.fetch import download
from reprolib.errors import InputError
from reprolib.settings.data_sets import BABI_TASKS, BabiData

MOST = 1 << 26  # bytes of the archive: four times those of the released one


def _folder() -> Path:
    return paths.downloads() / "babi"


def _download(url: str) -> Path:
    folder = _folder()
    try:
        _require_released(folder)
    except InputError:
        _require_unhidden(folder / FETCHED)
        download(url, folder / FETCHED, check=_require_released, most=MOST)
    return folder


def _require_unhidden(archive: Path) -> None:
    """Nothing beside the archive is read with it or in its place."""
    others = [path for path in in_use(archive.parent) if path != archive]
    if others:
        raise InputError(
            f"{others[0]} is read before what would be fetched, and the files there are not bAbI v1.2: move all that "
            f"lies in {archive.parent} elsewhere, then run the same command again"
        )


def _require_released(path: Path) -> None:
    """The archive has no published checksum: its test files and counts are compared with the release instead."""
    source = open_source(path)
    for task in BABI_TASKS:
        if "test" in released.changed(source, task):
            found, expected = released.sha256(source, task, "test"), released.SHA256[task, "test"]
            raise InputError(
                f"{path} is not bAbI v1.2: the sha256 of task {task}'s test file is {found} instead of {expected}; "
                "name another address"
            )
        released.questions(source, task)


def _check() -> list[str]:
    source = open_source(_folder())
    head = f"ok       variant {source.variant}, {len(source.files)} files, sha256 {source.sha256}"
    return [head, *(_check_task(source, task) for task in BABI_TASKS)]


def _check_task(source: TaskFiles, task: int) -> str:
    expected = released.COUNTS[source.variant]
    questions = {split: source.questions(task, split) for split in expected}
    off = released.differing(source.variant, {split: len(found) for split, found in questions.items()})
    known, changed = released.known(source.variant, task), released.changed(source, task)
    share = solver.agreement(task, ((q.story, q.text, q.answer) for q in questions["test"]))
    parts = [
        ", ".join(f"{split} {len(found)}" for split, found in questions.items()),
        *(f"{split} should hold {expected[split]}" for split in off),
        f"{', '.join(changed)} NOT as released" if changed else f"{', '.join(known)} as released",
        f"solver agrees with {share:.1%} of test",
    ]
    return f"{'differs' if changed or off else 'ok':8} task {task:2}: {'; '.join(parts)}"


def _write(folder: Path, size: int) -> None:
    if size < 10:
        raise InputError(f"size is {size}: give at least 10 questions a task, of which one in ten validates")
    tenth = size // 10
    babi_tensors.write(folder / "en-valid-10k", BabiData(train=size - tenth, valid=tenth, test=tenth))


ENTRY = Entry(
    name="babi",
    title="bAbI question answering, tasks 1 to 20, v1.2 (Weston et al. 2015)",
    licence="CC BY 3.0",
    url="http://www.thespermwhale.com/jaseweston/babi/tasks_1-20_v1-2.tar.gz",
    size=15_719_851,
    layout="babi/: the released archive, also as .zip, or its folder unpacked; en-valid-10k is preferred to en-10k, "
    "en-valid, en; hn and shuffled are read where data.variant names them",
    generator="text files in the released layout; size: questions a task, of which a tenth validates (test on top)",
    download=_download,
    check=_check,
    write=_write,
    there=lambda: _folder().exists(),
)
