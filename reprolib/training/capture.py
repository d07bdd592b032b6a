"""A training step as one CUDA graph: its hundreds of small kernels are launched by one call.

Launched one by one from Python, the kernels of a small model can take longer to launch than to run.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from reprolib.errors import InputError

WARM = 3  # calls before the capture, in which libraries choose their kernels and state is allocated


class Captured:
    """A function of row numbers, captured on a CUDA device at its fourth call and replayed from then on.

    Args:
        device: a CUDA device.
        function: maps rows [B], int64 on the device, to a tensor. Every call does the same on other rows: no shape, no
            branch and no address may change, and nothing may wait for the device. Random numbers are drawn anew.

    Raises:
        InputError: in the fourth call, where the function cannot be captured.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], device: torch.device):
        self.function, self.calls, self.device = function, 0, device
        self.graph: torch.cuda.CUDAGraph | None = None
        self.aside = torch.cuda.Stream(device)  # as PyTorch asks for: nothing of a capture on the default stream

    def __call__(self, rows: Tensor) -> Tensor:
        """The function's value, overwritten by the next call."""
        self.calls += 1
        if self.calls <= WARM:
            return self._warm(rows)
        if self.graph is None:
            self._capture(rows)
        self.rows.copy_(rows)
        self.graph.replay()
        return self.value

    def _warm(self, rows: Tensor) -> Tensor:
        current = torch.cuda.current_stream(self.device)
        self.aside.wait_stream(current)
        with torch.cuda.stream(self.aside), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*capturable=True.*")  # of an optimiser, which will be captured
            value = self.function(rows)
        current.wait_stream(self.aside)
        return value

    def _capture(self, rows: Tensor) -> None:
        self.rows, graph = rows.clone(), torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=self.aside):
                self.value = self.function(self.rows)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # what comes after it in this process may fail as well
            raise InputError(f"a training step cannot be captured here ({error}): run with --no-capture") from error
        self.graph = graph
