"""How tables and figures write the names and numbers of published.csv."""

import re

from reprolib.evidence import kinds, published

SPELLED = {
    "clevr": "CLEVR",
    "babi": "bAbI",
    "kuramoto": "Kuramoto",
    "mocap": "motion capture",
    "mse": "MSE",
    "mse,": "MSE,",
}


def paper_name(paper: str) -> str:
    """A key of published.csv as a citation: santoro2017 is Santoro et al. 2017."""
    named = re.fullmatch(r"([a-z]+)(\d{4})(blog)?", paper)
    if named is None:
        return {"replication": "Later replications", published.OURS: "References of ours"}.get(paper, paper)
    return f"{named[1].capitalize()} et al. {named[2]}" + ", blog" * bool(named[3])


def spoken(key: str) -> str:
    """A task or a metric of published.csv in words: sort_of_clevr is Sort-of-CLEVR, mse/step_1 is MSE, step 1."""
    ranges = re.sub(r"(?<=\d)_(?=\d)", "–", key)
    words = ranges.replace("sort_of_clevr", "Sort-of-CLEVR").replace("/", ", ").replace("_", " ").split()
    return " ".join(SPELLED.get(word, word) for word in words)


def number(value: float | None, metric: str = "") -> str:
    """A figure with as many digits as it deserves: 94.0, 18.0, 1.09e-03; percent and squared errors as in papers."""
    if value is None:
        return ""
    style = kinds.of_ours(metric).style if metric else "plain"
    plain = style in ("percent", "count") or (style == "plain" and (value == 0 or abs(value) >= 0.05))
    return f"{value:.1f}" if plain else f"{value:.2e}"
