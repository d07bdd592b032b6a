"""Every published line that nothing here measures has its reason."""

from reprolib import experiments
from reprolib.evidence import published, quoted


def test_reasons():
    assert "people were asked" in quoted.reason("clevr_pixels", "Human")
    assert "functional programs" in quoted.reason("clevr_pixels", "Johnson et al. 2017 (program supervision)")
    assert quoted.reason("babi_joint_10k", "DNC") == quoted.QUOTED
    assert quoted.reason("a task to come", "RN") == quoted.LATER


def test_what_is_quoted_is_not_run():
    every = (row for experiment in experiments.every() for row in (*experiment.rows, *experiment.derived))
    rows = {(row.task, row.system) for row in every}
    tasks = {task for task, _ in rows}
    left = {(line.task, line.system) for line in published.read()} - rows
    later = {(task, system) for task, system in left if task in tasks and quoted.reason(task, system) == quoted.LATER}
    assert later == set(), "a task of ours has a line that neither a row measures nor a reason explains"
