"""What the figure of few scenes holds: the records' numbers; no pixels."""

from matplotlib.text import Text

from reprolib.experiments.rn_data import task
from reprolib.pages import figures


def of_scenes(record_of, system, values, seed=0):
    """Records of a system by the number of scenes that trained, as good on both kinds of questions less ten points."""
    return [
        record_of(
            experiment="rn_data",
            task=task(scenes),
            system=system,
            scale="small",
            seed=seed,
            metrics={"accuracy/relational": value - 10, "accuracy/nonrelational": value},
        )
        for scenes, value in values.items()
    ]


def test_answers_by_scenes_are_means_over_the_seeds_that_all_points_have(record_of):
    found = of_scenes(record_of, "RN", {30: 65.0, 300: 80.0, 5_000: 90.0})
    found += of_scenes(record_of, "RN", {30: 67.0, 300: 82.0}, seed=1)
    found += of_scenes(record_of, "MLP", {30: 61.0})
    relational, others = figures.answers_by_scenes(found).axes
    assert [list(line.get_ydata()) for line in relational.lines] == [[56.0, 71.0], [51.0]]
    assert [list(line.get_ydata()) for line in others.lines] == [[66.0, 81.0], [61.0]]
    assert [list(line.get_xdata()) for line in others.lines] == [[30, 300], [30]]
    assert {"RN", "MLP"} <= {text.get_text() for text in relational.findobj(Text)}
    (said,) = figures.answers_by_scenes([]).texts
    assert "committed record" in said.get_text()
