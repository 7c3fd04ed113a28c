"""Garson's shares of the weights, weighted or after Goh.

Garson 1991; Goh 1995.
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
    """Options of `garson`."""

    variant: str = option("weighted", choices=("weighted", "goh"))


@importance_method(
    key="garson",
    family="weights",
    order=71,
    source="Garson 1991; Goh 1995",
    options=Options,
    estimate=lambda options, rows, features: 0,
    needs=("weights",),
    unit="share of the weights",
    shares=True,
    answers_linear=lambda slopes, rows: slopes.double().abs() / slopes.double().abs().sum(),
    control="none",
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Each unit divided among its inputs by the sizes of the weights; the shares sum to 1.

    Parameters
    ----------
    context : DatasetContext
        A network of dense layers, found by running it.
    options : Options
        `variant`: "weighted", Σ_h (|W_ih| / Σ_k |W_kh|) |v_h| / Σ|v_h|, or "goh",
        (1/H) Σ_h |W_ih| / Σ_k |W_kh|, in which the output's weights cancel. More layers: the same,
        layer by layer, which is this library's extension.

    Returns
    -------
    Estimate
        Details: `variant`; `scaled`, the shares when every input is measured in its own standard
        deviation; `dead`, how many units were left out. A feature of several values has the sum of
        their shares.

    Raises
    ------
    Problem
        For networks that are no dense layers.

    References
    ----------
    Garson 1991, AI Expert 6; Goh 1995, Artificial Intelligence in Engineering 9.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> def model(x):
    ...     return torch.tanh(x @ torch.tensor([[3.0, 1.0], [1.0, 1.0]])) @ torch.tensor([2.0, 6.0])
    >>> rows = torch.randn(100, 2)
    >>> explain_dataset(model, rows, methods=["garson"]).values.round(decimals=4).tolist()
    [[0.5625, 0.4375]]
    """
    from explainers.importance.dense.paths import path_shares
    from explainers.importance.estimate import Estimate
    from explainers.importance.weights.explained import notes_on, of_features, outgoing, scaled

    network, goh = context.dense, options.variant == "goh"
    towards = outgoing(context, network)
    shares, dead = path_shares(network, towards, goh)
    in_deviations = scaled(network, context.deviation.flatten())
    formula = (
        "Garson after Goh (1995): all hidden units count alike"
        if goh
        else "Garson, weighted: hidden units count by the size of their weight to the output"
    )
    notes = [f"{formula}."]
    if len(network.hidden) > 1 or network.skips:
        notes.append(
            "Garson's shares are defined for one hidden layer; here they are taken layer by layer, "
            "over all paths."
        )
    if dead:
        notes.append(
            f"{dead} hidden unit{'s have' if dead > 1 else ' has'} no weight into or out of "
            f"{'them' if dead > 1 else 'it'} and {'are' if dead > 1 else 'is'} left out of "
            "Garson's shares."
        )
    try:
        apart = of_features(context, path_shares(in_deviations, towards, goh)[0])
    except ValueError:  # all columns that have weights are constant
        apart = of_features(context, shares * 0)
    return Estimate(
        of_features(context, shares),
        details={"variant": options.variant, "scaled": apart, "dead": dead},
        notes=(*notes, *notes_on(context, network, "Garson's shares")),
    )
