"""The tables that the command line knows by name, in any format."""

from collections.abc import Sequence

from reprolib import experiments, paths
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.judgement.labels import Judgement, judged
from reprolib.pages.tables import claim_tables, cost_tables, listing, lists
from reprolib.pages.tables.cell import Cell, cells, committed
from reprolib.pages.tables.table import Table, check_style, render

# Tables beside those of the experiments.
OVERALL = ("all", "claims", "counts", "waiting", "attempts", "speed", "costs", "budget")
DATA = {"csv", "json"}  # formats for programs


def text(name: str, style: str) -> str:
    """A table as md, csv, html or json: an experiment's, or one of `OVERALL`.

    Raises:
        InputError: unknown table or format.
    """
    check_style(style)
    known = (*experiments.NAMES, *OVERALL)
    if name.replace("-", "_") not in known:
        raise InputError(f"unknown table {name!r}: choose one of {', '.join(known)}")
    if name == "counts":
        return claim_tables.counted(judged(committed()))
    if name == "claims":
        return claims(judged(committed()), style)
    if name in ("costs", "budget"):
        return render(_costs(name, style), style)
    return render(_lists(name) or figures(cells(name), style), style)


def _lists(name: str) -> Table | None:
    if name == "waiting":
        return lists.waiting()
    if name == "attempts":
        return lists.attempts(record for _, record in records.read_all(paths.results(), attempts=True))
    return lists.speed() if name == "speed" else None


def _costs(name: str, style: str) -> Table:
    if name == "budget":
        return cost_tables.budget(committed())
    return cost_tables.unrounded(committed()) if style in DATA else cost_tables.rounded(committed())


def figures(found: Sequence[Cell], style: str) -> Table:
    """Published figures beside ours, as a format shows them."""
    return listing.unrounded(found) if style in DATA else listing.rounded(found)


def claims(found: Sequence[Judgement], style: str) -> str:
    """The table of claims as md, csv, html or json; in html one a paper.

    Raises:
        InputError: there is no such format.
    """
    check_style(style)
    if style == "html":
        return claim_tables.html(found)
    return render(claim_tables.entries(found) if style in DATA else claim_tables.sentences(found), style)
