"""The table of claims, one line each, and how many came out how."""

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from reprolib.contracts.requests import commands
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.evidence.wording import markdown, paper_name
from reprolib.judgement.labels import LABELS, Judgement
from reprolib.pages import markup

SIGNS = dict(zip(LABELS, ("✓", "✓−", "✓~", "&gt;", "?", "✗", "–"), strict=True))
REPRODUCED = LABELS[: LABELS.index("effect shown")]
IN_WORDS = {  # where a label is no end of a sentence
    "reproduced, with less": "reproduced with less",
    "reproduced, changed": "reproduced with a change",
    "effect shown": "only shown in effect",
}
HEADLINE = markup.sign("★", "headline claim")
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
        "command": " && ".join(commands(judgement.records)) or None,
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
    if style == "html":
        return html(found)
    rows = [entry(one) for one in found]
    if style == "json":
        return json.dumps(rows, indent=1, ensure_ascii=False)
    if style == "csv":
        return pd.DataFrame(rows, columns=KEYS).to_csv(index=False)
    return markdown(_frame(rows))


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """For reading: the sentence, its label, and what it rests on."""
    return pd.DataFrame(
        {
            "claim": [f"{row['claim']} ({paper_name(row['paper'])}, {row['place']})" for row in rows],
            "label": [row["label"] for row in rows],
            "why": [row["reason"] for row in rows],
            "runs": [_runs(row) for row in rows],
        }
    )


def _runs(row: dict[str, Any]) -> str:
    """Scale, kind of data and number of seeds; nothing where nothing was measured."""
    return f"{row['scale']}, {row['data']}, n = {row['n']}" if row["scale"] else ""


def html(found: Sequence[Judgement]) -> str:
    """For pages: a table a paper, its headlines first, in two columns, with an anchor at every claim."""
    tables = []
    for paper in dict.fromkeys(one.claim.paper for one in found):
        ordered = sorted((one for one in found if one.claim.paper == paper), key=lambda one: not one.claim.headline)
        rows = [(_said(one), _came_out(one)) for one in ordered]
        tables.append(markup.table(paper_name(paper), ("claim", "label"), rows, [one.claim.id for one in ordered]))
    return "\n".join(tables)


def _said(judgement: Judgement) -> str:
    """What the paper says and where; what the label was given for unfolds under it."""
    claim, row = judgement.claim, entry(judgement)
    mark = f"{HEADLINE} " if claim.headline else ""
    evidence = [markup.bullets(map(escape, row["reason"].split("; ")))]
    if judgement.records:
        evidence += ["Records:", markup.code(row["records"]), "Commands:", markup.code(commands(judgement.records))]
    why = markup.unfolds("Why?", "".join(evidence))
    return f"{mark}{escape(claim.claim)} <small>({escape(claim.place)})</small>{why}"


def _came_out(judgement: Judgement) -> str:
    """The label, and under it the runs that it was given for."""
    sign = f'<span aria-hidden="true">{SIGNS[judgement.label]}</span>'
    runs = escape(_runs(entry(judgement))).replace("n = ", "n\u00a0=\u00a0")
    return f"{sign}\u00a0{escape(judgement.label)}<br><small>{runs}</small>"


def counted(found: Sequence[Judgement]) -> str:
    """How many claims came out how, in words."""
    said = _counts(Counter(one.label for one in found))
    headlines = Counter(one.label for one in found if one.claim.headline)
    shown = sum(headlines[label] for label in REPRODUCED)
    return (
        f"Of {len(found)} claims, {', '.join(said[:-1])}, and {said[-1]}. "
        f"Of the {headlines.total()} headline claims among them, {shown} came out in one of the first three ways."
    )


def _counts(counts: Counter[str]) -> list[str]:
    return [f"{counts[label]} {'is' if counts[label] == 1 else 'are'} {IN_WORDS.get(label, label)}" for label in LABELS]
