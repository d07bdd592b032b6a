"""Systems that are compared are trained alike, on the same data, and are of one size, at every scale."""

import itertools
from dataclasses import replace

import pytest
import torch

from reprolib import experiments
from reprolib.contracts.entry import SCALES
from reprolib.data.clevr.wording import VOCABULARY
from reprolib.data.split import Dataset
from reprolib.evidence import claims

BLIND = "LSTM"  # reads the question only: it may be smaller
CLEVR = ("rn_clevr_pixels", "rn_clevr_state")
FACTOR = 1.5


def compared(name, scale):
    """{system: configuration at a scale} of the rows of a task that headline claims compare with one another."""
    task = name.removeprefix("rn_")
    rows = {row.system: row for row in experiments.get(name).rows if row.task == task}
    orders = [one for claim in claims.read() if claim.headline for one in claim.comparisons if task in one.tasks]
    named = {system for one in orders for system in one.systems}
    assert named <= set(rows)
    return {system: rows[system].at(scale) for system in named}


def trained(name, scale):
    return {system: config for system, config in compared(name, scale).items() if config.train.steps}


def parameters(name, config):
    """Number of a model's parameters; no memory is taken for them."""
    facts = {"words": len(VOCABULARY) + 1} if name in CLEVR else {"answers": 12}
    with torch.device("meta"):
        model = experiments.get(name).rows[0].method.build(config, Dataset("", "generated", "", {}, facts))
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", [*CLEVR, "rn_sort_of_clevr"])
def test_compared_systems_are_trained_alike_on_the_same_data(name, scale):
    configs = compared(name, scale).values()
    seen = {replace(config.data, pictures=True) if name in CLEVR else config.data for config in configs}
    assert len(seen) == 1
    assert len({config.train for config in trained(name, scale).values()}) == 1


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CLEVR)
def test_no_baseline_on_clevr_is_larger_than_the_relation_network_nor_much_smaller(name, scale):
    sizes = {system: parameters(name, config) for system, config in trained(name, scale).items()}
    (largest,) = [size for system, size in sizes.items() if system.endswith("+RN")]
    assert len(sizes) > 2
    assert max(sizes.values()) == largest
    assert all(FACTOR * size >= largest for system, size in sizes.items() if system != BLIND), sizes


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CLEVR)
def test_compared_systems_read_and_see_with_the_same_networks(name, scale):
    for first, second in itertools.pairwise(config.model for config in trained(name, scale).values()):
        for setting in ("embedding", "lstm", "reverse", "norm", "kernels", "norm_first", "coordinates", "augment"):
            if hasattr(first, setting) and hasattr(second, setting):
                assert getattr(first, setting) == getattr(second, setting), setting


@pytest.mark.parametrize("scale", SCALES)
def test_on_sort_of_clevr_the_plain_network_is_as_deep_and_as_wide_as_the_relation_network(scale):
    """As the paper says. Its first layer reads all cells at once, so it has more parameters; few at small and long."""
    found = trained("rn_sort_of_clevr", scale)
    relating, plain = found["CNN+RN"], found["CNN+MLP"]
    assert plain.model.hidden == relating.model.g + relating.model.f
    for setting in ("kernels", "norm_first", "question_scale", "norm", "coordinates", "views"):
        assert getattr(plain.model, setting) == getattr(relating.model, setting)
    smaller, larger = (parameters("rn_sort_of_clevr", config) for config in (relating, plain))
    assert smaller <= larger
    assert larger <= FACTOR * smaller or scale in ("smoke", "paper")


@pytest.mark.parametrize("name", CLEVR)
def test_the_relation_network_from_pictures_has_the_papers_widths_above_smoke(name):
    """From states g and f are narrower at small and long scale: deviation 32."""
    relating = next(row for row in experiments.get(name).rows if row.headline)
    papers = relating.config.model
    narrower = {scale for scale in relating.minutes if relating.at(scale).model.g != papers.g}
    assert narrower == ({"smoke"} if name == "rn_clevr_pixels" else {"smoke", "small", "long"})


LONG = [
    (name, row)
    for name in (*CLEVR, "rn_sort_of_clevr", "rn_babi")
    for row in experiments.get(name).rows
    if "long" in row.minutes
]


@pytest.mark.parametrize(("name", "row"), LONG, ids=lambda value: getattr(value, "name", ""))
def test_long_has_the_papers_evaluation_and_at_most_its_data_and_widths(name, row):
    long, paper = row.at("long"), row.config
    assert long.data.test == paper.data.test
    assert {name for name in vars(long.data) if getattr(long.data, name) != getattr(paper.data, name)} <= {
        "train",
        "valid",
    }
    assert paper.data.train is None or long.data.train <= paper.data.train
    for setting in ("g", "f", "hidden", "kernels", "lstm", "embedding"):
        ours, theirs = (getattr(config.model, setting, ()) for config in (long, paper))
        assert torch.tensor(ours).le(torch.tensor(theirs)).all(), setting


def test_every_row_that_a_long_one_is_compared_with_is_long_itself():
    rows = {(row.task, row.system): row for experiment in experiments.every() for row in experiment.rows}
    orders = [
        (task, one) for claim in claims.read() if claim.headline for one in claim.comparisons for task in one.tasks
    ]
    for task, one in orders:
        there = [rows[task, system] for system in one.systems if (task, system) in rows]
        assert len({"long" in row.minutes for row in there}) <= 1, (task, one)
