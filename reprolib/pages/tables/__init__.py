"""What a page tables: figures beside ours, claims, runs. One renderer writes each as Markdown, CSV, HTML or JSON."""

from collections.abc import Sequence

from reprolib.judgement.labels import Judgement, judged_on
from reprolib.pages.tables import claim_tables, links, lists, tables_of_runs
from reprolib.pages.tables.cell import best, cells, committed, committed_around, measured
from reprolib.pages.tables.cost_tables import costs
from reprolib.pages.tables.grid import against_paper
from reprolib.pages.tables.markup import Html, paragraph
from reprolib.pages.tables.small_tables import agreement, equalities, frame, shares, shown
from reprolib.pages.tables.tables_of_runs import executed, status

__all__ = [
    "against_paper",
    "agreement",
    "claims",
    "claims_of",
    "committed",
    "costs",
    "counts",
    "equalities",
    "executed",
    "frame",
    "measured",
    "paper_against_ours",
    "shares",
    "shown",
    "status",
    "waiting",
]


def paper_against_ours(name: str = "all", task: str | None = None) -> Html:
    """Every published figure of an experiment, of all, or of one task alone, beside ours at its most telling scale."""
    if task is not None:
        return against_paper([cell for cell in best(cells(name)) if cell.task == task])
    notebook = "summary" if name == "all" else name
    return Html(against_paper(best(cells(name))).text + links.downloads(name, notebook, links.NOTEBOOK_PAGE))


def counts(found: Sequence[Judgement]) -> Html:
    """How many claims came out how, in words."""
    return Html(paragraph(claim_tables.counted(found)))


def claims(found: Sequence[Judgement]) -> Html:
    """Every claim with its label, a table a paper; what each label was given for unfolds."""
    return Html(claim_tables.html(found, links.NOTEBOOK_PAGE))


def claims_of(experiment: str) -> Html:
    """The claims that rest on an experiment, each with its label, by the committed records."""
    return Html(claim_tables.brief(judged_on(experiment, committed_around(experiment))))


def waiting() -> Html:
    """Rows that wait for their run, with the commands that run them."""
    return tables_of_runs.waiting(lists.waiting())
