"""Which edges act, by the roles of their ends: a heat map from the records of NRI (learned)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from reprolib.data.basketball.play_windows import ROLES
from reprolib.evidence.records import Record
from reprolib.experiments.basketball import LEARNED
from reprolib.judgement.verdicts import Measurement
from reprolib.methods.basketball_plays import share_name
from reprolib.pages.figures.basketball.half_court import spoken
from reprolib.pages.figures.shared.style import BLUE, NO_RECORD, PALE, canvas, note, provenance, styled
from reprolib.pages.figures.shared.telling_rows import telling_rows

TINT = LinearSegmentedColormap.from_list("tint", ["white", BLUE])
DARK = 60  # percent from which on figures are white


@styled
def edges_by_roles(found: Sequence[Record]) -> Figure:
    """The percent of plays in which the sender of a column acts on the receiver of a row: the mean over seeds."""
    measurement = next((one for _, system, one in telling_rows(found) if system == LEARNED), None)
    if measurement is None:
        return note(NO_RECORD)
    shares = _shares(measurement)
    figure = canvas(3.6)
    axis = figure.add_subplot()
    axis.set_facecolor(PALE)  # of the diagonal: nobody sends to himself
    axis.imshow(shares, cmap=TINT, vmin=0, vmax=100)
    for (receiver, sender), share in np.ndenumerate(shares):
        if receiver != sender:
            ink = "white" if share > DARK else "black"
            axis.text(sender, receiver, f"{share:.0f}", ha="center", va="center", color=ink)
    names = [spoken(role).replace("'s ", "'s\n") for role in ROLES]
    axis.set_xticks(range(len(ROLES)), names, fontsize=7.5)
    axis.set_yticks(range(len(ROLES)), names, fontsize=7.5)
    first = measurement.first
    axis.set(xlabel="who acts", ylabel="on whom")
    axis.set_title(f"percent of plays\n({provenance(first.scale, first.kind, len(measurement.counted))})")
    return figure


def _shares(measurement: Measurement) -> np.ndarray:
    """Means over seeds [N, N], receiver and sender; not a number on the diagonal."""
    count = len(ROLES)
    found = np.full((count, count), np.nan)
    for receiver, sender in zip(*np.nonzero(~np.eye(count, dtype=bool)), strict=True):
        found[receiver, sender] = np.mean(measurement.values(share_name(sender, receiver)))
    return found
