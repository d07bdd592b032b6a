"""What the lectures on pictures and stories plot of their own small experiments."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from reprolib.pages.figures.shared.style import BLUE, GREEN, ORANGE, PALE, PURPLE, RED, canvas, styled

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
