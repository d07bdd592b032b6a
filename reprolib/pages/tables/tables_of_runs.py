"""Tables of runs: what an execution ran, the state of the records, the rows that wait."""

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from reprolib.contracts.requests import selected_by
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import spoken
from reprolib.judgement.verdicts import Measurement, measurements
from reprolib.pages.tables import links
from reprolib.pages.tables.commands import with_needs
from reprolib.pages.tables.markup import Html, breakable, figure, paragraph, unfolds
from reprolib.pages.tables.table import Table, render


def waiting(found: Table) -> Html:
    """Rows that wait for their run, as `lists.waiting` finds them, with the commands that run them."""
    if not found.rows:
        return Html(paragraph("No row waits: each has a record above smoke scale, and every record is current."))
    rows = [
        (Html(f"<b>{breakable(row)}</b><br>{scale}, {data}"), minutes, why)
        for row, scale, data, minutes, why, _ in found.rows
    ]
    listed = Table(("row", "minutes a seed", "why"), rows)
    commands = unfolds("Commands that run them", with_needs([row[-1] for row in found.rows]))
    return Html(render(listed, "html") + commands + links.downloads("waiting", "summary", links.NOTEBOOK_PAGE))


def executed(found: Sequence[Record], train: bool) -> Html:
    """What an execution ran, a table a task with a column a system; smoke scale earns no mark.

    Args:
        train: whether the records are of this execution, or committed ones that it read.
    """
    if not found:
        return Html(paragraph("Nothing was trained (train=False), and no committed record fits these parameters."))
    first = found[0]
    said = (
        "Trained in this execution" if train else "Nothing was trained (train=False): read from the committed records"
    )
    seeds = ", ".join(str(seed) for seed in sorted({record.seed for record in found}))
    facts = f"{said}. Scale {first.scale}, {first.kind} data, seeds {seeds}, {first.device}."
    caveat = " Smoke scale shows that it runs; it earns no mark." if first.scale == "smoke" else ""
    groups = measurements(found).values()
    tasks = dict.fromkeys(record.task for record in found)
    tables = [_executed(task, {m.first.system: m for m in groups if m.first.task == task}) for task in tasks]
    return Html("\n".join([paragraph(facts + caveat), *tables]))


def _executed(task: str, systems: Mapping[str, Measurement]) -> str:
    first = next(iter(systems.values())).first
    asked = dict.fromkeys(line.metric for line in published.read() if line.task == task)
    measured = {metric for measurement in systems.values() for metric in measurement.first.metrics}
    shown = [metric for metric in asked if metric in measured] or [selected_by(first)]
    rows = [
        (spoken(metric), *(_summary(measurement.records, metric) for measurement in systems.values()))
        for metric in shown
    ]
    table = Table(("", *systems), rows, spoken(task))
    return render(table, "html") + links.downloads_within(table, f"executed_{task}")


def _summary(found: Sequence[Record], metric: str) -> Html | str:
    """Mean and spread over all that was run, whatever its seeds."""
    values = [record.metrics[metric] for record in found if metric in record.metrics]
    if not values:
        return "–"
    spread = f" ± {figure(stdev(values), metric).text}" if len(values) > 1 else ""
    return Html(figure(fmean(values), metric).text + spread)


def status(found: Sequence[Record]) -> Html:
    """The state of the records: how many runs, when the last one began, what they took, and on what they ran."""
    if not found:
        return Html(paragraph("There are no committed records yet."))
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in found:
        groups.setdefault((record.experiment, record.scale, record.kind), []).append(record)
    rows = [
        (
            Html(f"<b>{breakable(name)}</b><br>{scale}, {kind}"),
            len(runs),
            max(record.started for record in runs)[:10],
            _duration(sum(record.seconds for record in runs)),
        )
        for (name, scale, kind), runs in groups.items()
    ]
    runs = Table(("experiment", "runs", "last", "training"), rows)
    shown = render(runs, "html") + links.downloads_within(runs, "records")
    return Html(shown + unfolds("Devices and versions", _provenance(found)))


def _provenance(found: Sequence[Record]) -> str:
    """Every combination of device and versions, with how many runs it made."""
    counts: dict[tuple[str, str], int] = {}
    for record in found:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))
        counts[record.device, versions] = counts.get((record.device, versions), 0) + 1
    rows = [(device, versions, count) for (device, versions), count in counts.items()]
    return render(Table(("device", "versions", "runs"), rows), "html")


def _duration(seconds: float) -> str:
    """Seconds below two minutes, minutes below two hours, then hours."""
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.1f} s"
