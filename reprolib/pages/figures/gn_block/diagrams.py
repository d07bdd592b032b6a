"""The Graph Network block as a drawing (after Battaglia et al. 2018, Figure 4), and what configurations keep of it."""

from collections.abc import Collection
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from reprolib.pages.figures.shared.style import BLUE, GREEN, ORANGE, PALE, canvas, styled

# An arrow is named by two letters, what it brings and which update reads it: "ve" brings nodes to the edge update.
# Nodes reach the edges as sender and receiver; edges and nodes reach later updates reduced and already updated.
FULL = ("ee", "ve", "ue", "ev", "vv", "uv", "eu", "vu", "uu")
ARROWS = MappingProxyType(
    {
        "full block": FULL,
        "independent": ("ee", "vv", "uu"),
        "message passing": ("ee", "ve", "ev", "vv", "vu"),
        "interaction network": ("ee", "ve", "ev", "vv", "uv", "vu"),
        "relation network": ("ve", "ue", "eu"),
        "deep sets": ("vv", "uv", "vu"),
        "attention": ("ve", "ev"),
    }
)
ROWS = {"e": 2.0, "v": 1.0, "u": 0.0}  # height of edges, nodes, global
COLUMNS = {"e": 1.45, "v": 2.75, "u": 4.15}  # place of each update
LEFT, RIGHT = 0.0, 5.6
SHADES = {"e": ORANGE, "v": BLUE, "u": GREEN}
REDUCED = {"ev": COLUMNS["v"], "vu": COLUMNS["u"] - 0.25, "eu": COLUMNS["u"] + 0.25}  # where a reduced arrow goes down
NAMES = {"e": "edges", "v": "nodes", "u": "global"}
UPDATES = (
    ("edge update", 1.45, 2.37, "center"),
    ("node update", 2.3, 1.3, "right"),
    ("global update", 4.15, -0.4, "center"),
)


@styled
def full_block() -> Figure:
    """The full block: three updates phi, and three reductions rho between them."""
    figure = canvas(2.9)
    axis = figure.add_subplot()
    _block(axis, FULL)
    for kind, row in ROWS.items():
        axis.text(LEFT, row + 0.3, NAMES[kind], ha="center", fontsize=8)
    for text, x, y, align in UPDATES:
        axis.text(x, y, text, ha=align, va="center", fontsize=8)
    for arrow, place in REDUCED.items():
        _reduction(axis, arrow, place)
    return figure


def _reduction(axis: Axes, arrow: str, place: float) -> None:
    """A rho on its arrow."""
    source, target = arrow
    height = ROWS[source] - 0.48
    circle = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "black", "linewidth": 0.8}
    axis.text(place, height, r"$\rho$", ha="center", va="center", bbox=circle, zorder=4)
    side = {"ev": -0.2, "vu": -0.2, "eu": 0.2}[arrow]
    align = "right" if side < 0 else "left"
    axis.text(place + side, height, rf"${source} \to {target}$", ha=align, va="center", fontsize=7.5)


@styled
def configurations() -> Figure:
    """The arrows that each named configuration keeps, and encode-process-decode, which is made of three blocks."""
    figure = canvas(6.4)
    axes = figure.subplots(4, 2).flat
    for axis, (name, arrows) in zip(axes, ARROWS.items(), strict=False):
        _block(axis, arrows)
        axis.set_title(name, fontsize=9)
    last = figure.axes[-1]
    _chain(last)
    last.set_title("encode-process-decode", fontsize=9)
    return figure


def _block(axis: Axes, arrows: Collection[str]) -> None:
    """Inputs on the left, updates, outputs on the right; an update that reads nothing is left out."""
    axis.set(xlim=(LEFT - 0.4, RIGHT + 0.4), ylim=(-0.6, 2.5))
    axis.set_axis_off()
    for kind, row in ROWS.items():
        _through(axis, kind, updated=any(arrow[1] == kind for arrow in arrows))
        _symbol(axis, LEFT, row, kind)
        _symbol(axis, RIGHT, row, f"{kind}'" if any(arrow[1] == kind for arrow in arrows) else kind)
    for arrow in arrows:
        source, target = arrow
        if arrow in REDUCED:
            _arrow(axis, (REDUCED[arrow], ROWS[source]), (REDUCED[arrow], ROWS[target] + 0.24), SHADES[source])
        elif source == target:
            _arrow(axis, (LEFT + 0.2, ROWS[source]), (COLUMNS[target] - 0.38, ROWS[target]), SHADES[source])
        else:
            _arrow(axis, (LEFT + 0.2, ROWS[source] + 0.06), _below(source, target), SHADES[source])


def _below(source: str, target: str) -> tuple[float, float]:
    """Where an arrow from a lower row meets an update's box."""
    return COLUMNS[target] - (0.38 if source == "v" else 0.15), ROWS[target] - (0.12 if source == "v" else 0.24)


def _through(axis: Axes, kind: str, updated: bool) -> None:
    """The update's box with the way out of it, or the line of an attribute that passes unchanged."""
    row = ROWS[kind]
    if not updated:
        axis.plot([LEFT + 0.2, RIGHT - 0.2], [row, row], color=PALE, linewidth=1.2, linestyle=":")
        return
    left = COLUMNS[kind] - 0.36
    box = FancyBboxPatch(
        (left, row - 0.2), 0.72, 0.4, boxstyle="round,pad=0.03", facecolor=SHADES[kind], edgecolor="none"
    )
    axis.add_patch(box).set_zorder(3)
    axis.text(COLUMNS[kind], row, rf"$\phi^{kind}$", ha="center", va="center", color="white", fontsize=11, zorder=4)
    _arrow(axis, (COLUMNS[kind] + 0.38, row), (RIGHT - 0.22, row), SHADES[kind])


def _symbol(axis: Axes, x: float, y: float, text: str) -> None:
    axis.text(x, y, f"${text}$", ha="center", va="center", fontsize=11)


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], shade: str) -> None:
    look = {"arrowstyle": "-|>", "color": shade, "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9}
    axis.annotate("", end, start, arrowprops=look)


def _chain(axis: Axes) -> None:
    """Encoder, a core that is applied again and again and reads the encoded input each time, decoder."""
    axis.set(xlim=(LEFT - 0.4, RIGHT + 0.4), ylim=(-0.6, 2.5))
    axis.set_axis_off()
    places = {"encode": 0.6, "core": 2.8, "decode": 5.0}
    for name, place in places.items():
        shape = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "black", "linewidth": 0.9}
        axis.text(place, 1, name, ha="center", va="center", fontsize=8, bbox=shape)
    _arrow(axis, (1.35, 1), (2.2, 1), "black")
    _arrow(axis, (3.4, 1), (4.25, 1), "black")
    loop = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=1.6", "linewidth": 1.2, "mutation_scale": 9}
    axis.annotate("", (2.5, 1.35), (3.1, 1.35), arrowprops=loop)
    axis.text(2.8, 0.35, "same weights and the\nencoded input, every round", ha="center", va="center", fontsize=7)
