"""How long neural relational inference takes to find the edges of five springs, in seconds of the whole machine.

Ours has the settings of its row at small scale, the reference those of the official code: Adam, in single precision,
along every tenth true frame. Both learn from the same few scenes, and stop where validation first says that so many
edges are right.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from reprolib import devices, experiments
from reprolib.bench.measure import Ratio, on_threads, peak_bytes
from reprolib.bench.nri import FEATURES, RATE, OfficialStructure, Side
from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import best_naming, edge_accuracy
from reprolib.settings.data_sets import FRAMES
from reprolib.settings.moving import NRIModel
from reprolib.settings.recipe import Training, learning_rate
from reprolib.training import optimisers

SCENES, LEVEL, THREADS = 2_000, 93.0, 2
OFFICIAL = Config(None, NRIModel(), Training(steps=500 * 16, batch=128, rate=RATE))  # 16 batches an epoch
EVERY = {"ours": 20, "reference": 16}  # steps between looks at validation


def ratios(device: torch.device) -> Iterator[Ratio]:
    """The one comparison, on a CPU: some minutes, nearly all of them the reference's."""
    if device.type == "cpu":
        yield compare(device)


def compare(device: torch.device, scenes: int = SCENES, level: float = LEVEL) -> Ratio:
    """Train both sides on as many scenes until that part of the edges is right, in percent."""
    row = experiments.get("nri_edges").row("springs_5/NRI (learned)")
    config = row.at("small")
    data = row.source.load(replace(config.data, train=scenes, test=1, others=()), "generated")
    with on_threads(THREADS):
        ours, reference = row.method.build(config, data), OfficialStructure(OFFICIAL.model, FRAMES, FEATURES, 5)
        found = [
            _trained(model, settings, data, EVERY[side], level)
            for side, model, settings in (("ours", ours, config), ("reference", reference, OFFICIAL))
        ]
        (seconds, memory), (others, more) = found
        return Ratio(
            name="edges",
            case=f"springs 5, {scenes:,} scenes, to {level:g} % of the edges",
            ours=seconds,
            reference=others,
            unit="s",
            ratio=others / seconds,
            peak_memory_ratio=more / memory,
            device=devices.name(device),
        )


def _trained(model: torch.nn.Module, config: Config, data: Dataset, every: int, level: float) -> tuple[float, int]:
    """Seconds until that part of the edges of the validation scenes is right; bytes of a step."""
    training, train = config.train, data.splits["train"]
    optimiser = optimisers.make(training.optimiser, model, training.rate, training.weight_decay)
    side = Side(model, devices.precision(training.precision, torch.device("cpu")), optimiser)
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)

    def step(number: int) -> Tensor:
        optimisers.set_rate(optimiser, learning_rate(training, number))
        return side.step(train.batch(torch.randint(len(train), (training.batch,), generator=generator)))

    memory = peak_bytes(partial(step, 0), torch.device("cpu"))
    start = time.perf_counter()
    for number in range(1, training.steps):
        step(number)
        if number % every == 0 and _accuracy(model, data.splits["valid"]) >= level:
            return time.perf_counter() - start, memory
    raise InputError(f"{level:g} % of the edges were not right after {training.steps} steps: ask for fewer")


@torch.no_grad()
def _accuracy(model: torch.nn.Module, split: Split) -> float:
    """Percent of the edges that are right, by the better of two namings."""
    model.eval()
    encode: Callable[[Tensor], Tensor] = model.edges if hasattr(model, "edges") else _official_edges(model)
    found, true = encode(split.columns["trajectories"]), split.columns["edges"]
    model.train()
    return edge_accuracy(found, true, best_naming(found, true, 2))


def _official_edges(model: OfficialStructure) -> Callable[[Tensor], Tensor]:
    """The reference's most likely types, [B, T, N, D] -> [B, N, N - 1]."""
    return lambda trajectories: model.encode(trajectories).argmax(-1).unflatten(1, (trajectories.shape[2], -1))
