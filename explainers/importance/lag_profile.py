"""Importance per (variable × lag) of series: how far back each variable is looked at."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from explainers.importance.data import DatasetContext
from explainers.importance.features import Features
from explainers.running.held import held_by

MOST_LAGS = 2000
"""Values of one input beyond which their intervals are left out."""


def lag_details(
    context: DatasetContext,
    parts: Tensor,
    transform: Callable[[Tensor], Tensor] = lambda means: means,
) -> dict[str, Any]:
    """For series, the means over rows per (variable × lag), and per lag; {} for other inputs.

    Parameters
    ----------
    context : DatasetContext
    parts : Tensor, shape (N, T, V)
        What is averaged over the rows.
    transform : callable
        Of means (R, T·V), before the steps are turned into lags.

    Returns
    -------
    dict
        "lags": "values", "low" and "high" (V, T), where lag 0 is the last step; the interval is
        that of the bootstrap over rows, and is left out of very long series.
    """
    if context.layout.kind != "series":
        return {}
    flat = parts.flatten(1)
    found = {"values": transform(flat.mean(0))}
    if flat.shape[1] <= MOST_LAGS:
        draws = transform(context.resampling.means(flat))
        ends = torch.tensor([0.025, 0.975], dtype=draws.dtype)
        found["low"], found["high"] = torch.quantile(draws, ends, 0)
    return {"lags": {name: as_lags(context, values) for name, values in found.items()}}


def as_lags(context: DatasetContext, values: Tensor) -> Tensor:
    """Numbers (T·V,) of the values of one input as (V, T), lag 0 the last step."""
    return values.view(context.layout.shape).flip(0).T.contiguous()


def each_value(context: DatasetContext) -> DatasetContext:
    """The same rows with every value of an input as a feature of its own, such as one step's."""
    shape = context.layout.shape
    labels = torch.arange(math.prod(shape), device=context.inputs.device).view(shape)
    count = labels.numel()
    names = tuple(map(str, range(count)))
    cells = Features(labels, names, (), tuple((i,) for i in range(count)))
    return dataclasses.replace(context, features=cells)


def is_recurrent(context: DatasetContext) -> bool:
    """Whether the model holds a recurrent layer."""
    return any(isinstance(module, nn.RNNBase) for module in held_by(context.model).modules)
