"""A trained network and a few inputs to look into: what the plots of relations show.

The network is that of the largest committed run whose weights are kept; before there is one, an untrained network of
smoke size, which is said beside the plot. Inputs are generated, so that no download is needed, unless a page asks for
real ones where these are at hand.

Dimensions: N objects, D features of one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

from reprolib import experiments, paths
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.entry import SCALES
from reprolib.contracts.requests import Request, request_of
from reprolib.contracts.source import DATA_KINDS
from reprolib.data.split import Dataset
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.evidence.records import Record
from reprolib.models.relation_network import RelationNetwork

UNTRAINED = "untrained network: no fitting weights are committed yet"
HEAD = re.compile(r"relation_network\.f\.\d+\.bias")  # of the layer that gives the answer


@dataclass(frozen=True)
class Specimen:
    """A network with the configuration, the few data, and in words where its weights come from."""

    model: nn.Module
    config: Config
    data: Dataset
    source: str


@dataclass(frozen=True)
class SceneView:
    """One question about a picture, with the places of the objects (or cells) in pixels."""

    image: np.ndarray  # uint8 [75, 75, 3]
    question: str
    answer: str
    said: str  # the network's answer
    places: np.ndarray  # [N, 2]: x, y
    magnitudes: np.ndarray  # |g| [N, N], NaN where a pair is not part of the sum
    source: str


def specimen(
    name: str, row: str, few: Mapping[str, Any], kinds: tuple[str, ...] = DATA_KINDS, shown: str = "generated"
) -> Specimen:
    """The network of a row, with so few data as its pictures need.

    Args:
        few: changes of the data's sizes; smaller splits are prefixes of larger ones.
        kinds: of the data that the network may have learned from.
        shown: the kind of data that it is shown.

    Raises:
        InputError: the weights are damaged.
    """
    kept = _kept(name, row, kinds)
    if kept is not None:
        return recorded(*kept, few, shown)
    experiment = experiments.get(name)
    request = Request(experiment, experiment.row(row))
    config, data = _few(request, few, shown)
    torch.manual_seed(request.seed)
    model = request.row.method.build(config, data)
    return Specimen(model.eval(), config, data, UNTRAINED)


def recorded(path: Path, record: Record, few: Mapping[str, Any], shown: str = "generated") -> Specimen:
    """The network of a record, which lies at `path`; the rest as for `specimen`."""
    request = request_of(record, path)
    config, data = _few(request, few, shown)
    known = _answers(path.with_name(record.weights["file"]))  # the network may know answers that few data lack
    torch.manual_seed(request.seed)
    model = request.row.method.build(config, Dataset(**vars(data) | {"facts": data.facts | known}))
    records.load_weights(model, record, path)
    source = f"committed weights: {record.scale} scale, {record.kind} data, seed {record.seed}"
    return Specimen(model.eval(), config, data, source)


def _few(request: Request, few: Mapping[str, Any], shown: str) -> tuple[Config, Dataset]:
    """A request's configuration with so few data, and these."""
    config = change(request.config, few)
    return config, request.row.source.load(config.data, shown)


def narrowest(name: str, row: str) -> tuple[Path, Record]:
    """The record of a row whose weights are kept and fewest, above smoke scale, attempts among them; smallest seed.

    Raises:
        InputError: there is none.
    """
    found = [
        (path, record)
        for tried in (False, True)
        for path, record in records.read_all(paths.results(), name, attempts=tried)
        if record.row == row and record.scale != SCALES[0] and record.weights and record.weights["file"]
        if request_of(record, path).config.hash == record.config_hash
    ]
    if not found:
        raise InputError(f"no weights of {row} are kept: run {name} with --scale small --keep-weights")
    return min(found, key=lambda item: (item[1].parameters, item[1].seed))


def _request(name: str, row: str, record: Record) -> Request:
    experiment = experiments.get(name)
    return Request(experiment, experiment.row(row), record.scale, record.seed, record.kind)


def _kept(name: str, row: str, kinds: tuple[str, ...]) -> tuple[Path, Record] | None:
    """The row's record with weights of the largest scale, real data before generated ones, smallest seed."""
    found = [
        (path, record)
        for path, record in records.read_all(paths.results(), name)
        if record.row == row and record.kind in kinds and record.weights and record.weights["file"]
        if _request(name, row, record).config.hash == record.config_hash
    ]
    return min(found, key=lambda item: _rank(item[1]), default=None)


def _rank(record: Record) -> tuple[int, bool, int]:
    return -SCALES.index(record.scale), record.kind != "real", record.seed


def _answers(weights: Path) -> dict[str, int]:
    """How many answers a saved network gives, if it answers questions."""
    with safe_open(weights, framework="pt") as file:
        heads = [name for name in file.keys() if HEAD.fullmatch(name)]  # noqa: SIM118  not a dict
        return dict.fromkeys(("answers", "outputs"), file.get_slice(max(heads)).get_shape()[0]) if heads else {}


def magnitudes(network: RelationNetwork, objects: Tensor, question: Tensor) -> np.ndarray:
    """|g(o_i, o_j, q)| [N, N] of one scene [1, N, D], NaN for pairs that are not part of the network's sum."""
    values = network.each_relation(objects, question)[0].norm(dim=-1)  # [N, N]
    summed = torch.zeros_like(values, dtype=torch.bool)
    summed[tuple(network.chosen(len(values)).T)] = True
    return values.masked_fill(~summed, torch.nan).numpy()
