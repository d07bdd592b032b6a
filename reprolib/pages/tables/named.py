"""The tables that the command line knows by name, in any format."""

from collections.abc import Callable, Mapping, Sequence

from reprolib import experiments, paths
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.judgement.labels import Judgement, judged
from reprolib.pages.tables import claim_tables, cost_tables, gain_tables, listing, lists
from reprolib.pages.tables.cell import Cell, cells, committed
from reprolib.pages.tables.table import Table, check_style, render

# Tables beside those of the experiments.
OVERALL = ("all", "claims", "counts", "waiting", "attempts", "speed", "profile", "costs", "budget", "gains")
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
    made = _made(style).get(name)
    return render(made() if made else figures(cells(name), style), style)


def _made(style: str) -> Mapping[str, Callable[[], Table]]:
    """Tables that set no figure beside a paper's, by name; some are unrounded for programs."""
    data = style in DATA
    return {
        "waiting": lists.waiting,
        "attempts": lambda: lists.attempts(record for _, record in records.read_all(paths.results(), attempts=True)),
        "speed": lists.speed,
        "profile": lists.profile,
        "costs": lambda: (cost_tables.unrounded if data else cost_tables.rounded)(committed()),
        "budget": lambda: cost_tables.budget(committed()),
        "gains": gain_tables.unrounded if data else gain_tables.rounded,
    }


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
