"""What the fields of a record can hold: their types, and the values that a run can give."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import UnionType
from typing import Any, get_args, get_origin

from reprolib.errors import InputError
from reprolib.evidence import kinds

REMEDY = "restore it or run its row again"
DEEPEST = 8  # lists and objects within one another
INNER = {  # types of what the fields of these names hold
    "data": {"name": str, "kind": str, "procedure": str, "split": str, "hash": str, "sizes": dict[str, int]},
    "deviations": {"kind": str, "text": str, "less": bool},
    "starts_from": {"experiment": str, "row": str, "sha256": str},
    "weights": {"file": str | None, "sha256": str | None, "dtype": str, "bytes": int},
}
FILLED = ("config", "metrics")  # fields that are never empty
LEAST = {  # of a number
    "seed": 0,
    "best_step": 0,
    "steps": 0,
    "parameters": 0,
    "workers": 1,
    "seconds": 0,
    "processor_seconds": 0,
    "samples_per_second": 0,
    "peak_memory": 0,
}


def check_types(content: Mapping[str, Any], hints: Mapping[str, Any], where: str) -> None:
    """Raise InputError unless the fields are all there, known, and of the right types."""
    for name in sorted(set(hints) ^ set(content)):
        word = "misses the field" if name in hints else "has the unknown field"
        raise InputError(f"{where} {word} {name!r}: {REMEDY}")
    for name, hint in hints.items():
        if not _fits(content[name], hint):
            raise InputError(f"{where} has {content[name]!r:.200} in the field {name!r}, the wrong type: {REMEDY}")
        if name in INNER and content[name] is not None:
            inner = content[name] if isinstance(content[name], list) else [content[name]]
            for each in inner:
                check_types(each, INNER[name], f"{where}, field {name!r},")


def _fits(value: Any, hint: Any, depth: int = 0) -> bool:
    """Whether a JSON value has a field's type, down to what it holds; numbers must be finite and text printable."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return any(_fits(value, option, depth) for option in inner)
    if kind is float or (kind is Any and isinstance(value, float)):
        return type(value) in (int, float) and math.isfinite(value)
    if kind is not Any and type(value) is not kind:
        return False
    if isinstance(value, str):
        return value.isprintable()
    if not isinstance(value, dict | list):
        return True
    held, keys = (value.values(), value) if isinstance(value, dict) else (value, ())
    deeper, of = depth + 1, inner[-1] if inner else Any
    return deeper <= DEEPEST and all(map(str.isprintable, keys)) and all(_fits(item, of, deeper) for item in held)


def check_values(content: Mapping[str, Any], where: str) -> None:
    """Raise InputError where a field, of the right type, holds what no run can give."""
    for said in _impossible(content):
        raise InputError(f"{where} {said}, which no run gives: {REMEDY}")


def _impossible(content: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with the values, a phrase each."""
    yield from (f"has nothing in the field {name!r}" for name in FILLED if not content[name])
    for name, least in LEAST.items():
        if content[name] is not None and content[name] < least:
            yield f"has {content[name]} in the field {name!r}"
    sizes = content["data"]["sizes"]
    yield from (f"says that its {name} split holds {size} examples" for name, size in sizes.items() if size < 1)
    for name in ("metrics", "validation"):
        yield from _out_of_range(name, content[name])
    for point in content["curve"]:
        yield from (
            f"has a point without its {name} in the field 'curve'" for name in ("step", "loss") if name not in point
        )
        yield from _out_of_range("curve", {key: value for key, value in point.items() if kinds.is_known(key)})
        if not 0 <= point.get("step", 0) <= content["steps"]:
            yield f"has step {point['step']} of {content['steps']} in the field 'curve'"
    for name, error in content["errors"].items():
        if name not in content["metrics"] or error < 0:
            yield f"has {name} {error:g} in the field 'errors'"
    if content["best_step"] > content["steps"]:
        yield f"has its best step at {content['best_step']} of {content['steps']}"
    if not _is_moment(content["started"]):
        yield f"has {content['started']!r:.200}, no date and time of day in UTC, in the field 'started'"


def _out_of_range(field: str, figures: Mapping[str, float]) -> Iterable[str]:
    for metric, value in figures.items():
        if not kinds.is_known(metric):
            yield f"has the metric {metric!r:.200}, of no known kind, in the field {field!r}"
            continue
        kind = kinds.of_ours(metric)
        if not kind.least <= value <= kind.most:
            yield f"has {metric} {value:g} in the field {field!r}"


def _is_moment(text: str) -> bool:
    """Whether a text is a date and a time of day in UTC, as ISO 8601 writes them."""
    try:
        return datetime.fromisoformat(text).utcoffset() == timedelta(0)
    except ValueError:
        return False
