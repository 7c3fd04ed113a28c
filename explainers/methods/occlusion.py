"""Occlusion: hide one window after the other and see how the answer changes.

Zeiler & Fergus 2014 (arXiv:1311.2901).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.evaluation import losses
from explainers.perturbation.windows import Windows, sliding

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context
    from explainers.kinds.layout import InputLayout


@dataclass(frozen=True)
class Options:
    """Options of `occlusion`: numbers in input cells, or one per dimension after the first."""

    window: int | tuple[int, ...] | None = option(None, low=1, kind=int)
    stride: int | tuple[int, ...] | None = option(None, low=1, kind=int)


@method(
    key="occlusion",
    order=30,
    source="Zeiler & Fergus 2014, arXiv:1311.2901",
    answers="contribution",
    estimate=lambda options, layout: len(_windows(options, layout)),
    changes=lambda options, layout: (
        math.prod(_windows(options, layout).sides) / math.prod(layout.shape)
    ),
    unit="change of the answer where hidden",
    options=Options,
    trial=lambda layout: {"window": max(layout.shape), "stride": max(layout.shape)},
    fit_to_data=lambda options, data: _over_time(options, data.layout),
    needs_gradient=False,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """Mean over the windows that cover a value of f(x) − f(x with the window replaced).

    Parameters
    ----------
    context : Context
        Inputs of any shape (N, …).
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …). On a linear function c·x: cᵢ(xᵢ − x′ᵢ) where a window is one value; else the
        sum of those over a window, averaged over the windows.

    Raises
    ------
    Problem
        Where a window or stride has not one number for each dimension.

    References
    ----------
    Zeiler & Fergus 2014, arXiv:1311.2901.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: 3 * x[:, 0] + x[:, 1], x, "occlusion").scores
    tensor([[3., 2.]])
    """
    windows = _windows(options, context.layout)
    covered = windows.covered()

    def spread_out(lost: Tensor) -> Tensor:
        return windows.spread_out(lost) / covered.to(lost)

    return MethodResult(spread_out(losses(context, len(windows), windows.masks, spread_out)))


def _windows(options: Options, layout: InputLayout) -> Windows:
    """The windows of one input."""
    shape = layout.shape
    usual = 1 if len(shape) == 1 else max(1, max(shape[-2:]) // 8)
    window = _per_dimension(options.window or usual, shape)
    stride = _per_dimension(options.stride or tuple(max(1, side // 2) for side in window), shape)
    return sliding(shape, window, stride)


def _over_time(options: dict[str, Any], layout: InputLayout) -> dict[str, Any]:
    """Of a series, windows over time, a variable at a time."""
    if layout.kind != "series":
        return options
    window = int(options.get("window") or max(1, layout.shape[0] // 8))
    stride = int(options.get("stride") or max(1, window // 2))
    return options | {"window": [window, 1], "stride": [stride, 1]}


def _per_dimension(given: int | tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """One number per dimension; a single number spans all channels of pictures and series."""
    channels = shape[:1] if len(shape) > 1 else ()
    if isinstance(given, int):
        return (*channels, *(min(given, size) for size in shape[len(channels) :]))
    if len(given) != len(shape):
        raise Problem(
            f"Occlusion needs one number, or {len(shape)}, one for each dimension of {shape}; "
            f"{len(given)} were given."
        )
    return tuple(min(part, size) for part, size in zip(given, shape, strict=True))
