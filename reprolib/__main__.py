"""The command line. A command imports what it needs itself, so that help answers at once."""

import json
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reprolib import __version__, paths
from reprolib.bench_commands import AsJson, Device, bench, profile
from reprolib.data_commands import data_app
from reprolib.errors import InputError
from reprolib.evidence import kinds
from reprolib.evidence.spelling import number
from reprolib.execute_command import execute
from reprolib.infer_command import infer

INTERRUPTED = 130  # the shell's code for Ctrl-C
ENDING = (signal.SIGTERM, signal.SIGHUP)  # treated as Ctrl-C, so that nothing is left behind
UsageError = typer.BadParameter.__base__  # wrong options and arguments, wherever this typer keeps it

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")
app.add_typer(data_app, name="data")
app.command()(infer)

Scale = Annotated[str, typer.Option(help="smoke, small, long or paper.")]
Capture = Annotated[bool, typer.Option(help="Steps as CUDA graphs, where a row's steps are all alike.")]
TABLES = "An experiment, all, claims, counts, waiting, attempts, speed, profile, costs, budget, gains."


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="And end.")] = False,
) -> None:
    """Four papers on relational reasoning: run their experiments, judge their claims, build the tables."""


@app.command("list")
def list_rows(as_json: AsJson = False) -> None:
    """Every row of every experiment, with the minutes that a seed is expected to take.

    Smoke, small and long scale are meant for one CPU core, paper scale for one modern GPU.
    """
    from reprolib import experiments

    rows = [
        {
            "experiment": experiment.name,
            "paper": experiment.paper,
            "table": experiment.table,
            "row": row.name,
            "scales": list(row.minutes),
            "minutes": dict(row.minutes),
            "headline": row.headline,
        }
        for experiment in experiments.every()
        for row in experiment.rows
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    columns = ("experiment", "row", "table")
    widths = [max(len(row[column]) for row in rows) for column in columns]
    for row in rows:
        cost = ", ".join(f"{scale} {minutes:g} min" for scale, minutes in row["minutes"].items())
        typer.echo("  ".join([*(row[c].ljust(width) for c, width in zip(columns, widths, strict=True)), cost]))


@app.command()
def run(
    experiment: str,
    row: Annotated[str, typer.Option(help="TASK/SYSTEM, a task or a system; may hold * and ?.")] = "*",
    scale: Scale = "smoke",
    seed: Annotated[int, typer.Option(help="Of the weights, the order of the examples and dropout.")] = 0,
    data: Annotated[str, typer.Option(help="real or generated.")] = "generated",
    device: Device = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="key=value; makes the run an attempt.")] = None,
    keep: Annotated[bool, typer.Option("--keep-weights", help="Those of an attempt, too.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Resume; wait where another process is on it.")] = False,
    capture: Capture = True,
) -> None:
    """Train and test rows of an experiment and write their records."""
    from reprolib import devices, experiments
    from reprolib.contracts.requests import Request, select
    from reprolib.running import fill as filler
    from reprolib.running import runs
    from reprolib.running.execute import parse
    from reprolib.training import parallel

    chosen = experiments.get(experiment)
    changes = tuple(sorted(parse(set_ or []).items()))
    wanted = [Request(chosen, entry, scale, seed, data, changes, keep) for entry in select(chosen, row, scale)]
    devices.pick(device)
    for request in wanted:
        request.config.hash  # noqa: B018  wrong settings end here, before any run
    for request in wanted:
        if once:
            record = filler.once(request, partial(typer.echo, err=True), device=device, capture=capture)
        else:
            record = runs.run(request, device=device, resume=resume, capture=capture)
        if parallel.rank():
            continue
        typer.echo(f"{request.place(paths.results())}")
        for name, value in record.metrics.items():
            typer.echo(f"  {name:28} {number(value, name)}")


@app.command()
def evaluate(
    record: Path,
    device: Device = None,
    renew: Annotated[bool, typer.Option("--renew", help="Write it anew if only its test changed.")] = False,
) -> None:
    """Recompute a record's metrics from its weights and data; a difference is an error."""
    from reprolib.running import runs

    if renew:
        for name, value in runs.renew(record, device).metrics.items():
            typer.echo(f"{name:28} {number(value, name)}")
        return
    kept, now = runs.evaluate(record, device)
    for name, value in kept.metrics.items():
        typer.echo(f"{name:28} recorded {number(value, name):>8}  now {number(now.get(name), name):>8}")
    off = [name for name, value in kept.metrics.items() if not _again(name, value, now.get(name))]
    if off:
        raise InputError(f"{record}: {', '.join(off)} no longer as recorded; run {kept.command}")


@app.command()
def predict(
    record: Path,
    out: Annotated[Path, typer.Option(help="The file that is written, JSON.")],
    split: Annotated[str, typer.Option(help="test; of CLEVR-CoGenT testA or testB.")] = "test",
    device: Device = None,
) -> None:
    """Answer questions without released answers, CLEVR's test split: a list of question_index and answer."""
    from reprolib.running import predictions

    typer.echo(f"{predictions.predict(record, split, out, device)} answers in {out}")


def _again(metric: str, recorded: float, now: float | None) -> bool:
    """Whether a metric has come out again, up to what another machine's rounding may move."""
    kind = kinds.of_ours(metric)
    return now is not None and kind.within(kind.rounding, now, recorded)


@app.command()
def table(
    name: Annotated[str, typer.Argument(metavar="TABLE", help=TABLES)],
    format: Annotated[str, typer.Option(help="md, csv, html or json.")] = "md",
) -> None:
    """Paper against ours, with spread, data, scale, device and label of the claim."""
    from reprolib.pages.tables import named

    typer.echo(named.text(name, format))
    if not paths.results().is_dir():
        typer.echo(f"reprolib: there is no folder {paths.results()}, so nothing of ours is in this table", err=True)


@app.command()
def picture() -> None:
    """Every printed figure of a headline claim beside ours, as SVG."""
    from reprolib.judgement.labels import judged
    from reprolib.pages import figures
    from reprolib.pages.tables import committed

    typer.echo(figures.show(figures.headline_figures(judged(committed()))).svg)


@app.command("claims")
def list_claims(
    paper: Annotated[str | None, typer.Option(help="One paper, such as kipf2018.")] = None,
    format: Annotated[str, typer.Option(help="md, csv, html or json.")] = "md",
) -> None:
    """Every claim with its label, the reason, the records that it rests on and the command that repeats them."""
    from reprolib.judgement.labels import judged
    from reprolib.pages.tables import claim_tables, committed, named

    typer.echo(named.claims(claim_tables.chosen(judged(committed()), paper), format))


@app.command()
def publish(book: Annotated[Path, typer.Argument(help="The first folder of a built book.")]) -> None:
    """Put the records, tables and notebooks that pages link to into a built book."""
    from reprolib.pages import book_files

    typer.echo(f"{book_files.write(book)} files in {book}")


@app.command("live")
def write_live(folder: Annotated[Path, typer.Argument(help="The folder `live` of a built book.")]) -> None:
    """Put the networks that run in pages, and the pictures for where scripts are off, into a built book."""
    from reprolib.pages import live

    written = live.write(folder)
    typer.echo(f"{len(written)} files, {sum(file.stat().st_size for file in written) // 1000} kB, in {folder}")


@app.command()
def verify(
    fresh: Annotated[Path | None, typer.Option(help="Folder of fresh smoke records to hold against ours.")] = None,
) -> None:
    """Every record valid, every claim judged, nothing stale, nothing drifted."""
    from reprolib.evidence import records
    from reprolib.judgement import verify as checks
    from reprolib.pages.tables.table import Table, render

    sentences = checks.problems()
    for sentence in sentences:
        typer.echo(sentence, err=True)
    drifted = checks.drift(fresh) if fresh else []
    if drifted:
        typer.echo(render(Table.of(map(vars, drifted), tuple(vars(drifted[0]))), "md"))
    if count := len(sentences) + len(drifted):
        raise InputError(f"{count} problem{'s' * (count > 1)} in {paths.results()}")
    found, tried = (sum(1 for _ in records.read_all(paths.results(), attempts=tried)) for tried in (False, True))
    typer.echo(f"{found} records and {tried} attempt{'s' * (tried != 1)} are valid and fresh")


@app.command()
def fill(
    scale: Scale = "small",
    budget: Annotated[str | None, typer.Option(help="90s, 25m or 2h; without it everything is run.")] = None,
    only: Annotated[str, typer.Option(help="TASK/SYSTEM or experiment; may hold * and ?.")] = "*",
    device: Device = None,
    capture: Capture = True,
) -> None:
    """Run the most valuable missing records that fit the budget; interrupted runs resume."""
    from reprolib.running import fill as filler

    time, say = None if budget is None else filler.minutes(budget), partial(typer.echo, err=True)
    for sentence in filler.unavailable(scale, only):
        say(sentence)
    done = filler.fill(scale, time, only, device, say, capture)
    typer.echo(f"{len(done)} runs finished, {sum(1 for _ in filler.missing(scale, only))} are missing")


for command in (execute, bench, profile):
    app.command()(command)


def main() -> None:
    """Entry point: one sentence and exit code 2 for wrong input, 130 when interrupted."""
    _open_streams()
    _end_in_order()
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="reprolib", standalone_mode=False) or 0
        sys.stdout.flush()
    except InputError as error:
        code = _complain(str(error))
    except UsageError as error:
        command = error.ctx.command_path if error.ctx else "reprolib"  # an option without its value names none
        code = _complain(f"{error.format_message().rstrip('.')}: see {command} --help")
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        code = _unprinted(error)
    if code == INTERRUPTED:
        _complain("interrupted; a run that was cut off goes on from its last checkpoint with --resume")
    sys.exit(code)


def _open_streams() -> None:
    """Give output and complaints that nobody wants, as after >&-, a place to go to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _end_in_order() -> None:
    """Let signals that end a process end it as Ctrl-C does, but for those that somebody ignores, as nohup does."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)


def _unprinted(error: OSError) -> int:
    """Drop the output that could not be printed; quietly where its reader, such as head, has seen enough.

    Raises:
        OSError: the error, where it is of a file and not of the output.
    """
    if error.filename is not None or error.strerror is None:
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again as it ends
    if isinstance(error, BrokenPipeError):
        return 1
    return _complain(f"the output could not be written ({error.strerror}): free some space or send it elsewhere")


def _complain(text: str) -> int:
    """Print one line and return the exit code of wrong input."""
    typer.echo(f"reprolib: {' '.join(text.split())}", err=True)
    return 2


if __name__ == "__main__":
    main()
