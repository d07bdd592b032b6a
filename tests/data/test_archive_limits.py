"""Archives that are far more than they seem are refused before anything of them is kept in memory."""

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile

import pytest

from reprolib.data import archive_limits
from reprolib.data.archive_limits import require_modest
from reprolib.data.babi.babi_reader import open_source
from reprolib.errors import InputError

CONTENT = b"1 Mary moved to the garden.\n"
PACKED = {"tar": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def member(name="en/qa1_train.txt", content=CONTENT, **fields):
    """A member as it lies in an archive, whatever its header says."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def sparse(size):
    """A member of `size` bytes that holds nothing but holes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("en/qa1_train.txt")
        info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(size)}
        info.pax_headers["GNU.sparse.map"] = "0,0"
        archive.addfile(info)
    return stream.getvalue()[:1536]  # without the end


END = bytes(1024)
LINK = member("././@LongLink", b"a" * 100, type=tarfile.GNUTYPE_LONGNAME)
BOMBS = {
    "a gigabyte that is declared": (member(size=1 << 30), "a member of 1073741824 bytes"),
    "many sparse ones": (sparse(40_000) * 3 + END, "a member of 40000 bytes, 120000 with those before"),
    "a sparse gigabyte": (sparse(1 << 30) + END, "a member of 1073741824 bytes"),
    "zeros after the end": (member() + bytes(1 << 17), "more than 100000 bytes"),
    "very many members": (member(content=b"") * 60 + END, "more than 50 members"),
    "a long name": (
        member("././@LongLink", b"a" * 5000, type=tarfile.GNUTYPE_LONGNAME) + member() + END,
        "a name of 5000 characters",
    ),
    "thousands of long names for one member": (LINK * 3000 + member() + END, "not a complete tar archive|more than"),
    "cut off": (member()[:700], "not a complete tar archive"),
    "no archive": (b"<html>This domain is for sale.</html>", "not a complete tar archive"),
    "nothing": (b"", "not a complete tar archive"),
}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(archive_limits, "LARGEST", 100_000)
    monkeypatch.setattr(archive_limits, "LARGEST_MEMBER", 50_000)
    monkeypatch.setattr(archive_limits, "MOST_MEMBERS", 50)


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("name", BOMBS)
def test_an_archive_that_is_too_much_is_refused(tmp_path, name, packing):
    content, complaint = BOMBS[name]
    path = tmp_path / "tasks.part"
    path.write_bytes(PACKED[packing](content))
    with pytest.raises(InputError, match=rf"tasks\.part .*({complaint}).*fetch it again"):
        require_modest(path)


@pytest.mark.parametrize("packing", PACKED)
def test_a_modest_archive_passes(tmp_path, packing):
    path = tmp_path / "tasks.part"
    path.write_bytes(PACKED[packing](member() * 20 + END))
    require_modest(path)


def test_thousands_of_long_names_exhaust_nothing(tmp_path, monkeypatch):
    """Each stands before the next one, which a reader that calls itself does not survive."""
    monkeypatch.setattr(archive_limits, "LARGEST", 1 << 29)
    path = tmp_path / "tasks.part"
    path.write_bytes(LINK * 3000 + member() + END)
    with pytest.raises(InputError, match=r"is not a complete tar archive \(.*recursion"):
        require_modest(path)


def test_zeros_are_not_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_limits, "LARGEST", 1 << 25)
    path = tmp_path / "tasks.part"
    path.write_bytes(gzip.compress(member() + bytes(1 << 26), 1))
    tracemalloc.start()
    with pytest.raises(InputError, match="more than 33554432 bytes"):
        require_modest(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 23
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("names", "size", "complaint"),
    [
        (["a" * 2000], 1, "a name of 2000"),
        (range(60), 0, "50 members"),
        (["a"], 1 << 27, "a member of"),
    ],
    ids=["name", "members", "size"],
)
def test_a_zip_archive_is_held_against_the_same_limits(names, size, complaint, tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(str(name), bytes(size))
    with pytest.raises(InputError, match=rf"mine\.zip holds .*{complaint}.*: correct it"):
        require_modest(path, "correct it")


def test_what_the_reader_itself_is_given_is_held_against_the_limits(tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("en/qa1_single-supporting-fact_train.txt", bytes(1 << 27))
    with pytest.raises(InputError, match="more than any released archive"):
        open_source(path)
