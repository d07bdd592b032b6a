"""What plots of several rows compare: the most telling measurement of each, and the paper's figures."""

from collections.abc import Sequence

from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.tables.cell import telling
from reprolib.rows.motion_rows import PAPER


def telling_rows(found: Sequence[Record]) -> list[tuple[str, str, Measurement]]:
    """The most telling measurement of every row; smoke runs, which show nothing, only where there are no others."""
    shown = [record for record in found if record.scale != "smoke"] or found
    rows = dict.fromkeys((record.task, record.system) for record in shown)
    return [(*row, telling(shown, *row)) for row in rows]


def printed_by_system(task: str, metric: str) -> dict[tuple[str, str], float]:
    """The paper's figures of a task by system and metric."""
    return {
        (line.system, line.metric): line.value
        for line in published.read()
        if (line.paper, line.task) == (PAPER, task) and line.metric.startswith(metric) and line.value is not None
    }
