"""What is compared is checked first, runs on one thread, and its bytes are counted. Nothing here is timed."""

import pandas as pd
import pytest
import torch

from reprolib import bench
from reprolib.bench.measure import LiveBytes, Ratio, check_agreement, differences, measure
from reprolib.errors import InputError

CPU = torch.device("cpu")


def test_an_unknown_benchmark_is_named_at_once():
    with pytest.raises(InputError, match="'relations': choose one of relation, nri"):
        bench.run("relations", "cpu")


def test_an_unknown_device_is_named_at_once():
    with pytest.raises(InputError, match="abacus"):
        bench.run("relation", "abacus")


@pytest.mark.parametrize(("given", "chosen"), [(None, "cuda:0"), ("cpu", "cpu")])
def test_an_accelerator_is_taken_where_there_is_one_and_no_device_is_named(monkeypatch, cli, given, chosen):
    seen = []
    monkeypatch.setattr(bench.devices, "pick", lambda name: torch.device(name or "cuda:0"))
    monkeypatch.setattr(bench, "BENCHMARKS", dict.fromkeys(bench.NAMES, lambda device: seen.append(device) or ()))
    assert cli("bench", "nri", *(["--device", given] if given else [])) == (0, "", "")
    assert seen == [torch.device(chosen)]


def test_all_benchmarks_run_in_order_and_each_ratio_is_there_before_the_next_is_measured(monkeypatch):
    begun = []

    def fake(name):
        def ratios(device):
            for case in "ab":
                begun.append(name + case)
                yield Ratio(name, case, 1.0, 2.0, "CPU ms", 2.0, 1.0, device.type)

        return ratios

    monkeypatch.setattr(bench, "BENCHMARKS", {name: fake(name) for name in bench.NAMES})
    measured = bench.run()
    assert next(measured).case == "a"
    assert begun == ["relationa"]
    assert [ratio.name + ratio.case for ratio in measured] == [
        "relationb",
        "nria",
        "nrib",
        "edgesa",
        "edgesb",
        "modulara",
        "modularb",
        "gna",
        "gnb",
        "picturesa",
        "picturesb",
        "simulatorsa",
        "simulatorsb",
    ]
    assert {ratio.name for ratio in bench.run("nri")} == {"nri"}


def test_what_is_kept_replaces_what_was_measured_before_on_the_same_device(monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))

    def keep(name, device, *cases):
        return bench.keep([Ratio(name, case, 1.0, 2.0, "ms", 2.0, 1.0, device) for case in cases])

    keep("relation", "cpu", "old", "older")
    keep("nri", "cpu", "a step")
    keep("relation", "gpu", "other")
    kept = pd.read_csv(keep("relation", "cpu", "new"))
    assert list(zip(kept["name"], kept["device"], kept["case"], strict=True)) == [
        ("nri", "cpu", "a step"),
        ("relation", "gpu", "other"),
        ("relation", "cpu", "new"),
    ]
    assert kept["commit"].notna().all()


def test_a_damaged_file_is_named_before_anything_is_measured(monkeypatch, tmp_path, cli):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))
    monkeypatch.setattr(
        bench, "BENCHMARKS", {"nri": lambda device: [Ratio("nri", "a", 1.0, 2.0, "ms", 2.0, 1.0, "cpu")]}
    )
    assert cli("bench", "nri", "--keep", "--json", "--device", "cpu")[::2] == (0, f"kept in {tmp_path / 'speed.csv'}\n")
    kept = (tmp_path / "speed.csv").read_text()
    monkeypatch.setattr(bench, "BENCHMARKS", {"nri": lambda device: []})
    assert cli("bench", "nri", "--keep", "--device", "cpu") == (0, "", "")  # nothing to measure here, nothing lost
    assert (tmp_path / "speed.csv").read_text() == kept
    (tmp_path / "speed.csv").write_text(kept.replace("unit", "units"))
    monkeypatch.setattr(bench, "BENCHMARKS", {"nri": lambda device: 1 / 0})
    code, _, complaint = cli("bench", "nri", "--keep", "--device", "cpu")
    assert code == 2
    assert "speed.csv cannot be read" in complaint


@pytest.mark.parametrize(("asked", "unit"), [(1, "CPU ms"), (3, "ms")])
def test_sides_are_measured_by_turns_on_so_many_threads_which_are_given_back(asked, unit):
    calls, threads = [], torch.get_num_threads()
    torch.set_num_threads(2)
    sides = [lambda side=side: calls.append((side, torch.get_num_threads())) or torch.ones(side) for side in (100, 300)]
    ratio = measure("name", "case", *sides, CPU, rounds=3, threads=asked)
    after = torch.get_num_threads()
    torch.set_num_threads(threads)
    assert calls == [(100, asked), (300, asked)] * 4  # once for the bytes, three times for the seconds
    assert after == 2
    assert (ratio.unit, ratio.device) == (unit, f"{ratio.device.split(',')[0]}, {asked} thread{'s' * (asked > 1)}")
    assert ratio.peak_memory_ratio == 3
    assert ratio.ratio == pytest.approx(ratio.reference / ratio.ours)


def test_differences_are_relative_to_the_reference():
    ours, reference = [torch.tensor([3.0, 0.0]), torch.zeros(2)], [torch.tensor([0.0, 4.0]), torch.zeros(2)]
    assert differences(ours, reference) == [1.25, 0]


@pytest.mark.parametrize(("result", "gradient"), [(1.1, 1.0), (1.0, 1.1), (float("nan"), 1.0), (1.0, float("nan"))])
def test_sides_that_differ_are_named(result, gradient):
    reference = [torch.ones(3), torch.ones(2), torch.ones(2)]
    check_agreement("the case", [torch.ones(3), torch.ones(2), torch.full((2,), 1.04)], reference, 0.05, 0.05)
    ours = [torch.full((3,), result), torch.ones(2), torch.full((2,), gradient)]
    with pytest.raises(RuntimeError, match="the case: ours and the reference differ by"):
        check_agreement("the case", ours, reference, 0.05, 0.05)


def test_bytes_are_counted_while_a_tensor_lives():
    kept = torch.zeros(1000)
    with LiveBytes() as live:
        first = kept + 1  # 4,000 bytes
        view, same = first[:10], first.add_(1)
        second = torch.cat([first, kept])  # 8,000 more
        assert live.now == 12_000
        del first, view, same
        assert live.now == 8_000
        third = second.double()  # 16,000 more
        del second, third
        fourth = kept.clone()
        pieces = fourth.split(10)
    assert live.now == 4_000
    assert live.peak == 24_000
    assert len(pieces) == 100


def test_bytes_of_the_backward_pass_are_counted():
    weight = torch.ones(100, 100, requires_grad=True)
    with LiveBytes() as live:
        (gradient,) = torch.autograd.grad((weight.exp() * 2).sum(), weight)
        assert live.now == gradient.nbytes
    assert live.peak >= 3 * gradient.nbytes
