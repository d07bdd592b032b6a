"""Plots of the page on hidden links: what is wrong by kind of pair, counts by number of systems, scenes with links."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.data.linked_balls import BALLS, NONE
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.figures.rn_physics.plots_of_physics import draw_table
from reprolib.pages.figures.rn_physics.views_of_links import BodyView, LinkView
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.lines import band, looks
from reprolib.pages.figures.shared.movie import Movie, painted, stage
from reprolib.pages.figures.shared.moving_objects import WRONG, headed, score, shade, verdict
from reprolib.pages.figures.shared.style import BELOW, GREY, INK, NO_RECORD, STYLE, canvas, note, percent_axis, styled
from reprolib.settings.physical import World

CONNECTIONS, COUNTS = "physics_connections", "physics_counting"
FINDERS = ("RN", "RN (pair by pair)", "Distance variance", "MLP")
COUNTERS = ("RN", "Distance variance", "MLP", "Majority")
KINDS = {  # of pairs, as they are written under the plot
    "spring": "spring",
    "rigid": "rigid\nlink",
    "unlinked_of_one_system": "none, in\none system",
    "unlinked_of_two_systems": "none, in two\nsystems",
    "unlinked_alike": "none, but\nmoving alike",
}
MOMENTS = 4  # of a scene, at which a body is shown
FLOOR = 0.001  # percent: where a system with no mistake is drawn
LINES = {
    "found": {"color": INK, "linewidth": 1.6},
    "extra": WRONG["extra"] | {"linewidth": 1.6},
    "missed": WRONG["missed"] | {"linewidth": 1.6},
    "bone": {"color": GREY, "linewidth": 4.0, "alpha": 0.5},
}
NAMES = {"found": "found", "extra": "there is none", "missed": "missed"}  # of lines that a network sees or does not


@styled
def wrong_by_kind(found: Sequence[Record]) -> Figure:
    """Percent of pairs that are wrong, by what joins them: a mark a system, on a logarithmic axis."""
    measured = _measured(found, CONNECTIONS, FINDERS)
    if not measured:
        return note(NO_RECORD)
    figure = canvas(3.2)
    axis, handles = figure.subplots(), []
    for place, ((system, one), (tint, _)) in enumerate(zip(measured.items(), looks(measured), strict=True)):
        x = np.arange(len(KINDS)) + 0.14 * (place - (len(measured) - 1) / 2)
        wrong = [max(100 - np.mean(one.values(f"accuracy/{kind}")), FLOOR) for kind in KINDS]
        (line,) = axis.plot(
            x, wrong, "os^D"[place], color=tint, markersize=5, linestyle="none", label=system, clip_on=False
        )
        handles.append(line)
    axis.set(yscale="log", ylabel="percent wrong", ylim=(FLOOR / 2, 100), title=_title(measured))
    axis.set_xticks(range(len(KINDS)), list(KINDS.values()), fontsize=8)
    figure.legend(handles=handles, ncols=2, **BELOW)
    return figure


@styled
def counts_by_systems(found: Sequence[Record]) -> Figure:
    """Percent of scenes whose systems are counted right, by how many there are: a line a system."""
    measured = _measured(found, COUNTS, COUNTERS)
    if not measured:
        return note(NO_RECORD)
    figure = canvas(3.2)
    axis, numbers, handles = figure.subplots(), np.arange(1, BALLS + 1), []
    for (system, one), look in zip(measured.items(), looks(measured), strict=True):
        seeds = np.array([one.values(f"accuracy/count_{number}") for number in numbers]).T
        band(axis, system, numbers, seeds, look, marker="o")
        handles.append(Line2D([], [], color=look[0], linestyle=look[1], marker="o", markersize=4, label=system))
    percent_axis(axis, "percent of scenes right")
    axis.set(xticks=numbers, xlabel="systems in a scene", title=_title(measured))
    figure.legend(handles=handles, ncols=2, **BELOW)
    return figure


@styled
def links_found(views: Sequence[LinkView], world: World | None = None) -> Figure:
    """Scenes with the links that a network sees: black as in truth, dashed where there is none, dotted where missed."""
    figure = headed(2.0, views[0].source)
    for axis, view in zip(figure.subplots(1, len(views), squeeze=False)[0], views, strict=True):
        draw_table(axis, view.trajectories, world or World())
        _links(axis, view)
        axis.set_title(f"{score(view.connections != NONE, view.chances)} pairs", fontsize=8.5)
    _name_lines(figure, NAMES)
    return figure


@styled
def body_links(view: BodyView) -> Figure:
    """A body at four moments of a scene, with the links that a network sees between its joints, drawn as for balls."""
    frames = np.linspace(0, view.trajectories.shape[1] - 1, MOMENTS).round().astype(int)
    figure = headed(2.3, view.source)
    for axis, frame in zip(figure.subplots(1, MOMENTS), frames, strict=True):
        _joints(axis, view, frame)
        _bones(axis, view, frame)
        _links(axis, view, frame)
        axis.set_title(f"frame {frame + 1}", fontsize=8.5)
    _name_lines(figure, NAMES | {"bone": "bone"})
    return figure


def walking_links(view: BodyView) -> Movie:
    """The scene as a movie, as fast as it was: left what the network is told, right what it sees in the body."""
    frames = []
    with mpl.rc_context(dict(STYLE)):
        painter, axes = stage(2, view.source)
        for frame in range(view.trajectories.shape[1]):
            for axis, title in zip(axes, ("what the network is told", "the links that it sees"), strict=True):
                axis.clear()
                _joints(axis, view, frame)
                axis.set_title(title)
            _bones(axes[1], view, frame)
            _links(axes[1], view, frame)
            frames.append(painted(painter))
    caption = (
        "Joints of a walking body, and the links that a network trained on balls sees between them, over the "
        "bones that it is not told of."
    )
    alt = (
        "Two panels with ten coloured joints of a walking body seen from the side. On the right the bones lie "
        "under them in grey, and dark lines join the joints that the network takes for linked."
    )
    return Movie(frames, caption, alt, round(view.pace))


def _joints(axis: Axes, view: BodyView, frame: int) -> None:
    """The joints at one moment, on a table of which the body takes up the height."""
    places = view.trajectories[:, frame]
    axis.scatter(*places.T, color=[shade(joint) for joint in range(len(places))], s=28, zorder=3)
    axis.set(xlim=(-0.6, 0.6), ylim=(-1, 1), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_visible(False)


def _bones(axis: Axes, view: BodyView, frame: int) -> None:
    axis.add_collection(LineCollection(view.bones[:, frame], zorder=1, **_line("bone")))


def _links(axis: Axes, view: LinkView, frame: int = -1) -> None:
    """One line for each pair that is joined, in truth or as the network sees it."""
    pairs = np.stack(np.triu_indices(len(view.connections), 1), axis=1)
    said = [verdict(view.connections[i, j] != NONE, view.chances[i, j]) for i, j in pairs]
    for kind in NAMES:
        ends = [view.trajectories[pair, frame] for pair, each in zip(pairs, said, strict=True) if each == kind]
        axis.add_collection(LineCollection(ends, zorder=2, **_line(kind)))


def _name_lines(figure: Figure, names: Mapping[str, str]) -> None:
    handles = [Line2D([], [], label=label, **_line(kind)) for kind, label in names.items()]
    figure.legend(handles=handles, ncols=len(names), **BELOW)


def _line(kind: str) -> dict:
    """Colour and dashes of a line, without a sign."""
    return {name: value for name, value in LINES[kind].items() if name in ("color", "linestyle", "linewidth", "alpha")}


def _measured(found: Sequence[Record], task: str, systems: Sequence[str]) -> Mapping[str, Measurement]:
    measured = alike(found, [(task, system) for system in systems])
    return {system: one for (_, system), one in measured.items() if one}


def _title(measured: Mapping[str, Measurement]) -> str:
    return f"{next(iter(measured.values())).first.scale} scale"
