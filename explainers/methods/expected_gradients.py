"""Expected Gradients: Integrated Gradients averaged over many baselines and places on the way.

Erion et al. 2021 (arXiv:1906.10670).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.methods.registry import MethodResult, method, option

# What the tolerance of 10 % needs on most networks.
USUAL_SAMPLES = 256

if TYPE_CHECKING:
    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `expected_gradients`."""

    samples: int | None = option(None, low=2, high=100000, kind=int)
    seed: int = option(0, low=0, high=2**31 - 1)
    tolerance: float = option(0.1, low=1e-04, high=1)
    most_samples: int = option(1024, low=16, high=1000000)


@method(
    key="expected_gradients",
    order=12,
    source="Erion et al. 2021, arXiv:1906.10670",
    answers="contribution",
    estimate=lambda options, layout: 2 * (options.samples or USUAL_SAMPLES),
    options=Options,
    trial={"samples": 2},
    random=True,
    shares_draws=True,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """Mean over α of (x − x′)·∂f/∂x at x′ + α(x − x′), α uniform; with its standard error.

    Every one of R references x′ gets an equal share of the draws, at least two; the standard
    error is that of the draws of α, the references taken as given. Complete in expectation only.
    Without `samples`, α is drawn until the map is certain, see `perturbation.stopping`.

    Parameters
    ----------
    context : Context
        Inputs (N, …); needs gradients.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …) and their spread. On a linear function c·x: exactly cᵢ(xᵢ − x′ᵢ).

    References
    ----------
    Erion et al. 2021, arXiv:1906.10670.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: 3 * x[:, 0] + x[:, 1], x, "expected_gradients", samples=4).scores
    tensor([[3., 2.]])
    """
    import torch

    from explainers.perturbation.sampling import Moments
    from explainers.perturbation.stopping import Drawing, StoppingRule

    inputs, baseline = context.inputs, context.baseline
    rule = StoppingRule(options.samples, options.tolerance, options.most_samples)
    drawing = Drawing(context, rule.shared(context.calls), "draws", of_scores=True)
    # Independent draws for every reference, so that their standard errors combine.
    generator = torch.Generator().manual_seed((options.seed << 20) + context.call)
    moments = Moments(inputs)
    context.show(moments.mean)

    def draw() -> torch.Tensor:
        return torch.rand([1] * (inputs.ndim - 1), generator=generator, dtype=torch.float64).to(
            inputs
        )

    for rows, along in drawing.batches(draw):
        change = (inputs - baseline)[rows]
        gradients = context.gradients(baseline[rows] + along * change, rows)
        moments.add(rows, gradients * change)
        drawing.add(rows, gradients * change)
    return MethodResult(moments.mean(), spread=moments.standard_error(), **drawing.told())
