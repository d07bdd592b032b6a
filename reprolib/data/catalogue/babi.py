"""bAbI: the released archive, whose test files are pinned, and files of the same layout."""

import hashlib
from pathlib import Path

from reprolib import paths
from reprolib.data.babi import dataset, solver
from reprolib.data.babi.reader import TASKS, Source, open_source
from reprolib.data.catalogue.entry import Entry
from reprolib.data.fetch import download
from reprolib.errors import InputError

ARCHIVE = "tasks_1-20_v1-2.tar.gz"
COUNTS = {  # questions a file; tasks 18 and 20 have up to 4 more or less, in the release too
    "en-valid-10k": dataset.RELEASED,
    "en-10k": {"train": 10_000, "test": 1_000},
    "en-valid": {"train": 900, "valid": 100, "test": 1_000},
    "en": {"train": 1_000, "test": 1_000},
}
TOLERANCE = 0.02
TEST_SHA256 = (  # of tasks 1 to 20, v1.2; read from en-valid-10k, and the four English variants share these files
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


def _folder() -> Path:
    return paths.downloads() / "babi"


def _download(url: str) -> Path:
    folder = _folder()
    try:
        _require_released(folder)
    except InputError:
        download(url, folder / ARCHIVE, check=_require_released)
    return folder


def _require_released(path: Path) -> None:
    """The archive has no published checksum: its test files are compared with the release instead."""
    source = open_source(path)
    for task, expected in zip(TASKS, TEST_SHA256, strict=True):
        found = _test_sha256(source, task)
        if found != expected:
            raise InputError(
                f"{path} is not bAbI v1.2: the sha256 of task {task}'s test file is {found} instead of {expected}; "
                "name another address"
            )


def _test_sha256(source: Source, task: int) -> str | None:
    content = source.files.get((task, "test"))
    return None if content is None else hashlib.sha256(content).hexdigest()


def _check() -> list[str]:
    source = open_source(_folder())
    head = f"ok       variant {source.variant}, {len(source.files)} files, sha256 {source.sha256}"
    return [head, *(_check_task(source, task) for task in TASKS)]


def _check_task(source: Source, task: int) -> str:
    questions = {split: source.questions(task, split) for split in COUNTS[source.variant]}
    expected = COUNTS[source.variant]
    off = [s for s in expected if abs(len(questions[s]) - expected[s]) > TOLERANCE * expected[s]]
    released = _test_sha256(source, task) == TEST_SHA256[task - 1]
    share = solver.agreement(task, ((q.story, q.text, q.answer) for q in questions["test"]))
    parts = [
        ", ".join(f"{split} {len(found)}" for split, found in questions.items()),
        *(f"{split} should hold {expected[split]}" for split in off),
        "test file as released" if released else "test file NOT as released",
        f"solver agrees with {share:.1%} of test",
    ]
    return f"{'ok' if released and not off else 'differs':8} task {task:2}: {'; '.join(parts)}"


def _write(folder: Path, size: int) -> None:
    if size < 10:
        raise InputError(f"size is {size}: give at least 10 questions a task, of which one in ten validates")
    tenth = size // 10
    dataset.write(folder / "en-valid-10k", dataset.BabiData(train=size - tenth, valid=tenth, test=tenth))


ENTRY = Entry(
    name="babi",
    title="bAbI question answering, tasks 1 to 20, v1.2 (Weston et al. 2015)",
    licence="CC BY 3.0",
    url="http://www.thespermwhale.com/jaseweston/babi/tasks_1-20_v1-2.tar.gz",
    size=15_719_851,
    layout="babi/: the released archive, or its folder unpacked; en-valid-10k is preferred to en-10k, en-valid, en",
    generator="text files in the released layout; size: questions a task, of which a tenth validates (test on top)",
    download=_download,
    check=_check,
    write=_write,
)
