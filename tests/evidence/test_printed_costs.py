"""What the papers' runs needed: how the file is read and what is refused."""

import dataclasses
import math

import pytest

from reprolib import experiments
from reprolib.errors import InputError
from reprolib.evidence import printed_costs
from reprolib.evidence.printed_costs import Fact

HEADER = "paper,task,system,steps,epochs,batch,examples,device,hours,provenance,note"


def write(folder, *lines):
    path = folder / "costs.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def test_the_columns_are_the_fields():
    assert HEADER.split(",") == [field.name for field in dataclasses.fields(printed_costs.Needs)]


def test_facts_of_a_row_come_from_its_lines_each_with_how_it_was_obtained(tmp_path):
    lines = printed_costs.read(
        write(tmp_path, "p,t,s,,,64,1000,,1.5,read,", "p,t,s,90,,,,a GPU,,quoted,by q", "p,t,other,7,,,,,,recalled,")
    )
    told = printed_costs.of(lines, "t", "s")
    found = {name: printed_costs.fact(told, name) for name in printed_costs.FACTS}
    assert found == {
        "steps": Fact(90, "quoted"),
        "epochs": None,
        "batch": Fact(64, "read"),
        "examples": Fact(1000, "read"),
        "device": Fact("a GPU", "quoted"),
        "hours": Fact(1.5, "read"),
    }
    assert printed_costs.of(lines, "t", "nobody") == ()


@pytest.mark.parametrize(("epochs", "batch", "examples"), [(500, 128, 50_000), (3, 10, 30), (1, 10, 31)])
def test_steps_are_epochs_times_batches(tmp_path, epochs, batch, examples):
    told = printed_costs.read(write(tmp_path, f"p,t,s,,{epochs},{batch},{examples},,,read,"))
    assert printed_costs.fact(told, "steps") == Fact(epochs * math.ceil(examples / batch), "read")


def test_steps_are_not_known_where_the_examples_are_not(tmp_path):
    assert printed_costs.fact(printed_costs.read(write(tmp_path, "p,t,s,,500,128,,,,read,")), "steps") is None


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("p,t,r,many,,,,,,read,", "line 3: steps, epochs, batch, examples and hours must be positive numbers"),
        ("p,t,r,1.5,,,,,,read,", "line 3: steps, epochs, batch, examples and hours must be positive numbers"),
        ("p,t,r,-2,,,,,,read,", "line 3: steps, epochs, batch, examples and hours must be positive numbers"),
        ("p,t,r,,,,,,nan,read,", "line 3: steps, epochs, batch, examples and hours must be positive numbers"),
        ("p,t,r,,,,,,inf,read,", "line 3: steps, epochs, batch, examples and hours must be positive numbers"),
        ("p,t,r,1,,,,,,heard,", "line 3: provenance is 'heard', choose one of read, quoted, recalled, ours"),
        ("p,t,r,1,,,,,,,", "line 3: provenance is '', choose one of read"),
        ("p,t,r,,,,,,,read,", "line 3: no fact stands in it, fill in one of steps"),
        ("p,,r,1,,,,,,read,", "line 3: paper, task and system must not be empty"),
        ("p,t,r,1,,,,,,read", "line 3: expected the columns paper, task"),
        ("p,t,r,1,,,,,,read,,", "line 3: expected the columns paper, task"),
        ("p,t,s,2,,,,,,quoted,", "steps of t/s stands in 2 lines, keep one of them"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, second, complaint):
    with pytest.raises(InputError, match=rf"costs\.csv(, |: ){complaint}"):
        printed_costs.read(write(tmp_path, "p,t,s,1,,,,,,read,", second))


def test_every_committed_line_is_about_a_row_and_its_paper():
    """Which of our rows a fact is about decides beside what it is shown; a quoted one names who quotes it."""
    papers = {(row.task, row.system): one.paper for one in experiments.every() for row in one.rows}
    for line in printed_costs.read():
        assert papers[line.task, line.system] == line.paper
        assert line.note, "where it was read, or from what it was counted"
        assert line.provenance != "quoted" or line.note.startswith("by ")
