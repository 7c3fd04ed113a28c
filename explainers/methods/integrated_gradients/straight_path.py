"""The straight line from baselines to inputs, and how its points are placed and weighted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context


def quadrature(rule: str, count: int) -> tuple[Tensor, Tensor]:
    """The points and weights of a quadrature rule on [0, 1].

    Each rule is exact on constants, so Integrated Gradients is exact on linear functions.

    Parameters
    ----------
    rule : str
        "gauss_legendre", "midpoint" or "trapezoid".
    count : int
        How many points.

    Returns
    -------
    places, weights : Tensor, float64, shape (count,)
        Places in [0, 1] and weights that sum to one.

    Examples
    --------
    >>> places, weights = quadrature("trapezoid", 3)
    >>> places.tolist(), weights.tolist()
    ([0.0, 0.5, 1.0], [0.25, 0.5, 0.25])
    """
    if rule == "gauss_legendre":
        places, weights = numpy.polynomial.legendre.leggauss(count)
        places, weights = (places + 1) / 2, weights / 2
    elif rule == "midpoint" or count == 1:
        places, weights = (numpy.arange(count) + 0.5) / count, numpy.full(count, 1 / count)
    else:
        places = numpy.linspace(0, 1, count)
        weights = numpy.full(count, 1 / (count - 1))
        weights[[0, -1]] /= 2
    return torch.from_numpy(places), torch.from_numpy(weights)


class StraightPath:
    """The straight lines from the baselines to the inputs, and the integral gathered along them.

    Attributes
    ----------
    context : Context
    step : Tensor, shape (N, …)
        x − x′.
    total : Tensor, shape (N, …)
        The scores so far.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.step = context.inputs - context.baseline
        dtype = torch.promote_types(self.step.dtype, torch.float32)
        self.total = torch.zeros_like(self.step, dtype=dtype)

    def integrate(
        self, rows: Tensor, places: Tensor, weights: Tensor, into: Tensor, index: Tensor
    ) -> None:
        """Add weight · gradient · step at points of the lines to maps.

        Parameters
        ----------
        rows : Tensor, int64, shape (n,)
            Which input's line each point is on.
        places, weights : Tensor, float64, shape (n,)
            Of the quadrature; places from 0, the baseline, to 1, the input.
        into : Tensor, shape (maps, …)
            Is changed in place.
        index : Tensor, int64, shape (n,)
            Which of the maps each point is added to.
        """
        for part in self.context.batches(len(rows)):
            row = rows[part]
            gradients = self.context.gradients(self.at(row, places[part]), row)
            maps = gradients.to(into.dtype) * self.step[row].to(into.dtype)
            into.index_add_(0, index[part], maps * self._wide(weights[part]).to(into.dtype))

    def along(self, rows: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """What is found at places (n,) of the lines of the given rows (n,).

        Returns
        -------
        scores : Tensor, float64, shape (n,), on the CPU
        maps : Tensor, shape (n, …)
            Gradient times step.
        """
        scores, maps = [], []
        for part in self.context.batches(len(rows)):
            row = rows[part]
            values, gradients = self.context.values_and_gradients(self.at(row, places[part]), row)
            scores.append(values.double().cpu())
            maps.append(gradients.to(self.total.dtype) * self.step[row].to(self.total.dtype))
        return torch.cat(scores), torch.cat(maps)

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        """The scores (N,) of the baselines and of the inputs; float64, on the CPU."""
        context = self.context
        start, end = context.baseline_values(), context.input_values()
        return start.double().cpu(), end.double().cpu()

    def at(self, rows: Tensor, places: Tensor) -> Tensor:
        """The points (n, …) at the given places of the lines of the given rows."""
        places = self._wide(places).to(self.step.dtype)
        return self.context.baseline[rows] + places * self.step[rows]

    def _wide(self, values: Tensor) -> Tensor:
        return values.view(-1, *[1] * (self.step.ndim - 1)).to(self.step.device)
