"""Improved stepwise, second kind: inputs are set to their means, one by one.

Gevrey, Dimopoulos & Lek 2003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate


@dataclass(frozen=True)
class Options:
    """Options of `improved_stepwise_2`."""

    mode: str = option("sequential", choices=("sequential", "single"))


@importance_method(
    key="improved_stepwise_2",
    family="perturbation",
    order=73,
    source="Gevrey, Dimopoulos & Lek 2003",
    options=Options,
    estimate=lambda options, rows, features: min(
        2_000_000,
        rows * (features if options.mode == "single" else 2 * features * (features + 1)),
    ),
    unit="rank",
    ranks=True,
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Ranks by setting features to their means in all rows, and asking the network as it is.

    Parameters
    ----------
    context : DatasetContext
        Any network; of a series a variable is set to its mean over rows and steps.
    options : Options
        `mode`: "sequential", of those left always the one that hurts least is set to its mean next,
        or "single", each alone.

    Returns
    -------
    Estimate
        Ranks, 1 the most important. Details: `order` of taking away, `error` after each step
        (sequential) or without each feature (single), `rise`, `start`. With mean-centred inputs
        all of it is that of `improved_stepwise_1`.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, Ecological Modelling 160.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> rows = torch.randn(100, 3)
    >>> model = lambda x: x @ torch.tensor([1.0, 4.0, 2.0])
    >>> explain_dataset(model, rows, methods=["improved_stepwise_2"]).values.tolist()
    [[3.0, 1.0, 2.0]]
    """
    from explainers.importance.elimination import improved_stepwise

    inputs = context.inputs.double() if context.inputs.device.type != "mps" else context.inputs
    mean = inputs.mean(0)
    if context.layout.kind == "series":
        mean = mean.mean(0, keepdim=True).expand(context.inputs.shape[1:])
    return improved_stepwise(context, mean, options.mode, ())
