"""The table of claims, one line each, and how many came out how."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reprolib import records
from reprolib.errors import InputError
from reprolib.labels import LABELS, Judgement
from reprolib.wording import markdown, paper_name

KEYS = ("id", "paper", "place", "claim", "headline", "label", "reason", "n", "scale", "data", "records", "command")
STYLES = ("md", "csv", "html", "json")


def entry(judgement: Judgement) -> dict[str, Any]:
    """A claim with its label, as `reprolib claims --format json` prints it."""
    claim, (scale, data) = judgement.claim, judgement.setting or (None, None)
    return {
        "id": claim.id,
        "paper": claim.paper,
        "place": claim.place,
        "claim": claim.claim,
        "headline": claim.headline,
        "label": judgement.label,
        "reason": judgement.reason,
        "n": judgement.n,
        "scale": scale,
        "data": data,
        "records": [str(records.location(record, Path("results"))) for record in judgement.records],
        "command": " && ".join(dict.fromkeys(record.command for record in judgement.records)) or None,
    }


def chosen(found: Sequence[Judgement], paper: str | None) -> list[Judgement]:
    """The claims of one paper, or all.

    Raises:
        InputError: no paper has this name.
    """
    known = dict.fromkeys(one.claim.paper for one in found)
    if paper is not None and paper not in known:
        raise InputError(f"unknown paper {paper!r}: choose one of {', '.join(known)}")
    return [one for one in found if paper in (None, one.claim.paper)]


def text(found: Sequence[Judgement], style: str) -> str:
    """The table of claims as md, csv, html or json.

    Raises:
        InputError: there is no such format.
    """
    if style not in STYLES:
        raise InputError(f"unknown format {style!r}: choose one of {', '.join(STYLES)}")
    rows = [entry(one) for one in found]
    if style == "json":
        return json.dumps(rows, indent=1, ensure_ascii=False)
    if style == "csv":
        return pd.DataFrame(rows, columns=KEYS).to_csv(index=False)
    table = _frame(rows)
    return markdown(table) if style == "md" else table.to_html(index=False, border=0)


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """For reading: the sentence, its label, and what it rests on."""
    return pd.DataFrame(
        {
            "claim": [f"{row['claim']} ({paper_name(row['paper'])}, {row['place']})" for row in rows],
            "label": [row["label"] for row in rows],
            "why": [row["reason"] for row in rows],
            "runs": [f"{row['scale']}, {row['data']}, n = {row['n']}" if row["scale"] else "" for row in rows],
        }
    )


def counted(found: Sequence[Judgement]) -> str:
    """How many claims came out how, in words."""
    counts = Counter(one.label for one in found)
    said = [f"{counts[label]} {label}" for label in LABELS]
    headlines = Counter(one.label for one in found if one.claim.headline)
    shown = sum(headlines[label] for label in LABELS[: LABELS.index("effect shown")])
    return (
        f"Of {len(found)} claims, {'; '.join(said[:-1])}; and {said[-1]}. "
        f"Of the {headlines.total()} headline claims among them, {shown} are reproduced, in full, with less or changed."
    )
