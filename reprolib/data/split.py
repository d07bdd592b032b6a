"""Examples as tensors that stay on one device."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from reprolib.evidence.deviations import Deviation


@dataclass(frozen=True)
class Split:
    """One split of a data set.

    Args:
        columns: one row an example, [M, ...] each.
        tables: tensors that every batch gets whole, which columns may point into (pictures, distinct sentences).
        released_as: what the split is called where it was released, if that is not what it is used as.

    Examples:
        >>> import torch
        >>> from reprolib import Split
        >>> pictures = torch.zeros(2, 8, 8)  # two of them, and five questions about one or the other
        >>> split = Split({"picture": torch.tensor([0, 0, 1, 1, 1]), "answer": torch.arange(5)}, {"pictures": pictures})
        >>> len(split)
        5
        >>> batch = split.batch(slice(0, 3))
        >>> batch["answer"], batch["pictures"].shape
        (tensor([0, 1, 2]), torch.Size([2, 8, 8]))
    """

    columns: dict[str, Tensor]
    tables: dict[str, Tensor] = field(default_factory=dict)
    released_as: str = ""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def to(self, device: torch.device | str) -> "Split":
        """The same split on another device."""
        moved = ({name: tensor.to(device) for name, tensor in part.items()} for part in (self.columns, self.tables))
        return Split(*moved, self.released_as)

    def batch(self, index: Tensor | slice) -> dict[str, Tensor]:
        """The examples at `index` with the shared tables."""
        return {name: column[index] for name, column in self.columns.items()} | self.tables

    def batches(self, size: int):
        """All examples in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.batch(slice(start, start + size))


@dataclass(frozen=True)
class Dataset:
    """The splits of one data set with the facts that a record needs."""

    name: str
    kind: str  # "real" or "generated"
    hash: str
    splits: dict[str, Split]
    facts: dict = field(default_factory=dict)  # vocabulary sizes and the like, for building the model
    deviations: tuple[Deviation, ...] = ()
    measured: str = "test"  # what its test split is called where it was released

    @property
    def sizes(self) -> dict[str, int]:
        """Number of examples of every split."""
        return {name: len(split) for name, split in self.splits.items()}


def shuffled(count: int, block: int, generator: torch.Generator) -> Tensor:
    """A random order of examples that keeps blocks of so many in a row; a last, shorter block is left out."""
    blocks = torch.randperm(count // block, generator=generator)
    return (blocks[:, None] * block + torch.arange(block)).flatten()
