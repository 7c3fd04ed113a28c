"""What networks that were read from a file as a graph have in common as torch modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from explainers.models.formats.several_inputs import SeveralInputs


class GraphModel(nn.Module):
    """A graph from a file as a torch module, from x (N, …) to the network's output (N, …).

    A subclass computes one batch in `_run_batch`. The precision follows `.to(dtype)`.

    Parameters
    ----------
    input_type : str
        Name of the type of number that the graph takes, as "float32".
    rows : int or None
        None: all rows of a batch at once, which needs a graph for any N. A number B: each row in a
        batch of B copies of it, for graphs made for batches of exactly B; what a row gets must not
        depend on which others come with it.

    Attributes
    ----------
    notes_on_answers : tuple of (str, bool)
        Sentences that belong on its explanations; whether only on those that follow slopes.
    several_inputs : SeveralInputs or None
        What was decided where the file takes several.
    declared : torch.dtype
        The precision in the file; a subclass sets it once it holds the weights.
    """

    declared: torch.dtype
    notes_on_answers: tuple[tuple[str, bool], ...] = ()
    several_inputs: SeveralInputs | None = None

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
        copies = (row.expand(self.rows, *row.shape[1:]) for row in x.split(1))
        outputs = [self._run_batch(batch, working)[:1] for batch in copies]
        return torch.cat(outputs) if len(outputs) > 1 else outputs[0]

    def _run_batch(self, x: Tensor, working: torch.dtype) -> Tensor:
        """The output for all of x at once, computed in the precision `working`."""
        raise NotImplementedError

    def _precision(self, otherwise: torch.dtype) -> torch.dtype:
        """That of the weights, or what is given where there are none."""
        weight = next(self.parameters(), None)
        return otherwise if weight is None else weight.dtype
