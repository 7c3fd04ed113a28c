"""What networks that were read from a file as a graph have in common as torch modules."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GraphModel(nn.Module):
    """x (N, …) → the network's output (N, …); a subclass computes it, in `_together`.

    taken     the type of number that the graph takes.
    rows      None: all rows of a batch together, which needs a graph for any N. A number B: B at a
              time, the last batch filled up, for graphs made for batches of exactly B.
    declared  the precision in the file; a subclass says it once it holds the weights.

    The precision follows `.to(dtype)`.
    """

    declared: torch.dtype

    def __init__(self, taken: str, rows: int | None) -> None:
        super().__init__()
        self.taken, self.rows = getattr(torch, taken), rows

    def forward(self, x: Tensor) -> Tensor:
        """The output for x (N, …), in the precision of the weights."""
        working = self._precision(x.dtype)
        x = x.to(self.taken if working == self.declared else working)
        if self.rows is None:
            return self._together(x, working)
        parts = []
        for chunk in x.split(self.rows):
            lacking = self.rows - len(chunk)
            full = torch.cat([chunk, *[chunk[-1:]] * lacking]) if lacking else chunk
            parts.append(self._together(full, working)[: len(chunk)])
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _together(self, x: Tensor, working: torch.dtype) -> Tensor:
        raise NotImplementedError

    def _precision(self, otherwise: torch.dtype) -> torch.dtype:
        """That of the weights, or what is given where there are none."""
        weight = next(self.parameters(), None)
        return otherwise if weight is None else weight.dtype
