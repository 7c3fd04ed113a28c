"""Places of the straight way, and what a model answered there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Points:
    """Places p of the lines, and what the model answered there.

    Attributes
    ----------
    rows : Tensor, int64, shape (p,)
        Whose line each is on.
    places, scores, slopes : Tensor, float64, shape (p,)
        From 0 to 1; the explained score; its slope along the line.
    maps : Tensor, shape (p, …)
        Gradient times step.
    """

    rows: Tensor
    places: Tensor
    scores: Tensor
    slopes: Tensor
    maps: Tensor

    def and_also(self, others: Points) -> Points:
        """These, and the others after them."""
        return Points(*(torch.cat([a, getattr(others, k)]) for k, a in vars(self).items()))

    def only(self, some: Tensor) -> Points:
        """Those at these indices."""
        return Points(*(values[some] for values in vars(self).values()))
