"""The data sets that `reprolib data list|fetch|generate|check` knows: one entry each."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from reprolib import paths
from reprolib.data import simulations, sort_of_clevr
from reprolib.data.babi import dataset, solver
from reprolib.data.babi.reader import TASKS, Source, open_source
from reprolib.data.fetch import download
from reprolib.errors import InputError


@dataclass(frozen=True)
class Entry:
    """One data set; `download`, `check` and `write` are what the commands of the same name call."""

    name: str
    title: str
    licence: str
    url: str | None  # None: never released as files
    size: int | None  # of the download, in bytes
    layout: str  # of the real files under REPROLIB_DATA
    generator: str  # what `generate` writes, and what its size counts
    download: Callable[[str], Path] | None
    check: Callable[[], list[str]]
    write: Callable[[Path, int], None]


def entries() -> tuple[Entry, ...]:
    """All data sets in reading order."""
    return ENTRIES


def get(name: str) -> Entry:
    """The data set called sort_of_clevr or sort-of-clevr.

    Raises:
        InputError: there is none of that name.
    """
    known = {entry.name: entry for entry in ENTRIES}
    try:
        return known[name.replace("-", "_")]
    except KeyError:
        raise InputError(f"unknown data set {name!r}: choose one of {', '.join(known)}") from None


def fetch(name: str, url: str | None = None) -> Path:
    """Download the real files, unless they are there already, and return their folder.

    Args:
        url: another address of the same archive than the entry's, https, http or file.

    Raises:
        InputError: nothing to download, or what `fetch.download` raises.
    """
    entry = get(name)
    if entry.download is None:
        raise InputError(f"{name} was never released as files: use `reprolib data generate {entry.name}`")
    return entry.download(url or entry.url)


def check(name: str) -> list[str]:
    """Findings, one a line: each begins with "ok" or, where the data are not as released, with "differs".

    Raises:
        InputError: the files are missing or damaged.
    """
    return get(name).check()


def generate(name: str, folder: Path, size: int) -> Path:
    """Write generated data to `folder`, which appears only when complete; seed 0, so the same bytes each time.

    Args:
        size: what it counts is said by the entry's `generator`.

    Raises:
        InputError: the folder holds files already or cannot be written, or the size is too small.
    """
    write = get(name).write
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already and not an empty folder: name another one or empty it")
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        write(temporary, size)
        temporary.chmod(0o755)
        return temporary.replace(folder)
    except OSError as error:
        raise InputError(f"could not write {folder} ({error}): free some space or choose another folder") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


# bAbI

BABI_ARCHIVE = "tasks_1-20_v1-2.tar.gz"
BABI_COUNTS = {  # questions a file; tasks 18 and 20 have up to 4 more or less, in the release too
    "en-valid-10k": dataset.RELEASED,
    "en-10k": {"train": 10_000, "test": 1_000},
    "en-valid": {"train": 900, "valid": 100, "test": 1_000},
    "en": {"train": 1_000, "test": 1_000},
}
BABI_TOLERANCE = 0.02
BABI_TEST_SHA256 = (  # of tasks 1 to 20, v1.2; read from en-valid-10k, and the four English variants share these files
    "55acf66cef2f6d798e2aa1d056e1ec8f24e910ea9215b639450574321132959b",
    "eff93fb9cd81ba02eb765772cf7cc269769ed44ec71cbbbc19cfb16ee5eba0f6",
    "17795c977100baf8188f386522ae301b62d6c1a13efc01b3aea781e588b4d57f",
    "07f0ca18ddeea9eed4ba6d59e162adcb0ce44815721114b3540d92825509331e",
    "ec825c1c8a76e63a31f0d7a7763cd63740e98332fa9bdf246a19068949bd5f97",
    "b108b16f1eccbd1c24df6dca2649079a7b2f10af7fd12d4c45a3393802de59e3",
    "a74d1f2b91329b2bae814d41cdac2fbdfdf0328562b7d8afa9a0fa576d461e27",
    "362a653c821a580fa315a85243b4f03bfa06fa7e0269b6f8e596f8fe6911646a",
    "63590aff3f89993db409f0e9a9eb39c2a5b9d5efff99b255d800a891b0044d9f",
    "fde8f20ed0b3ba979058ed391a566af34653f23baab5b2793ee37f87ef4e88b7",
    "46f3290d0158ce1285a40cd2d793f5a65f86ae5000226e165cbc85a3dfeb2f6f",
    "6437718f8f9801ce345869e910b896836cdc6fd2d01dc7b4d2df49730703b4b1",
    "76a25b684f23c9cc473d8cd1465506168b9a1ec8891cfc59d0bbd87e6a064990",
    "e3f0b19858ffbec3ed1e49076cc4d1295a89ce146c50318b862f13f202b3caf2",
    "32b77e117fe9acf5f94906684e3b5206de0108e646c76e1da3e022896ec7ee94",
    "4a11e55366f2a5a859b5a81f683ee23801bdbe71ef984e51adb976bd053e8dcf",
    "9e1e0250ed4ec1831757fab26c04138f81ea557ebf6976a220db879cbed04bac",
    "d34f70eb7228a276fcb3a7854174fe562c5634f4fb454a39fc3d1ad9934be3ef",
    "023e391f0d7f79c9e6ae1c46c093e2d0dbd50ab8fbd8965e037a75e3614c20e5",
    "bd3bde3788ac14ba0ae095078f7b820fbd2bfa6a34dba9d1d46a34afde9c2729",
)


def _babi_folder() -> Path:
    return paths.downloads() / "babi"


def _download_babi(url: str) -> Path:
    folder = _babi_folder()
    try:
        _require_released(folder)
    except InputError:
        download(url, folder / BABI_ARCHIVE, check=_require_released)
    return folder


def _require_released(path: Path) -> None:
    """The archive has no published checksum: its test files are compared with the release instead."""
    source = open_source(path)
    for task, expected in zip(TASKS, BABI_TEST_SHA256, strict=True):
        found = _test_sha256(source, task)
        if found != expected:
            raise InputError(
                f"{path} is not bAbI v1.2: the sha256 of task {task}'s test file is {found} instead of {expected}; "
                "name another address"
            )


def _test_sha256(source: Source, task: int) -> str | None:
    content = source.files.get((task, "test"))
    return None if content is None else hashlib.sha256(content).hexdigest()


def _check_babi() -> list[str]:
    source = open_source(_babi_folder())
    head = f"ok       variant {source.variant}, {len(source.files)} files, sha256 {source.sha256}"
    return [head, *(_check_task(source, task) for task in TASKS)]


def _check_task(source: Source, task: int) -> str:
    questions = {split: source.questions(task, split) for split in BABI_COUNTS[source.variant]}
    expected = BABI_COUNTS[source.variant]
    off = [s for s in expected if abs(len(questions[s]) - expected[s]) > BABI_TOLERANCE * expected[s]]
    released = _test_sha256(source, task) == BABI_TEST_SHA256[task - 1]
    share = solver.agreement(task, ((q.story, q.text, q.answer) for q in questions["test"]))
    parts = [
        ", ".join(f"{split} {len(found)}" for split, found in questions.items()),
        *(f"{split} should hold {expected[split]}" for split in off),
        "test file as released" if released else "test file NOT as released",
        f"solver agrees with {share:.1%} of test",
    ]
    return f"{'ok' if released and not off else 'differs':8} task {task:2}: {'; '.join(parts)}"


def _write_babi(folder: Path, size: int) -> None:
    if size < 10:
        raise InputError(f"size is {size}: give at least 10 questions a task, of which one in ten validates")
    tenth = size // 10
    dataset.write(folder / "en-valid-10k", dataset.BabiData(train=size - tenth, valid=tenth, test=tenth))


# Sort-of-CLEVR

SORT_OF_CLEVR_SAMPLE = {"scenes": 16, "seed": 5}
SORT_OF_CLEVR_SHA256 = "927ccf038bb17a5b31ac46e4b2d1941d7db5fc7e3c2c4305d6bf10c1fab0653c"  # of VERSION 1


def _arrays(scenes: sort_of_clevr.Scenes) -> dict[str, np.ndarray]:
    return {name: getattr(scenes, name) for name in ("images", "centres", "circles", "questions", "answers")}


def _check_sort_of_clevr() -> list[str]:
    scenes = sort_of_clevr.generate(**SORT_OF_CLEVR_SAMPLE)
    found = hashlib.sha256(b"".join(array.tobytes() for array in _arrays(scenes).values())).hexdigest()
    if found != SORT_OF_CLEVR_SHA256:
        return [f"differs  the generator draws other scenes here: sha256 {found} instead of {SORT_OF_CLEVR_SHA256}"]
    return [f"ok       the generator draws the pinned pictures, questions and answers: sha256 {found}"]


def _write_sort_of_clevr(folder: Path, size: int) -> None:
    scenes = sort_of_clevr.generate(size, seed=0)
    np.savez_compressed(folder / "scenes.npz", names=np.array(scenes.names), **_arrays(scenes))


# Springs, charged particles, oscillators

MOTION_SAMPLE = {"count": 8, "objects": 5, "frames": 49, "seed": 5, "stream": 0}
MOTION_MEANS = {
    "springs": 0.507255,
    "charged": 0.942708,
    "kuramoto": 0.59292,
}  # of the sample's absolute values, VERSION 1
MOTION_TOLERANCE = 1e-3  # charged particles that come close amplify rounding


def _check_motion(kind: str) -> list[str]:
    found = float(np.abs(simulations.generate(kind, **MOTION_SAMPLE).trajectories).mean())
    pinned = MOTION_MEANS[kind]
    if abs(found - pinned) > MOTION_TOLERANCE * pinned:
        return [f"differs  the simulator moves otherwise here: mean absolute value {found:.6f} instead of {pinned:.6f}"]
    return [f"ok       the simulator moves as pinned: mean absolute value {found:.6f}"]


def _write_motion(kind: str, folder: Path, size: int) -> None:
    scenes = simulations.generate(kind, size, objects=5, frames=49, seed=0, stream=0)
    np.savez_compressed(folder / "scenes.npz", trajectories=scenes.trajectories, edges=scenes.edges)


def _motion(kind: str, title: str) -> Entry:
    return Entry(
        name=kind,
        title=f"{title} (Kipf et al. 2018)",
        licence="generated; nothing was released",
        url=None,
        size=None,
        layout="none: the paper's own procedure is the generator",
        generator="scenes.npz with trajectories [M, 49, 5, D] and edges [M, 5, 4], not normalised; size: scenes M",
        download=None,
        check=partial(_check_motion, kind),
        write=partial(_write_motion, kind),
    )


ENTRIES = (
    Entry(
        name="babi",
        title="bAbI question answering, tasks 1 to 20, v1.2 (Weston et al. 2015)",
        licence="CC BY 3.0",
        url="http://www.thespermwhale.com/jaseweston/babi/tasks_1-20_v1-2.tar.gz",
        size=15_719_851,
        layout="babi/: the released archive, or its folder unpacked; en-valid-10k is preferred to en-10k, en-valid, en",
        generator="text files in the released layout; size: questions a task, of which a tenth validates (test on top)",
        download=_download_babi,
        check=_check_babi,
        write=_write_babi,
    ),
    Entry(
        name="sort_of_clevr",
        title="Sort-of-CLEVR (Santoro et al. 2017)",
        licence="generated; nothing was released",
        url=None,
        size=None,
        layout="none: the paper's own procedure is the generator",
        generator="scenes.npz with images, centres, circles, questions, answers, names; size: scenes of 20 questions",
        download=None,
        check=_check_sort_of_clevr,
        write=_write_sort_of_clevr,
    ),
    _motion("springs", "Particles joined by springs"),
    _motion("charged", "Charged particles"),
    _motion("kuramoto", "Kuramoto's phase-coupled oscillators"),
)
