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
    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `integrated_gradients`."""

    steps: int | None = option(None, low=1, high=4096, kind=int)
    tolerance: float = option(0.01, low=1e-09, high=1)
    rule: str = option("gauss_legendre", choices=("gauss_legendre", "midpoint", "trapezoid"))
    most_steps: int = option(1024, low=8, high=65536)


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
    """(x − x′) ∫₀¹ ∂f/∂x (x′ + α(x − x′)) dα, along the straight line from baseline to input.

    With `steps`, that many points by the `rule`. Without, `refine` spends points where the slopes
    bend, until the contributions add up within `tolerance`.

    Parameters
    ----------
    context : Context
        Inputs (N, …); needs gradients.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …). On a linear function c·x: cᵢ(xᵢ − x′ᵢ).

    References
    ----------
    Sundararajan, Taly & Yan 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    >>> answer = explain(lambda x: x[:, 0] * x[:, 1], x, "integrated_gradients", steps=8)
    >>> answer.scores.round(decimals=6)
    tensor([[1., 1.]], dtype=torch.float64)
    """
    from explainers.methods.integrated_gradients.straight_path import StraightPath, quadrature

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
