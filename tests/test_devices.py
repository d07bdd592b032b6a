"""Which device computes, its name, and its precision."""

import ctypes
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from reprolib import devices
from reprolib.errors import InputError

CPU, ACCELERATOR = torch.device("cpu"), SimpleNamespace(type="cuda")


def test_a_device_that_is_not_there_is_refused():
    assert devices.pick("cpu") == CPU
    for name in ("gpu", "", "cuda:99", "meta"):
        with pytest.raises(InputError, match=rf"device '{name}' cannot be used here .*: try --device cpu"):
            devices.pick(name)


def test_the_device_in_use_is_taken_where_none_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # a machine whose accelerator is not wanted
    with devices.using(CPU):
        assert devices.pick(None) == CPU
    with pytest.raises(InputError, match="cuda"), devices.using(CPU):
        devices.pick("cuda:99")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with devices.using(torch.device("meta")):
        assert devices.pick(None).type == "meta"
    assert devices.pick(None) == CPU


def test_names(monkeypatch):
    assert re.search(r"\S, 1 thread$", devices.name(CPU))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert devices.name(CPU).endswith(", 2 threads")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "An accelerator")
    assert devices.name(ACCELERATOR) == "An accelerator"


@pytest.mark.parametrize("supported", devices.HALF_ON_A_PROCESSOR)
def test_a_precision_takes_instructions_for_it(supported, monkeypatch):
    every = ("fp32", "tf32", "bf16")
    for check in devices.HALF_ON_A_PROCESSOR:
        monkeypatch.setattr(torch.cpu, check, lambda: False)
    assert [devices.precision(asked, CPU) for asked in every] == ["fp32", "fp32", "fp32"]
    assert [devices.precision(asked, ACCELERATOR) for asked in every] == ["fp32", "tf32", "bf16"]
    monkeypatch.setattr(torch.cpu, supported, lambda: True)
    assert [devices.precision(asked, CPU) for asked in every] == ["fp32", "fp32", "bf16"]


def test_products_are_rounded_where_asked_and_as_before_afterwards():
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn)

    def now():
        return [backend.fp32_precision for backend in backends]

    before = now()
    with devices.products(tf32=False):
        assert now() == ["ieee"] * 3
        with devices.products(tf32=True):
            assert now() == ["tf32"] * 3
        assert now() == ["ieee"] * 3
    assert now() == before
    with pytest.raises(ZeroDivisionError), devices.products(tf32=True):
        _ = 1 / 0
    assert now() == before


FAULTS = """
import resource, sys, torch
from reprolib import devices
if "keep" in sys.argv:
    devices.prepare_memory(torch.device("cpu"))
for _ in range(20):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24).sum()  # 64 MiB
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="memory is kept by options of glibc")
def test_freed_memory_is_kept():
    """In processes of their own, since there is no way back: the pages of the last of twenty equal tensors."""
    command = [sys.executable, "-c", FAULTS]
    faults = [
        int(subprocess.run([*command, *more], capture_output=True, text=True, check=True).stdout)
        for more in ([], ["keep"])
    ]
    assert faults[0] > 1000
    assert faults[1] < 100
