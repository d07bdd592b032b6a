"""What an execution of a notebook ran: its table and its plot, at smoke scale in one fold."""

from base64 import b64encode
from collections.abc import Sequence

from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.pages import tables
from reprolib.pages.figures.shared.style import show
from reprolib.pages.tables.markup import Html, unfolds

SAID = "Plot of the runs of this execution, whose figures the table has."


def execution(found: Sequence[Record], train: bool, plot: Figure) -> Html:
    """The runs of an execution, with a plot of them where there is something to see.

    Args:
        found: the records, of one scale.
        train: whether they are of this execution, or committed ones that it read.
        plot: of the same records; one without axes only says why there is nothing to see.
    """
    shown = tables.executed(found, train).text + (_image(plot) if plot.axes else "")
    if any(record.scale == "smoke" for record in found):
        shown = unfolds("Runs at smoke scale, which show that it runs and not what it reaches", shown)
    return Html(shown)


def _image(figure: Figure) -> str:
    """A picture within the markup itself."""
    picture = b64encode(show(figure).svg.encode()).decode()
    return f'<img class="plot" alt="{SAID}" src="data:image/svg+xml;base64,{picture}">'
