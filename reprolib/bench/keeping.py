"""Measurements that are kept in the results folder, each with its day and its commit."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from reprolib import paths
from reprolib.evidence import code_version
from reprolib.files import write_text


def over(file: str, found: Iterable[Any], old: pd.DataFrame, same: list[str], order: str) -> Path:
    """Write what was measured, a dataclass a line, in the place of what was kept of the same, sorted by a column.

    Args:
        same: the columns in which a line is about the same as an older one.
    """
    path, (commit, dirty) = paths.results() / file, code_version.commit()
    new = pd.DataFrame([asdict(one) for one in found])
    new["date"], new["commit"] = f"{datetime.now(UTC):%Y-%m-%d}", f"{commit}{'-dirty' if dirty else ''}"
    again = old.set_index(same).index.isin(new.set_index(same).index)
    both = pd.concat([old[~again], new]) if len(old) else new
    write_text(path, both.sort_values(order, kind="stable").to_csv(index=False, float_format="%.4g"))
    return path
