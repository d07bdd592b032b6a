"""A data set, as rows and runs see it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from reprolib.errors import InputError

if TYPE_CHECKING:
    from reprolib.data.split import Dataset, Split

DATA_KINDS = ("generated", "real")
Procedure = Literal["released", "paper", "ours"]  # who made the data: the authors' files, their procedure, one of ours


class Reader(Protocol):
    """What a data set's module defines; the settings are its own dataclass, the kind is one of `DATA_KINDS`.

    One with splits that were released without answers defines `unanswered` as well; see `Source`.
    """

    def load(self, settings: Any, kind: str) -> Dataset:
        """The splits; an InputError where they cannot be had. What is less than the release may do for it."""

    def identity(self, settings: Any, kind: str) -> str:
        """Hash of the data that the settings stand for, without making them. Asked only where they are available."""

    def available(self, settings: Any, kind: str) -> str | None:
        """None where the data can be had, and whole; else what is missing, and how to get it."""


@dataclass(frozen=True)
class Source:
    """A data set: its reader, and who made which kind of it.

    Args:
        reader: the name of a module, imported when the data are first asked for, or an object like one.
        procedures: who made each kind of data.
    """

    reader: str | Reader
    procedures: Mapping[str, Procedure]

    def available(self, settings: Any, kind: str) -> str | None:
        """None where the data can be had, and whole; else what is missing, and how to get it."""
        return self._reader.available(settings, kind)

    def identity(self, settings: Any, kind: str) -> str | None:
        """Today's hash of the data; None where they cannot be had."""
        return None if self.available(settings, kind) else self._reader.identity(settings, kind)

    def load(self, settings: Any, kind: str) -> Dataset:
        """The splits.

        Raises:
            InputError: the data cannot be had, or are damaged.
        """
        return self._reader.load(settings, kind)

    def unanswered(self, settings: Any, known: Dataset, split: str) -> Split:
        """The questions of a split whose answers nobody has released, for a model that has learned from other data.

        Raises:
            InputError: the data set has no such split, or it is not there, or it is damaged.
        """
        read = getattr(self._reader, "unanswered", None)
        if read is None:
            raise InputError(f"{known.name} has no split without answers: give a record on CLEVR")
        return read(settings, known, split)

    @property
    def papers_kind(self) -> str:
        """The kind of data that the paper had: of its own procedure, else the released files."""
        own = self.procedures.get("generated") == "paper" or "real" not in self.procedures
        return "generated" if own else "real"

    @property
    def _reader(self) -> Reader:
        return importlib.import_module(self.reader) if isinstance(self.reader, str) else self.reader
