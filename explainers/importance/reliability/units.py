"""Hidden units that a network's weights do not tell of: dead ones, and saturated ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.errors import Problem
from explainers.importance.data import DatasetContext
from explainers.importance.dense.units import resting, saturated

_BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hardtanh": (-1.0, 1.0)}
_RECTIFIED = {"relu", "relu_", "relu6"}
_NEAR, _MOSTLY = 0.02, 0.9
_ROWS = 1000


class Units(NamedTuple):
    """Counts of hidden units; of networks that are no dense layers, behind known activations."""

    total: int = 0
    dead: int = 0
    saturated: int = 0


def hidden_units(context: DatasetContext) -> Units:
    """How many units say the same on all rows, and how many lie at a bound on nine rows of ten.

    Parameters
    ----------
    context : DatasetContext
        Dense layers are judged as by `dense.units`. Of other networks up to 1,000 rows are asked in
        one pass, and only layers (rows, units) are counted.
    """
    try:
        layers = context.dense.hidden
    except Problem:
        return _watched(context)
    full = [saturated(layer) for layer in layers]
    still = [resting(layer) & ~at_end for layer, at_end in zip(layers, full, strict=True)]
    counts = (sum(int(one.sum()) for one in each) for each in (still, full))
    return Units(sum(layer.width for layer in layers), *counts)


def _watched(context: DatasetContext) -> Units:
    watch = _Watch(min(context.rows, _ROWS))
    try:
        with torch.no_grad(), watch:
            context.passes.ask(context.inputs[:_ROWS])
    except Problem:
        return Units()
    return Units(*map(sum, zip(*watch.found, strict=True))) if watch.found else Units()


class _Watch(TorchFunctionMode):
    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows
        self.found: list[tuple[int, int, int]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        # The last activation may be the answer itself: a layer of one unit is no hidden one.
        if isinstance(result, Tensor) and result.ndim == 2 and len(result) == self._rows:
            if name in _RECTIFIED:
                dead = int((result == result[:1]).all(0).sum())
                self.found.append((result.shape[1], dead, 0))
            elif name in _BOUNDS and result.shape[1] > 1:
                low, high = _BOUNDS[name]
                near = _NEAR * (high - low)
                at_end = (result < low + near) | (result > high - near)
                saturated = int((at_end.double().mean(0) >= _MOSTLY).sum())
                self.found.append((result.shape[1], 0, saturated))
        return result
