"""Small tables of what a page computes itself: shares, differences, agreement of pictures."""

from collections.abc import Mapping, Sequence

from reprolib.data.clevr.render.likeness import Agreement
from reprolib.pages.tables import links
from reprolib.pages.tables.markup import Html, figure
from reprolib.pages.tables.table import Table, render


def equalities(differences: Mapping[str, float]) -> Html:
    """Configurations with their largest difference from their definition."""
    rows = [(name, figure(value)) for name, value in differences.items()]
    return _shown(Table(("configuration", "from its loops"), rows, "Largest difference in float64"))


def agreement(found: Sequence[Agreement]) -> Html:
    """How closely drawn pictures agree with others of their scenes, a line a picture."""
    rows = [
        (place, *map(figure, (100 * one.overlap, one.apart, 100 * one.objects, 100 * one.ground)))
        for place, one in enumerate(found, 1)
    ]
    head = ("scene", "overlap, %", "apart, pixels", "objects' colour, %", "ground's colour, %")
    return _shown(Table(head, rows))


def shares(percents: Mapping[str, float], of: str = "rule", what: str = "percent right") -> Html:
    """What rules get right, or what is got right of some groups, or another share of them: a line each, in percent."""
    return _shown(Table((of, what), [(name, figure(value)) for name, value in percents.items()]))


def _shown(table: Table) -> Html:
    return Html(render(table, "html") + links.downloads_within(table, "table"))
