"""What the release of bAbI v1.2 holds, to compare files with: questions a file, and hashes of the test files."""

import hashlib
from collections.abc import Mapping

from reprolib.data.babi.reader import Question, Source
from reprolib.errors import InputError

COUNTS = {  # questions a file
    "en-valid-10k": {"train": 9_000, "valid": 1_000, "test": 1_000},
    "en-10k": {"train": 10_000, "test": 1_000},
    "en-valid": {"train": 900, "valid": 100, "test": 1_000},
    "en": {"train": 1_000, "test": 1_000},
}
TOLERANCE = 4  # questions; tasks 18 and 20 have up to so many more or less, in the release too
GAP = (3, "train")  # en-valid-10k as it is passed on holds 925 of these 9,000
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


def questions(source: Source, task: int) -> dict[str, list[Question]]:
    """{split: questions} of one task, in a 10k variant as many as in the release; only the file of `GAP` may lack some.

    Raises:
        InputError: a file is missing or damaged, or a 10k variant's file holds more or fewer questions.
    """
    expected = COUNTS[source.variant]
    found = {split: source.questions(task, split) for split in expected}
    wrong = differing(source.variant, {split: len(part) for split, part in found.items()})
    for split in wrong if source.variant.endswith("10k") else ():
        if (task, split) != GAP:
            raise InputError(
                f"{source.names[task, split]}: the {split} file of task {task} holds {len(found[split])} questions and "
                f"the released one {expected[split]}; move the file elsewhere, then run `reprolib data fetch babi`"
            )
    return found


def differing(variant: str, held: Mapping[str, int]) -> list[str]:
    """The splits whose number of questions a file, {split: number}, is not that of the released variant."""
    expected = COUNTS[variant]
    return [split for split in expected if abs(held[split] - expected[split]) > TOLERANCE]


def sha256_of_test(source: Source, task: int) -> str | None:
    """Hash of a task's test file; None where there is none."""
    content = source.files.get((task, "test"))
    return None if content is None else hashlib.sha256(content).hexdigest()
