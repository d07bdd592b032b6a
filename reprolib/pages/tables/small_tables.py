"""Small tables of what a page computes itself: shares, differences, agreement of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reprolib.pages.tables import links
from reprolib.pages.tables.markup import Html, figure
from reprolib.pages.tables.table import Table, render

if TYPE_CHECKING:
    from pandas import DataFrame

    from reprolib.data.clevr.render.likeness import Agreement


def equalities(differences: Mapping[str, float]) -> Html:
    """Configurations with their largest difference from their definition."""
    rows = [(name, figure(value)) for name, value in differences.items()]
    return shown(Table(("configuration", "from its loops"), rows, "Largest difference in float64"))


def agreement(found: Sequence[Agreement]) -> Html:
    """How closely drawn pictures agree with others of their scenes, a line a picture."""
    rows = [
        (place, *map(figure, (100 * one.overlap, one.apart, 100 * one.objects, 100 * one.ground)))
        for place, one in enumerate(found, 1)
    ]
    head = ("scene", "overlap, %", "apart, pixels", "objects' colour, %", "ground's colour, %")
    return shown(Table(head, rows))


def shares(percents: Mapping[str, float], of: str = "rule", what: str = "percent right") -> Html:
    """What rules get right, or what is got right of some groups, or another share of them: a line each, in percent."""
    return shown(Table((of, what), [(name, figure(value)) for name, value in percents.items()]))


def frame(found: DataFrame) -> Html:
    """A data frame, such as the first lines of a file."""
    rows = found.itertuples(index=False, name=None)
    return shown(Table(list(found), [[f"{v:.3g}" if isinstance(v, float) else v for v in row] for row in rows]))


def shown(table: Table) -> Html:
    """A table with a link that downloads it."""
    return Html(render(table, "html") + links.downloads_within(table, "table"))
