"""Derivative-based global sensitivity measures: the mean squared slope over independent inputs.

Sobol & Kucherenko 2009, Mathematics and Computers in Simulation 79.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

_BATCHES = 20
_LEAST = 1000


@dataclass(frozen=True)
class Options:
    """Options of `dgsm`."""

    samples: int | None = option(None, low=100, high=10_000_000, kind=int)


@importance_method(
    key="dgsm",
    family="gradients",
    order=40,
    source="Sobol & Kucherenko 2009, Mathematics and Computers in Simulation 79",
    options=Options,
    estimate=lambda options, rows, features: 2 * samples_for(options.samples, rows),
    needs=("gradient",),
    unit="mean squared slope",
    random=True,
    answers_linear=lambda slopes, rows: slopes.square(),
    trial={"samples": 100},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """νᵢ = E[(∂f/∂xᵢ)²], every feature drawn independently of the others from its own values.

    Parameters
    ----------
    context : DatasetContext
        One pass forward and one backward a sample.
    options : Options
        `samples`: by default four for each row, at least 1,000.

    Returns
    -------
    Estimate
        `details`: `nu` (F,) as the values; `scaled`, ν times the variance of the feature; and
        `bound`, the most that a total Sobol index could be if the feature were uniform over its
        range: ν (b − a)² / (π² V).

    References
    ----------
    Sobol & Kucherenko 2009, sections 2 and 3.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> explain_dataset(lambda x: 3 * x[:, 0] - x[:, 1], torch.rand(50, 2), methods="dgsm").values
    tensor([[9., 1.]], dtype=torch.float64)
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.uncertainty.resampling import assembled_parts

    count = samples_for(options.samples, context.rows)
    donors = context.donors(count, "dgsm")
    points = context.assembled(donors)
    features = context.features
    squares = features.summed(context.slopes(points).square())
    parts, noise = assembled_parts(squares, donors, context.rows)
    order = torch.randperm(count, generator=context.generator("dgsm/batches"))
    batches = torch.stack([part.mean(0) for part in squares[order].chunk(_BATCHES)])
    nu = squares.mean(0)
    low, high = context.inputs.amin(0), context.inputs.amax(0)
    wide = features.summed((high - low).double().cpu().square().unsqueeze(0))[0]
    variance = context.evaluate(points).var()
    bound = nu * wide / (torch.pi**2 * variance) if variance > 0 else torch.zeros_like(nu)
    details = {"nu": nu, "scaled": nu * context.scale.square(), "bound": bound, "samples": count}
    return Estimate(nu, context.resampling.spread(parts, noise, batches), details)


def samples_for(given: int | None, rows: int) -> int:
    """How many points are asked."""
    return given or max(4 * rows, _LEAST)
