"""Improved stepwise, first kind: inputs are taken away together with their weights, one by one.

Gevrey, Dimopoulos & Lek 2003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate


@dataclass(frozen=True)
class Options:
    """Options of `improved_stepwise_1`."""

    mode: str = option("sequential", choices=("sequential", "single"))


@importance_method(
    key="improved_stepwise_1",
    family="weights",
    order=72,
    source="Gevrey, Dimopoulos & Lek 2003",
    options=Options,
    estimate=lambda options, rows, features: min(
        2_000_000,
        rows * (features if options.mode == "single" else 2 * features * (features + 1)),
    ),
    needs=("weights",),
    unit="rank",
    ranks=True,
    control="none",
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Ranks by setting all weights of an input to zero, and asking the network as it is.

    Where inputs first meet weights, zero weights do what the value zero does there: the value 0,
    or where the network standardises its inputs itself, the value that becomes 0.

    Parameters
    ----------
    context : DatasetContext
        A network whose inputs enter by weights: of dense layers, recurrent or convolutional.
    options : Options
        `mode`: "sequential", of those left always the one that hurts least is taken away next, or
        "single", each alone.

    Returns
    -------
    Estimate
        Ranks, 1 the most important. Details: `order` of taking away, `error` after each step
        (sequential) or without each feature (single), `rise`, `start`.

    Raises
    ------
    Problem
        For networks whose inputs do not enter by weights.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, Ecological Modelling 160.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> rows = torch.randn(100, 3)
    >>> model = lambda x: x @ torch.tensor([1.0, 4.0, 2.0])
    >>> explain_dataset(model, rows, methods=["improved_stepwise_1"]).values.tolist()
    [[3.0, 1.0, 2.0]]
    """
    from explainers.importance.elimination import improved_stepwise

    value, notes = value_without_weights(context)
    return improved_stepwise(context, value, options.mode, notes)


def value_without_weights(context: DatasetContext) -> tuple[Tensor, tuple[str, ...]]:
    """The values (of the shape of one input) that do what zero weights do, and what to say."""
    import torch

    from explainers.importance.dense import NotDense

    try:
        network = context.dense
    except NotDense as problem:
        if not problem.enters_by_weights:
            raise
        return torch.zeros_like(context.inputs[0]), (
            "An input is taken away by the value 0, which does what zero weights do where inputs "
            "enter by weights.",
        )
    if bool(network.centre.isnan().any()):
        raise Problem(
            "The network scales the same input in several ways, so that no one value does what "
            "zero weights do. Ask improved_stepwise_2, which sets inputs to their means."
        )
    return network.centre.view(context.inputs.shape[1:]), ()
