"""What the lectures on pictures, stories, links and real data plot of their own small experiments."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprolib.pages.figures.shared.style import BLUE, GREEN, INK, ORANGE, PALE, PURPLE, RED, WIDTH, canvas, styled

SHADES = (BLUE, ORANGE, GREEN, PURPLE, RED)  # of those whom a picture tells apart


@styled
def asked_pictures(pictures: np.ndarray, titles: Sequence[str]) -> Figure:
    """Pictures [S, H, W, 3] with a title each."""
    figure = canvas(1.9)
    axes = figure.subplots(1, len(pictures), squeeze=False)[0]
    for axis, picture, title in zip(axes, pictures, titles, strict=True):
        axis.imshow(picture, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(title, fontsize=7.5)
    return figure


@styled
def answer_maps(maps: Mapping[str, np.ndarray]) -> Figure:
    """How sure an answer is, from 0 to 1, for every place [H, W] that something may have; a map each, NaN left out."""
    figure = canvas(1.6)
    axes = figure.subplots(1, len(maps), squeeze=False)[0]
    for axis, (title, sure) in zip(axes, maps.items(), strict=True):
        axis.set_facecolor(PALE)
        axis.imshow(sure, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(title, fontsize=8)
    return figure


@styled
def whereabouts(story: Sequence[str]) -> Figure:
    """Who is where after each sentence of a story, such as "Mary went to the office.", first word and last word."""
    figure = canvas(2.2)
    axis = figure.subplots()
    told = [(number, text.split()[0], text.rstrip(".").split()[-1]) for number, text in enumerate(story, 1)]
    places = sorted({place for _, _, place in told})
    people = list(dict.fromkeys(who for _, who, _ in told))
    for shade, who in zip(SHADES, people, strict=False):
        when, where = zip(*((number, places.index(place)) for number, name, place in told if name == who), strict=True)
        axis.plot([*when, len(told)], [*where, where[-1]], drawstyle="steps-post", color=shade, linewidth=1.5)
        axis.plot(when, where, "o", color=shade, markersize=6, label=who)
    axis.set(yticks=range(len(places)), yticklabels=places, xticks=range(1, len(told) + 1), xlabel="sentence")
    axis.margins(y=0.2)
    figure.legend(loc="outside upper center", ncols=len(people), fontsize=8)
    return figure


@styled
def seen_and_held_out(histories: Mapping[str, Sequence[Mapping[str, float]]]) -> Figure:
    """Losses in the course of trainings, a panel each: of what is trained on, and of what is held out."""
    figure = canvas(2.3)
    axes = figure.subplots(1, len(histories), squeeze=False, sharey=True)[0]
    for axis, (name, history) in zip(axes, histories.items(), strict=True):
        steps = [moment["step"] for moment in history]
        axis.plot(steps, [moment["loss"] for moment in history], color=BLUE, label="stories of the training")
        axis.plot(steps, [-moment["score"] for moment in history], color=ORANGE, label="stories held out")
        axis.set_title(name)
        axis.set_xlabel("step")
        axis.set_ylim(bottom=0)
    axes[0].set_ylabel("loss")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure


@styled
def tied_paths(panels: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Paths of things, a panel each, and lines between those that are tied.

    Args:
        panels: by title, paths [N, T, 2] and tied pairs [L, 2]; the lines are drawn where the paths end.
    """
    figure = canvas(WIDTH / len(panels) + 0.3)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, (paths, pairs)) in zip(axes, panels.items(), strict=True):
        axis.plot(*np.moveaxis(paths, -1, 0).swapaxes(1, 2), color=PALE, linewidth=1, zorder=0)  # 2 times [T, N]
        for pair in pairs:
            axis.plot(*paths[pair, -1].T, color=ORANGE, linewidth=1.5, zorder=1)
        axis.plot(*paths[:, -1].T, "o", color=BLUE, markersize=5, zorder=2)
        axis.set_title(title)
        _bare(axis)
    return figure


@styled
def plays_from_above(panels: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Paths [T, N, 2] of the same named objects, a panel each; a dot is where a path ends."""
    figure = canvas(2.6)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, paths) in zip(axes, panels.items(), strict=True):
        for shade, name, path in zip(SHADES, names, paths.swapaxes(0, 1), strict=True):
            axis.plot(*path.T, color=shade, linewidth=1.5)
            axis.plot(*path[-1], "o", color=shade, markersize=6, label=name)
        axis.set_title(title)
        _bare(axis)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


@styled
def edge_maps(maps: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Percents [N, N] of receivers by senders, a map each; nobody sends to itself."""
    figure = canvas(1.0 + 1.6 * len(maps))
    axes = figure.subplots(len(maps), 1, squeeze=False)[:, 0]
    for axis, (title, percents) in zip(axes, maps.items(), strict=True):
        shown = np.where(np.eye(len(names), dtype=bool), np.nan, percents)
        top = max(np.nanmax(shown), 1e-9)
        axis.imshow(shown, cmap="Blues", vmin=0, vmax=top, aspect="auto")
        for receiver, sender in np.argwhere(np.isfinite(shown)).tolist():
            value = shown[receiver, sender]
            shade = "white" if value > 0.6 * top else INK
            axis.text(sender, receiver, f"{value:.0f}", ha="center", va="center", color=shade, fontsize=7.5)
        axis.set(yticks=range(len(names)), yticklabels=names, xticks=range(len(names)), xticklabels=names)
        axis.tick_params(labelsize=7, length=0)
        axis.set_title(title)
    axes[-1].set_xlabel("sender")
    return figure


def _bare(axis: Axes) -> None:
    """Equal scales, no ticks, a frame."""
    axis.set(aspect="equal", xticks=[], yticks=[])
    for side in axis.spines.values():
        side.set_visible(True)
