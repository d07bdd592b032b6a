"""Descriptions as numbers and sets of objects as bit masks, so that a question can be tried in microseconds.

A description names a value, or none, of each attribute ("red cube"): DESCRIPTIONS lists all 324, the empty one first.
A set of objects is an int whose bit i stands for object i.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.scenes import Scenes
from reprolib.errors import InputError

NAMES = tuple(ATTRIBUTES)
BITS: Mapping[str, int] = {name: 8 >> place for place, name in enumerate(NAMES)}  # sets of attributes, as masks
ALL = sum(BITS.values())

Description = tuple[str | None, ...]  # a value of each attribute, in the order of NAMES
DESCRIPTIONS: tuple[Description, ...] = tuple(product(*((None, *values) for values in ATTRIBUTES.values())))
GIVEN = tuple(
    sum(bit for bit, value in zip(BITS.values(), values, strict=True) if value) for values in DESCRIPTIONS
)  # the attributes that a description names
NUMBERS: Mapping[Description, int] = {values: number for number, values in enumerate(DESCRIPTIONS)}
FITTING: Mapping[Description, tuple[int, ...]] = {
    values: tuple(NUMBERS[kept] for kept in product(*((None, value) for value in values)))
    for values in DESCRIPTIONS
    if None not in values
}  # the 16 descriptions that fit an object, each at the mask of the attributes that it names


@dataclass(frozen=True, slots=True)
class View:
    """One scene; every list is as long as there are things to index it by."""

    everything: int
    rows: list[Description]  # of each object
    masks: list[int]  # by description: the objects that it fits
    options: list[int]  # the descriptions that fit an object
    related: list[list[int]]  # by relation, then object: the objects in that relation to it
    same: Mapping[str, list[int]]  # by attribute, then object: the other objects of the same value


def views(scenes: Scenes) -> Iterator[View]:
    """Each scene's view.

    Raises:
        InputError: scenes without cameras, or without objects.
    """
    if not scenes.cameras.any(axis=(1, 2)).all() or not scenes.counts.all():
        raise InputError("questions need scenes with objects and cameras, which say what is left and right: give both")
    places = scenes.attributes.shape[1]
    related = (scenes.relations() * (1 << np.arange(places))).sum(-1)  # [M, 4, N]
    for count, rows, masks in zip(scenes.counts, scenes.attributes.tolist(), related.tolist(), strict=True):
        yield _view(rows[:count], [row[:count] for row in masks])


def _view(rows: list[list[int]], related: list[list[int]]) -> View:
    named = [tuple(ATTRIBUTES[name][value] for name, value in zip(NAMES, row, strict=True)) for row in rows]
    masks = [0] * len(DESCRIPTIONS)
    for one, values in enumerate(named):
        for number in FITTING[values]:
            masks[number] |= 1 << one
    same = {
        name: [masks[FITTING[values][bit]] & ~(1 << one) for one, values in enumerate(named)]
        for name, bit in BITS.items()
    }
    return View(
        everything=(1 << len(rows)) - 1,
        rows=named,
        masks=masks,
        options=[number for number, mask in enumerate(masks) if mask],
        related=related,
        same=same,
    )


Value = (
    int | bool | str
)  # what a function gives: a set of objects, one object, a number, a truth or an attribute's value


def _same(name: str, view: View, relation: int | None, one: int) -> int:
    return view.same[name][one]


def _query(place: int, view: View, relation: int | None, one: int) -> str:
    return view.rows[one][place]


def _plain(compute: Callable[..., Value]) -> Callable[..., Value]:
    return lambda view, relation, *inputs: compute(*inputs)


# Of a view, the position of a relation in RELATIONS where one is taken, and inputs. Filters and `unique` are not here.
FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "scene": lambda view, relation: view.everything,
    "relate": lambda view, relation, one: view.related[relation][one],
    "union": _plain(operator.or_),
    "intersect": _plain(operator.and_),
    "count": _plain(int.bit_count),
    "exist": _plain(bool),
    "less_than": _plain(operator.lt),
    "greater_than": _plain(operator.gt),
    **{f"equal_{kind}": _plain(operator.eq) for kind in ("integer", *NAMES)},
    **{f"same_{name}": partial(_same, name) for name in NAMES},
    **{f"query_{name}": partial(_query, place) for place, name in enumerate(NAMES)},
}
