"""What plots of several rows compare: the most telling measurement of each, and the paper's figures."""

from collections.abc import Iterable, Sequence

from reprolib.contracts.entry import SCALES
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.tables.cell import telling
from reprolib.rows.motion_rows import PAPER

SMOKE = SCALES[0]


def telling_rows(found: Sequence[Record]) -> list[tuple[str, str, Measurement]]:
    """The most telling measurement of every row; smoke runs, which show nothing, only where there are no others."""
    shown = [record for record in found if record.scale != SMOKE] or found
    rows = dict.fromkeys((record.task, record.system) for record in shown)
    return [(*row, telling(shown, *row)) for row in rows]


def where_from(shown: Iterable[Measurement]) -> str:
    """Scales and kinds of data of what a plot shows, in words; of smoke runs also that they show nothing."""
    settings = dict.fromkeys((one.first.scale, one.first.kind) for one in shown)
    words = "; ".join(f"{scale} scale, {kind} data" for scale, kind in settings)
    return f"{words}: shows only that it runs" if {scale for scale, _ in settings} == {SMOKE} else words


def printed_by_system(task: str, metric: str) -> dict[tuple[str, str], float]:
    """The paper's figures of a task by system and metric."""
    return {
        (line.system, line.metric): line.value
        for line in published.read()
        if (line.paper, line.task) == (PAPER, task) and line.metric.startswith(metric) and line.value is not None
    }
