"""Connection weights: products of weights along all paths from an input to the output.

Olden & Jackson 2002; Olden, Joy & Death 2004.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.importance.registry import importance_method

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate


@dataclass(frozen=True)
class Options:
    """Options of `connection_weights`: none."""


@importance_method(
    key="connection_weights",
    family="weights",
    order=70,
    source="Olden & Jackson 2002; Olden, Joy & Death 2004",
    options=Options,
    estimate=lambda options, rows, features: 0,
    needs=("weights",),
    unit="sum of products of weights",
    signed=True,
    answers_linear=lambda slopes, rows: slopes.double(),
    control="none",
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Σ over all paths of the product of their weights; signed.

    Parameters
    ----------
    context : DatasetContext
        A network of dense layers, found by running it.
    options : Options

    Returns
    -------
    Estimate
        On a linear function c·x: c. Details: `scaled`, each times its feature's standard deviation.
        A feature of several values has the sum of theirs.

    Raises
    ------
    Problem
        For networks that are no dense layers.

    References
    ----------
    Olden & Jackson 2002, Ecological Modelling 154; Olden, Joy & Death 2004, Ecological Modelling
    178.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> net = torch.nn.Linear(2, 1)
    >>> table = explain_dataset(net, torch.randn(100, 2), methods=["connection_weights"])
    >>> torch.allclose(table.values.float(), net.weight)
    True
    """
    from explainers.importance.dense.paths import path_weights
    from explainers.importance.estimate import Estimate
    from explainers.importance.weights.explained import notes_on, of_features, outgoing

    network = context.dense
    values = path_weights(network, outgoing(context, network))
    scaled = values * context.deviation.flatten()
    notes = notes_on(context, network, "Connection weights")
    if network.skips:
        notes += ("Connections that skip a layer are added to the connection weights.",)
    return Estimate(
        of_features(context, values),
        details={"scaled": of_features(context, scaled)},
        notes=notes,
    )
