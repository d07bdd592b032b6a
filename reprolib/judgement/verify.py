"""Whether the committed results hold together: valid, fresh, complete, and not drifting."""

import json
import math
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprolib import paths
from reprolib.contracts.requests import is_stale, request_of
from reprolib.errors import InputError
from reprolib.evidence import kinds, records
from reprolib.evidence.records import Record
from reprolib.judgement.labels import LABELS, judged
from reprolib.judgement.verdicts import Measurement, measurements

SPREADS = 4.0  # standard deviations over seeds that a fresh smoke metric may lie from the committed mean
TELLS = "how_to_read.md"  # the page that explains the labels
PAGES = ("README.md", "book/*.md", "book/methods/*.md", "notebooks/*.ipynb")
TYPED = re.compile(  # a label that is set apart, or said of something; the same words elsewhere are ordinary English
    r"(?:[*_`|:\"“]|\b(?:is|are|was|were|stays?|remains?|earns?|judged|labelled|called|as)\b)\s*"
    rf"({'|'.join(map(re.escape, sorted((*LABELS, 'partly'), key=len, reverse=True)))})\b",
    re.IGNORECASE,
)
LOSS, LEAST_LOSS = "training loss", 0.1  # at the end of a run, and the share of it that it may always lie apart


def problems(root: Path | None = None) -> list[str]:
    """One sentence for every record that is invalid, misplaced, stale or without its weights, and for every claim
    without a verdict; empty when all is well.

    Raises:
        InputError: there is no folder of records.
    """
    root = root or paths.results()
    if not root.is_dir():
        raise InputError(f"{root} is no folder of records: set REPROLIB_RESULTS to one, or unset it for results/")
    found, sentences = {}, []
    files = sorted(root.rglob("*.json"))
    for path in files:
        try:
            record = records.read(path)
            records.check_place(record, path, root)
            records.check_weights(record, path)
            sentences += _stale(record, path, root)
            found[path] = record
        except InputError as error:
            sentences.append(str(error))
    sentences += _shared(found) + _orphans(root, files, found)
    return sentences + _unjudged(list(found.values())) + _typed()


def _stale(record: Record, path: Path, root: Path) -> list[str]:
    """A record whose row is gone, or whose configuration or data differ from what the row's entry gives today."""
    try:
        request = request_of(record, path)
    except InputError as error:
        return [str(error)]
    config = request.config
    if config.hash != record.config_hash:
        return [f"{path} is stale: its row's configuration has changed; run {record.command}"]
    flat = json.loads(json.dumps(config.flat()))
    if wrong := [f"{name}={value!r}" for name, value in record.config.items() if value != flat.get(name)]:
        return [f"{path} says {', '.join(wrong)}, which does not fit its hash; run {record.command}"]
    if record.data["procedure"] != (made := request.row.source.procedures.get(record.kind)):
        said = f"{path} says that its data were made by procedure {record.data['procedure']!r:.200}"
        return [f"{said}, and its row's are by {made!r}: run {record.command}"]
    if record.starts_from is not None and request.start is None:
        return [
            f"{path} says that it began with the weights of another run, but its row begins anew: run {record.command}"
        ]
    if is_stale(record, request, root):
        what = (
            "its data" if request.data_identity not in (None, record.data["hash"]) else "the weights that it began with"
        )
        return [f"{path} is stale: {what} have changed; run {record.command}"]
    return []


def _shared(found: dict[Path, Record]) -> list[str]:
    """Learned weights that two records have in common, as no two runs have."""
    kept: dict[str, Path] = {}
    sentences = []
    for path, record in found.items():
        if record.weights and record.weights["sha256"] and record.learned:
            first = kept.setdefault(record.weights["sha256"], path)
            if first != path:
                sentences.append(f"{path} has the weights of {first}: run {record.command}")
    return sentences


def _orphans(root: Path, files: list[Path], found: dict[Path, Record]) -> list[str]:
    """Weights that no record names; those of a record that is there, but damaged, wait for its repair."""
    kept = ((path, record.weights["file"]) for path, record in found.items() if record.weights)
    named = {path.with_name(file) for path, file in kept if file}
    damaged = {path.stem for path in files if path not in found}
    weights = sorted(root.rglob("*.safetensors"))
    return [
        f"{path} belongs to no record: delete it"
        for path in weights
        if path not in named and path.name.split(".")[0] not in damaged
    ]


def _unjudged(found: list[Record]) -> list[str]:
    """Claims without a label, and what else is wrong with the tables that labels come from."""
    try:
        return [f"{one.claim.id} has no label" for one in judged(found) if one.label not in LABELS]
    except InputError as error:
        return [str(error)]


def _typed() -> list[str]:
    """Pages on which a label was written by hand, where only what is computed may say it."""
    pages = [page for pattern in PAGES for page in sorted(paths.ROOT.glob(pattern)) if page.name != TELLS]
    said = [(page, label) for page in pages for label in dict.fromkeys(TYPED.findall(_prose(page)))]
    return [f"{page} says {label!r} by hand: include a table of `reprolib claims` instead" for page, label in said]


def _prose(page: Path) -> str:
    """What a page says, on one line; of a notebook its Markdown."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n".join("".join(cell) for cell in cells)
    return " ".join(text.split())


@dataclass(frozen=True)
class Drift:
    """A fresh figure outside the tolerance of the committed ones, or one of the two without the other."""

    row: str
    metric: str
    committed: str
    fresh: str


def drift(fresh: Path, root: Path | None = None) -> list[Drift]:
    """Every fresh smoke metric, and last training loss, outside the committed records' tolerance; every fresh record
    that cannot be read.

    The tolerance is four standard deviations, over the committed seeds and of so small a test set together, and at
    least ten units (percent points, tasks), half a squared error or a tenth of the loss. That tells a model that does
    not train from one whose few steps leave it at chance. A fresh record without committed ones, and the reverse, are
    drift too.

    Raises:
        InputError: `fresh` is no folder.
    """
    if not fresh.is_dir():
        raise InputError(f"{fresh} is no folder of fresh records: `make book` writes them to _build/results")
    (committed, _), (renewed, damaged) = map(_smoke, (root or paths.results(), fresh))
    found = [Drift(path.name, "all", "", said) for path, said in damaged.items()]
    found += [Drift("/".join(key[:2]), "all", "there", "no record") for key in committed if key not in renewed]
    for key, measurement in renewed.items():
        if key not in committed:
            remedy = f"no record: run {measurement.first.command}"
            found.append(Drift("/".join(key[:2]), "all", remedy, "there"))
            continue
        found += _drifted(measurement, committed[key])
    return found


def _smoke(root: Path) -> tuple[dict[tuple[str, ...], Measurement], dict[Path, str]]:
    """What was measured at smoke scale under a results folder; what is wrong with the records that cannot be read."""
    found, damaged = [], {}
    for path in sorted(root.glob("*/smoke/*.json")):
        try:
            found.append(records.read(path))
            records.check_place(found[-1], path, root)
        except InputError as error:
            damaged[path] = f"{error}"
    return measurements(found), damaged


def _drifted(fresh: Measurement, committed: Measurement) -> Iterator[Drift]:
    for metric in (*committed.first.metrics, *([LOSS] if committed.first.curve else [])):
        values, renewed = (_values(measurement, metric) for measurement in (committed, fresh))
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        mean = statistics.fmean(values)
        sampling = max(record.errors.get(metric, 0.0) for record in committed.records)
        tolerance = max(SPREADS * math.hypot(spread, sampling), _least(metric, mean))
        off = [value for value in renewed if abs(value - mean) > tolerance]
        if off or not renewed:
            said = ", ".join(f"{value:.4g}" for value in off) or "missing"
            yield Drift(committed.first.row, metric, f"{mean:.4g} ± {tolerance:.2g}", said)


def _values(measurement: Measurement, metric: str) -> list[float]:
    """A metric, or the last training loss, of every seed that has it, also of those that no verdict counts."""
    if metric != LOSS:
        return [record.metrics[metric] for record in measurement.records if metric in record.metrics]
    return [record.curve[-1]["loss"] for record in measurement.records if record.curve]


def _least(metric: str, mean: float) -> float:
    """How far from the committed mean a fresh value may always lie."""
    if metric == LOSS:
        return LEAST_LOSS * mean
    kind = kinds.of_ours(metric)
    return kind.drift * (abs(mean) if kind.by_factor else 1.0)
