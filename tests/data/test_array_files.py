"""Arrays from files: damaged ones, of which readers of their own raise almost anything, are one sentence."""

import os
import zipfile

import numpy as np
import pytest

from reprolib.data.array_files import read_array, read_arrays
from reprolib.errors import InputError

GOOD = np.arange(24.0).reshape(2, 3, 4)


def headed(text):
    """A .npy file with this head, and the numbers of GOOD."""
    head = text.encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + GOOD.tobytes()


@pytest.mark.parametrize("mapped", [False, True])
def test_what_was_saved_comes_back(mapped, tmp_path):
    np.save(tmp_path / "a.npy", GOOD)
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy", "save it", mapped), GOOD)
    np.savez(tmp_path / "b.npz", a=GOOD, b=GOOD[0])
    found = read_arrays(tmp_path / "b.npz", "save it")
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["b"], GOOD[0])


@pytest.mark.parametrize(
    "head",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000, 4), }\n",  # a MemoryError
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 2), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 3000 + "), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 4)\n",  # a TokenError
        "{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 300 + "}\n",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3, 4), }\n",
        "{'descr': [], 'fortran_order': False, 'shape': (-1,), }\n",  # would end the process where it is mapped
        "{'descr': None, 'fortran_order': 1, 'shape': 7, }\n",
        "'''",
    ],
    ids=lambda head: head[:70],
)
@pytest.mark.parametrize("mapped", [False, True])
def test_an_odd_head_is_one_sentence(head, mapped, tmp_path):
    (tmp_path / "a.npy").write_bytes(headed(head))
    with pytest.raises(InputError, match=r"a\.npy cannot be read as arrays of numbers \(.+\): save it$") as error:
        read_array(tmp_path / "a.npy", "save it", mapped)
    assert len(str(error.value).splitlines()) == 1


def test_a_member_that_is_no_array_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", "no array")
    with pytest.raises(InputError, match=r"\('a' is no array\)"):
        read_arrays(tmp_path / "a.npz", "save it")


def test_an_archive_is_not_one_array(tmp_path):
    np.savez(tmp_path / "a.npz", a=GOOD)
    with pytest.raises(InputError, match=r"a\.npz is an archive and not one array: save it"):
        read_array(tmp_path / "a.npz", "save it")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(make, tmp_path):
    make(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"a\.npy cannot be read as arrays of numbers \((it is no reg|Is a dir)"):
        read_arrays(tmp_path / "a.npy", "save it")
