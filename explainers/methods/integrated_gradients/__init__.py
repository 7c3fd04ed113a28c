"""Integrated Gradients: the gradient summed along the straight way from baseline to input.

Sundararajan, Taly & Yan 2017 (arXiv:1703.01365).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.methods.registry import MethodResult, method, option

# What the tolerance of 1 % needs on most networks.
USUAL_STEPS = 50

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `integrated_gradients`."""

    steps: int | None = option(None, low=1, high=4096, kind=int)
    tolerance: float = option(0.01, low=1e-09, high=1)
    rule: str = option("gauss_legendre", choices=("gauss_legendre", "midpoint", "trapezoid"))
    most_steps: int = option(1024, low=8, high=65536)


def quadrature(rule: str, count: int) -> tuple[Tensor, Tensor]:
    """Places in [0, 1] and weights that sum to one: two float64 tensors (count,).

    Each rule is exact on constants, so Integrated Gradients is exact on linear functions.
    """
    import numpy
    import torch

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
    """The straight line from the baselines to the inputs, and the sum gathered along it."""

    def __init__(self, context: Context) -> None:
        import torch

        self.context = context
        self.step = context.inputs - context.baseline
        dtype = torch.promote_types(self.step.dtype, torch.float32)
        self.total = torch.zeros_like(self.step, dtype=dtype)

    def integrate(
        self, rows: Tensor, places: Tensor, weights: Tensor, into: Tensor, index: Tensor
    ) -> None:
        """Add weight · gradient · step at each (row, place) to the entries `index` of `into`."""
        for part in self.context.batches(len(rows)):
            row = rows[part]
            gradients = self.context.gradients(self.at(row, places[part]), row)
            maps = gradients.to(into.dtype) * self.step[row].to(into.dtype)
            into.index_add_(0, index[part], maps * self._wide(weights[part]).to(into.dtype))

    def ends(self) -> tuple[list[float], list[float]]:
        """The scores of the baselines and of the inputs, where the lines start and end."""
        return self.context.baseline_values().tolist(), self.context.input_values().tolist()

    def at(self, rows: Tensor, places: Tensor) -> Tensor:
        """The points (n, …) at the given places of the lines of the given rows."""
        places = self._wide(places).to(self.step.dtype)
        return self.context.baseline[rows] + places * self.step[rows]

    def _wide(self, values: Tensor) -> Tensor:
        return values.view(-1, *[1] * (self.step.ndim - 1)).to(self.step.device)


@method(
    key="integrated_gradients",
    order=10,
    source="Sundararajan, Taly & Yan 2017, arXiv:1703.01365",
    answers="contribution",
    estimate=lambda options, layout: 2 * (options.steps or USUAL_STEPS),
    options=Options,
    trial={"steps": 2},
    exact_options={"tolerance": 1e-05},
    complete=True,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """(x − x′) ∫₀¹ ∂f/∂x (x′ + α(x − x′)) dα; scores like the inputs.

    With `steps`, that many points by the rule. Without, `refine` spends points until the
    contributions add up within `tolerance`.
    """
    path = StraightPath(context)
    if options.steps is None:
        from explainers.methods.integrated_gradients.refinement import refine

        return refine(path, options)
    import torch

    context.show(lambda: path.total)
    context.expect(len(context.inputs) * options.steps)
    places, weights = quadrature(options.rule, options.steps)
    rows = context.rows
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(0))
    rows = rows.repeat(options.steps)
    places, weights = (
        part[order].repeat_interleave(len(context.inputs)) for part in (places, weights)
    )
    path.integrate(rows, places, weights, path.total, rows)
    return MethodResult(path.total)
