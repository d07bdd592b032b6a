"""The command line: exit codes, one line for every mistake, what scripts rely on."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys

import pytest
import typer

from reprolib import __main__, __version__, experiments, paths
from reprolib.contracts.entry import SCALES
from reprolib.data import catalogue
from reprolib.errors import InputError
from reprolib.evidence import claims, published, records
from reprolib.pages.tables import named
from reprolib.paths import ROOT

MISTAKES = {
    "run nothing": "unknown experiment 'nothing': choose one of toy",
    "run toy --row nothing": "no row of toy fits 'nothing': its rows are toy/Net, toy/Majority, toy/Norm",
    "run toy --scale huge": "unknown scale 'huge': choose one of smoke, small, long, paper",
    "run toy --data fake": "unknown kind of data 'fake': choose one of generated, real",
    "run toy --data real": "the toy has no real data: use --data generated",
    "run toy --seed -1": "the seed is -1: give a number from 0 to 2147483647",
    "run toy --seed one": "Invalid value for '--seed'",
    "run toy --seed 1.5": "Invalid value for '--seed'",
    "run toy --device gpu": "device 'gpu' cannot be used here",
    "run toy --device meta": "device 'meta' cannot be used here",
    "run toy --row toy/Net --set train.step=3": "unknown parameter 'train.step': choose one of data.train",
    "run toy --row toy/Net --set steps=3": "unknown parameter 'steps'",
    "run toy --row toy/Net --set model=3": "unknown parameter 'model'",
    "run toy --row toy/Net --set __class__.train=3": "unknown parameter '__class__.train'",
    "run toy --row toy/Net --set train.steps": "'train.steps' is no setting: write name=value",
    "run toy --row toy/Net --set =3": "'=3' is no setting: write name=value",
    "run toy --row toy/Net --set train.steps=many": "parameter train.steps takes int, not 'many'",
    "run toy --row toy/Net --set train.steps=1.5": "parameter train.steps takes int, not 1.5",
    "run toy --row toy/Net --set train.steps=True": "parameter train.steps takes int, not True",
    "run toy --row toy/Net --set train.steps=None": "parameter train.steps takes int, not None",
    "run toy --row toy/Net --set train.steps={[]:1}": "parameter train.steps takes int, not '{[]:1}'",
    "run toy --row toy/Net --set train.clip=tight": "parameter train.clip takes float or None, not 'tight'",
    "run toy --row toy/Net --set train.shuffle=false": "parameter train.shuffle takes True or False, not 'false'",
    "run toy --row toy/Net --set data.test=all": "parameter data.test takes int or None, not 'all'",
    "run toy --row toy/Net --set model.hidden=16": "parameter model.hidden takes a list of int, such as [2,3], not 16",
    "run toy --row toy/Net --set model.hidden=(1.5,)": "parameter model.hidden takes a list of int, such as [2,3], not",
    "run toy --row toy/Net --set train.schedule=linear": "train.schedule is 'linear': choose one of constant, cosine",
    "run toy --row toy/Net --set train.batch=0": "train.batch is 0: give a number of 1 and up",
    "run toy --row toy/Net --set model.hidden=()": "toy/Net cannot be built with model.hidden=()",
    "run toy --set model.hidden=(3,)": "unknown parameter 'model.hidden'",  # of the baseline: no row has run by then
    "run toy --row": "Option '--row' requires an argument: see reprolib",
    "run toy --rows x": "No such option: --rows",
    "run": "Missing argument",
    "frobnicate": "No such command 'frobnicate': see reprolib --help",
    "data": "Missing command: see reprolib data --help",
    "data fetch": "name the data set to fetch: babi (16 MB), clevr (19,022 MB), clevr_no_images (86 MB)",
    "table nothing": "unknown table 'nothing': choose one of toy, all, claims, counts, waiting, attempts, speed, "
    "profile, costs, budget, gains",
    "table toy --format xml": "unknown format 'xml': choose one of md, csv, html, json",
    "claims --paper later2019": "unknown paper 'later2019': choose one of toy2017",
    "claims --format xml": "unknown format 'xml': choose one of md, csv, html, json",
    "claims --format": "Option '--format' requires an argument: see reprolib",
    "claims toy-net": "Got unexpected extra argument",
    "evaluate none.json": "none.json cannot be read as a record",
    "execute none.ipynb": "none.ipynb does not exist",
    "execute none.ipynb -p scale": "'scale' is no setting",
    "verify": "results is no folder of records: set REPROLIB_RESULTS to one, or unset it for results/",
    "fill --scale huge": "unknown scale 'huge'",
    "fill --only nothing": "--only 'nothing' fits no row",
    "fill --budget soon": "--budget 'soon' is no span of time: write 90s, 25m or 2h",
}

KEYS = ["id", "paper", "place", "claim", "headline", "label", "reason", "n", "scale", "data", "records", "command"]


LAUNCHER = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.{})
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
IGNORING, HEEDING = LAUNCHER.format("SIG_IGN"), LAUNCHER.format("SIG_DFL")  # whatever the tests themselves run under


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_costs_one_line_and_writes_nothing(cli, words, tmp_path):
    code, out, err = cli(*words.split())
    assert code == 2
    assert err.startswith("reprolib: ")
    assert MISTAKES[words] in err
    assert err.count("\n") == 1
    assert out == ""
    assert list(tmp_path.rglob("*")) == []


def test_an_error_of_many_lines_is_printed_as_one(cli, monkeypatch):
    def fail(name, style):
        raise InputError("one\n  two\n\nthree")

    monkeypatch.setattr(named, "text", fail)
    assert cli("table", "toy") == (2, "", "reprolib: one two three\n")


def test_a_mistake_of_ours_keeps_its_traceback(cli, monkeypatch):
    monkeypatch.setattr(named, "text", lambda name, style: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["reprolib", "table", "toy"])
    with pytest.raises(ZeroDivisionError):
        __main__.main()


def test_an_error_of_a_file_keeps_its_traceback(cli, monkeypatch):
    def fail(name, style):
        raise PermissionError(errno.EACCES, "Permission denied", "a.json")

    monkeypatch.setattr(named, "text", fail)
    monkeypatch.setattr(sys, "argv", ["reprolib", "table", "toy"])
    with pytest.raises(PermissionError):
        __main__.main()


def test_run_prints_where_the_record_is(cli):
    code, out, _ = cli("run", "toy", "--row", "toy/*t", "--seed", "4", "--device", "cpu")
    path = paths.results() / "toy" / "smoke" / "toy--net--generated--seed4.json"
    assert code == 0
    assert out.splitlines()[0] == str(path)
    assert records.read(path).seed == 4
    code, out, err = cli("evaluate", path)
    assert code == 2
    assert "has no weights file" in err


def test_set_makes_an_attempt(cli):
    settings = ("train.steps=4", "model.hidden=[8]", "train.clip=1", "train.rate=1")
    words = [word for setting in settings for word in ("--set", setting)]
    code, out, _ = cli("run", "toy", "--row", "Net", "--device", "cpu", *words)
    assert code == 0
    (path,) = (paths.results() / "toy" / "attempts" / "smoke").iterdir()
    assert str(path) in out
    record = records.read(path)
    assert record.changes == {"train.steps": 4, "model.hidden": [8], "train.clip": 1, "train.rate": 1}
    assert (record.config["model.hidden"], record.config["train.clip"]) == ([8], 1.0)


def test_an_attempt_keeps_its_weights_where_that_is_asked_for(cli):
    code, _, _ = cli("run", "toy", "--row", "Net", "--device", "cpu", "--set", "train.steps=4", "--keep-weights")
    assert code == 0
    (path,) = (paths.results() / "toy" / "attempts" / "smoke").glob("*.json")
    record = records.read(path)
    assert (path.parent / record.weights["file"]).is_file()
    assert record.command.endswith("--set 'train.steps=4' --keep-weights")
    assert cli("evaluate", path, "--device", "cpu")[0] == 0


def test_evaluate(cli, done, edited):
    record, path = done("Net", "small")
    code, out, _ = cli("evaluate", path, "--device", "cpu")
    assert code == 0
    shown = out.splitlines()[0].split()
    assert shown[0] == "accuracy/all"
    assert shown[2] == shown[4] == f"{record.metrics['accuracy/all']:.1f}"
    worse = {name: value - 1 for name, value in record.metrics.items()}
    records.write(records.Record(**{**vars(record), "metrics": worse}), paths.results())
    code, _, err = cli("evaluate", path)
    assert code == 2
    assert "accuracy/all, error/all no longer as recorded; run reprolib run toy" in err


def test_the_score_that_validation_picks_by_is_shown_and_compared(cli, toy, monkeypatch, parts):
    """As of models of motion, whose likelihood is of no kind that a paper prints."""
    evaluate, scores = parts.code.evaluate, [-725.66]
    monkeypatch.setattr(parts.code, "evaluate", lambda *given: evaluate(*given) | {"score": scores[0]})
    code, out, err = cli("run", "toy", "--row", "toy/Net", "--scale", "small", "--device", "cpu")
    path, *shown = out.splitlines()
    assert (code, shown[-1].split()) == (0, ["score", "-725.7"]), err
    assert cli("evaluate", path, "--device", "cpu")[0] == 0
    scores[0] -= 1
    code, _, err = cli("evaluate", path, "--device", "cpu")
    assert (code, "score no longer as recorded" in err) == (2, True)


def test_claims(cli, done):
    """Of one seed without the baseline it is compared with, then with it."""
    record, _ = done("Net", "small")
    code, out, err = cli("claims", "--format", "json")
    (claim,) = json.loads(out)
    assert (code, err) == (0, "")
    assert list(claim) == KEYS
    assert claim == claim | {
        "id": "toy-net",
        "paper": "toy2017",
        "place": "Table 1",
        "claim": "The net answers 90 %, far more than the majority answer.",
        "headline": True,
        "label": "inconclusive",
        "n": 1,
        "scale": "small",
        "data": "generated",
        "records": ["results/toy/small/toy--net--generated--seed0.json"],
        "command": record.command,
    }
    assert claim["reason"].endswith("Net is better than Majority on accuracy/all of toy: a record is lacking")
    other, _ = done("Majority", "small")
    (claim,) = json.loads(cli("claims", "--paper", "toy2017", "--format", "json")[1])
    assert len(claim["records"]) == 2
    assert claim["command"] == f"{record.command} && {other.command}"


def test_claims_without_records(cli):
    (claim,) = json.loads(cli("claims", "--format", "json")[1])
    assert (claim["label"], claim["n"], claim["scale"], claim["data"]) == ("not attempted", 0, None, None)
    assert (claim["records"], claim["command"]) == ([], None)


def test_claims_in_every_format(cli, done):
    done("Net", "small")
    (claim,) = json.loads(cli("claims", "--format", "json")[1])
    (read,) = csv.DictReader(cli("claims", "--format", "csv")[1].splitlines())
    assert list(read) == KEYS
    assert (read["id"], read["label"], read["n"], read["reason"]) == ("toy-net", "inconclusive", "1", claim["reason"])
    code, out, _ = cli("claims")
    assert code == 0
    assert cli("table", "claims")[1] == out
    for shown in (out, cli("claims", "--format", "html")[1]):
        plain = shown.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
        assert all(part in plain for part in (claim["claim"], "inconclusive", "small, generated, n = 1"))


HEAVY = {"torch", "numpy", "pandas", "scipy", "numba", "matplotlib", "papermill"}


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["run", "--help"], ["data", "--help"], ["infer", "--help"], ["--nonsense"]]
)
def test_what_needs_no_library_loads_none(words):
    code = f"""
import sys
from reprolib import __main__
sys.argv = ["reprolib", *{words!r}]
try:
    __main__.main()
finally:
    print("loaded", sorted(set(sys.modules) & {HEAVY!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "loaded []", done.stderr
    assert done.returncode == (2 if words == ["--nonsense"] else 0)


def test_version(cli):
    assert cli("--version") == (0, f"{__version__}\n", "")


def commands(group=None, words=()):
    """The words of every group and command, with the object that has its help."""
    group = group or typer.main.get_command(__main__.app)
    yield words, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*words, name))


def plain(text):
    return " ".join(text.replace("`", "").split())


HELPFUL = {" ".join(words): command for words, command in commands()}


@pytest.mark.parametrize("words", HELPFUL)
def test_help_says_every_word(words, cli, monkeypatch):
    """Brackets, too, which a terminal's markup would take for its own."""
    monkeypatch.setenv("TERMINAL_WIDTH", "1000")
    code, out, err = cli(*words.split(), "--help")
    command = HELPFUL[words]
    shown = plain(out.replace("│", " "))
    helps = [command.help, *(getattr(option, "help", None) for option in command.params)]
    assert (code, err) == (0, "")
    assert [text for text in helps if plain(text or "") not in shown] == []


def test_a_reader_that_has_seen_enough(process):
    """`reprolib list --json | head -c 1`: no complaint."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "reprolib", "list", "--json"]
    ended = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_without_any_output_a_command_does_its_work(streams):
    for words, code in (("list", 0), ("--version", 0), ("run nothing", 2)):
        command = f'"{sys.executable}" -m reprolib {words} {streams}'
        ended = subprocess.run(command, shell=True, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
        assert ended.returncode == code
        assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["list", "table rn-babi"])
def test_output_to_a_full_disk(words):
    command = [sys.executable, "-m", "reprolib", *words.split()]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == (
        "reprolib: the output could not be written (No space left on device): free some space or send it elsewhere\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_keeps_the_checkpoint_and_nothing_else(process, number):
    row = ("toy", "--row", "toy/Net", "--scale", "small")
    ended = process("run", *row, launcher=("-c", HEEDING), TOY_SIGNAL=f"{number:d}@35")
    assert ended.returncode == 130
    assert ended.stderr.splitlines()[-1] == (
        "reprolib: interrupted; a run that was cut off goes on from its last checkpoint with --resume"
    )
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    assert [path.name for path in paths.CHECKPOINTS.rglob("*.*")] == ["toy--net--generated--seed0.pt"]
    assert list(paths.results().rglob("*.*")) == []


def test_a_signal_that_is_ignored_stays_ignored(process, tmp_path):
    """As under nohup, whose process outlives its terminal."""
    ended = process("run", "toy", "--row", "toy/Net", launcher=("-c", IGNORING), TOY_SIGNAL=f"{signal.SIGHUP:d}@15")
    assert ended.returncode == 0, ended.stderr


@pytest.fixture
def suite(monkeypatch, tmp_path, capfd):
    """suite("list") -> the suite's own command line, without records."""
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["reprolib", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        return ended.value.code, *capfd.readouterr()

    return call


def test_list(suite):
    code, out, _ = suite("list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {row["experiment"] for row in rows} == set(experiments.NAMES)
    names = {(experiment.name, row.name) for experiment in experiments.every() for row in experiment.rows}
    assert {(row["experiment"], row["row"]) for row in rows} == names
    assert all({"smoke", "small", "paper"} <= set(row["minutes"]) == set(row["scales"]) <= set(SCALES) for row in rows)
    lines = suite("list")[1].splitlines()
    assert len(lines) == len(rows)
    assert all(row["row"] in line for row, line in zip(rows, lines, strict=True))


def test_claims_of_the_suite(suite):
    code, out, err = suite("claims", "--format", "json")
    found, known = json.loads(out), claims.read()
    assert (code, err) == (0, "")
    assert all(list(claim) == KEYS for claim in found)
    assert [(claim["id"], claim["headline"]) for claim in found] == [(claim.id, claim.headline) for claim in known]
    assert {claim["label"] for claim in found} == {"not attempted"}, "there is no record here"
    of_one = json.loads(suite("claims", "--paper", "kipf2018", "--format", "json")[1])
    assert of_one == [claim for claim in found if claim["paper"] == "kipf2018"] != []


def test_data_list_says_where_files_come_from_and_where_they_are_looked_for(suite):
    code, out, _ = suite("data", "list")
    assert code == 0
    for entry in catalogue.entries():
        assert f"{entry.name:16} {entry.title} ({entry.licence})\n" in out
        assert (entry.url is None) or f" MB from {entry.url}\n" in out
        assert f" under REPROLIB_DATA: {entry.layout}\n" in out
        assert f" generate: {entry.generator}\n" in out


def test_data_without_a_name_means_all(suite, monkeypatch, tmp_path):
    motion = catalogue.get("springs"), catalogue.get("charged")
    monkeypatch.setattr(catalogue, "ENTRIES", motion)
    code, out, _ = suite("data", "generate", "--out", str(tmp_path / "made"), "--size", "2")
    assert (code, out) == (0, "".join(f"{tmp_path / 'made' / entry.name}\n" for entry in motion))
    code, out, _ = suite("data", "check")
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines()] == ["ok       springs", "ok       charged"]


@pytest.mark.parametrize("name", ["rn_babi", "rn_sort_of_clevr"])
def test_table_takes_both_spellings(suite, name):
    outputs = {suite("table", spelling, "--format", "json") for spelling in (name, name.replace("_", "-"))}
    ((code, out, err),) = outputs
    assert (code, err) == (0, "")
    objects = json.loads(out)
    tasks = {row.task for row in experiments.get(name).rows}
    assert {found["task"] for found in objects} == tasks
    assert published_lines(objects) == {key for key in every_line() if key[0] in tasks}


def every_line():
    return {(line.task, line.system, line.metric) for line in published.read()}


def published_lines(objects):
    """The lines that a table has; a row in a printed system's place shows what else would be a reference of ours."""
    return {(found["task"], found["system"], found["metric"]) for found in objects} & every_line()


def test_the_table_of_everything_has_every_published_line(suite):
    assert published_lines(json.loads(suite("table", "all", "--format", "json")[1])) == every_line()
