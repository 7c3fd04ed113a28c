"""What networks that were read from a file as a graph have in common as torch modules."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GraphModel(nn.Module):
    """A graph from a file as a torch module, from x (N, …) to the network's output (N, …).

    A subclass computes one batch in `_run_batch`. The precision follows `.to(dtype)`.

    Parameters
    ----------
    input_type : str
        Name of the type of number that the graph takes, as "float32".
    rows : int or None
        None: all rows of a batch at once, which needs a graph for any N. A number B: B at a time,
        the last batch filled up, for graphs made for batches of exactly B.

    Attributes
    ----------
    declared : torch.dtype
        The precision in the file; a subclass sets it once it holds the weights.
    """

    declared: torch.dtype

    def __init__(self, input_type: str, rows: int | None) -> None:
        super().__init__()
        self.input_type: torch.dtype = getattr(torch, input_type)
        self.rows = rows

    def forward(self, x: Tensor) -> Tensor:
        """The output for x (N, …), in the precision of the weights."""
        working = self._precision(x.dtype)
        x = x.to(self.input_type if working == self.declared else working)
        if self.rows is None:
            return self._run_batch(x, working)
        outputs = []
        for rows in x.split(self.rows):
            lacking = self.rows - len(rows)
            full = torch.cat([rows, *[rows[-1:]] * lacking]) if lacking else rows
            outputs.append(self._run_batch(full, working)[: len(rows)])
        return torch.cat(outputs) if len(outputs) > 1 else outputs[0]

    def _run_batch(self, x: Tensor, working: torch.dtype) -> Tensor:
        """The output for all of x at once, computed in the precision `working`."""
        raise NotImplementedError

    def _precision(self, otherwise: torch.dtype) -> torch.dtype:
        """That of the weights, or what is given where there are none."""
        weight = next(self.parameters(), None)
        return otherwise if weight is None else weight.dtype
