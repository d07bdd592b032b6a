"""The table of claims, one line each, and how many came out how."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

from reprolib.contracts.requests import by_row, commands, repeats
from reprolib.errors import InputError
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import paper_name
from reprolib.judgement.labels import LABELS, Judgement
from reprolib.pages.tables import links, markup
from reprolib.pages.tables.commands import block, needs
from reprolib.pages.tables.markup import Html
from reprolib.pages.tables.table import Table, render

SIGNS = dict(zip(LABELS, ("✓", "✓−", "✓~", "&gt;", "?", "✗", "–"), strict=True))
REPRODUCED = LABELS[: LABELS.index("effect shown")]
IN_WORDS = {  # where a label is no end of a sentence
    "reproduced, with less": "reproduced with less",
    "reproduced, changed": "reproduced with a change",
    "effect shown": "only shown in effect",
}
HEADLINE = markup.sign("★", "headline claim")
KEYS = ("id", "paper", "place", "claim", "headline", "label", "reason", "n", "scale", "data", "records", "command")


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
        "records": [links.record_path(record) for record in judgement.records],
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


def entries(found: Sequence[Judgement]) -> Table:
    """All that is known of every claim, for programs."""
    return Table.of(map(entry, found), KEYS)


def sentences(found: Sequence[Judgement]) -> Table:
    """For reading: the sentence, its label, and what it rests on."""
    rows = [
        (f"{row['claim']} ({paper_name(row['paper'])}, {row['place']})", row["label"], row["reason"], _runs(row))
        for row in map(entry, found)
    ]
    return Table(("claim", "label", "why", "runs"), rows)


def _runs(row: dict[str, Any]) -> str:
    """Scale, kind of data and number of seeds; nothing where nothing was measured."""
    return f"{row['scale']}, {row['data']}, n = {row['n']}" if row["scale"] else ""


def html(found: Sequence[Judgement], root: str = links.START_PAGE) -> str:
    """For pages: a table a paper, its headlines first, in two columns, with an anchor at every claim.

    Args:
        root: the way from the page up to the book's first folder.
    """
    tables = []
    for paper in dict.fromkeys(one.claim.paper for one in found):
        ordered = sorted((one for one in found if one.claim.paper == paper), key=lambda one: not one.claim.headline)
        rows = [(Html(_said(one, root)), Html(_came_out(one))) for one in ordered]
        table = Table(("claim", "label"), rows, links.paper(paper, root), [one.claim.id for one in ordered])
        tables.append(render(table, "html"))
    return "\n".join([*tables, links.downloads("claims", "summary", root)])


def brief(found: Sequence[Judgement]) -> str:
    """For the page of an experiment: a claim a line, with a link to what its label was given for; headlines first."""
    ordered = sorted(found, key=lambda one: not one.claim.headline)
    rows = [(Html(_linked(one)), Html(_came_out(one))) for one in ordered]
    return render(Table(("claim", "label"), rows), "html")


def _linked(judgement: Judgement) -> str:
    """What the paper says, and where, as a link to the claim."""
    claim = judgement.claim
    mark = f"{HEADLINE} " if claim.headline else ""
    place = f"{paper_name(claim.paper)}, {claim.place}"
    return f'{mark}<a href="{links.claim(claim.id)}">{escape(claim.claim)}</a> <small>({escape(place)})</small>'


def _said(judgement: Judgement, root: str) -> str:
    """What the paper says and where; what the label was given for unfolds under it."""
    claim = judgement.claim
    mark = f"{HEADLINE} " if claim.headline else ""
    reasons = markup.bullets(map(escape, judgement.reason.split("; ")))
    why = markup.unfolds("Why?", reasons + _evidence(judgement, root))
    return f"{mark}{escape(claim.claim)} <small>({escape(claim.place)})</small>{why}"


def _evidence(judgement: Judgement, root: str) -> str:
    """Row by row the records that a claim rests on, each with a link, over the command that repeats them."""
    if not judgement.records:
        return ""
    rows = [
        f"<p>{markup.breakable(of_row[0].row)}, records: {_seeds(of_row, root)}</p>{block([repeats(of_row)])}"
        for of_row in by_row(judgement.records)
    ]
    return needs(commands(judgement.records)) + "".join(rows)


def _seeds(of_row: Sequence[Record], root: str) -> str:
    return ", ".join(links.record(one, root, f"seed {one.seed}") for one in of_row)


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
