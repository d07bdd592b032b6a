"""Values that are not finite are refused where a model is asked, as they would pass for an answer, such as no edge."""

import torch
from torch import Tensor

from reprolib.errors import InputError


def check_finite(values: Tensor, what: str, objects: int | None = None) -> None:
    """Raise InputError that names the first scene, and object, with a value that is not finite.

    Nothing is checked where no value can be read: while torch compiles, exports or captures a model, and under vmap.

    Args:
        values: [B, ...], a scene a row.
        what: the name of the values.
        objects: their dimension of objects; None: they have none.
    """
    if torch.compiler.is_compiling() or (values.is_cuda and torch.cuda.is_current_stream_capturing()):
        return
    try:
        finite = bool(values.isfinite().all())
    except RuntimeError:  # under vmap, or on the meta device
        return
    if finite:
        return
    place = (~values.isfinite()).nonzero()[0].tolist()
    where = f"scene {place[0]}" + ("" if objects is None else f", object {place[objects]}")
    raise InputError(
        f"{what} of {where} are not finite: correct them or leave the scene out; where layers before made them, "
        "lower the rate that those learn with"
    )
