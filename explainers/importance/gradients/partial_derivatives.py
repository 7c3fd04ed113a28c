"""PaD: each feature's share of the squared slopes, and the slope against the value.

Dimopoulos, Bourret & Lek 1995; Gevrey, Dimopoulos & Lek 2003, Ecological Modelling 160.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.importance.registry import importance_method

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

FLAT = "No slope anywhere: the network's answer does not move with any feature at these rows."
_MOST_SHOWN = 2000


@dataclass(frozen=True)
class Options:
    """`partial_derivatives` has no options."""


@importance_method(
    key="partial_derivatives",
    family="gradients",
    order=30,
    source="Gevrey, Dimopoulos & Lek 2003, Ecological Modelling 160",
    options=Options,
    estimate=lambda options, rows, features: 2 * rows,
    needs=("gradient",),
    unit="share of the squared slopes",
    shares=True,
    answers_linear=lambda slopes, rows: slopes.square() / slopes.square().sum(),
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Σₙ (∂f/∂xᵢ)², as a share of the sum over all features.

    Parameters
    ----------
    context : DatasetContext
        One pass forward and one backward a row.
    options : Options

    Returns
    -------
    Estimate
        `details`: `ssd` (F,), the sums; for the plot of slope against value `points` and `slopes`
        (n, F) of at most 2,000 rows, and `rows` (n,), their numbers: of a feature of several values
        the mean of these and the slope of moving all by one.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, section 2.3.1.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.rand(50, 2)
    >>> table = explain_dataset(lambda x: 3 * x[:, 0] - x[:, 1], x, methods=["partial_derivatives"])
    >>> table.values.round(decimals=6).tolist()
    [[0.9, 0.1]]
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.lag_profile import lag_details

    slopes, features = context.input_slopes, context.features
    squares = features.summed(slopes.square())
    replicates = context.resampling.spread(squares, transform=_shares)
    shown = torch.arange(context.rows)
    if context.rows > _MOST_SHOWN:
        shown = torch.randperm(context.rows, generator=context.generator("shown"))[:_MOST_SHOWN]
        shown = shown.sort().values
    inputs = context.inputs.detach().to("cpu", torch.float64)[shown]
    sizes = torch.bincount(features.labels.flatten().cpu(), minlength=len(features))
    details = {
        "ssd": squares.sum(0),
        "points": features.summed(inputs) / sizes,
        "slopes": features.summed(slopes[shown]),
        "rows": shown,
        **lag_details(context, slopes.square(), _shares),
    }
    flat = not bool(squares.any())
    return Estimate(_shares(squares.mean(0)), replicates, details, (FLAT,) if flat else ())


def _shares(means: Tensor) -> Tensor:
    """Along the last dimension; 0 where all are 0."""
    return means / means.sum(-1, keepdim=True).clamp(min=1e-300)
