"""Convolutions and pools of a part: which outputs it reaches, and what of the input those need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.dispatch.torch_private import OpOverload
from explainers.perturbation.incremental.changed import Changed, NotLocal, Unknown, cut, put
from explainers.perturbation.incremental.registry import at_reference, rule
from explainers.perturbation.incremental.steps import Steps

aten = torch.ops.aten

LARGEST_SHARE = 0.7
"""Of an activation, above which the whole of it is computed: parts cost some copying."""
MOST_KEPT = 2**22
"""Values of all boxes of an activation that are cut out at once, and kept."""


@dataclass(frozen=True)
class Kernel:
    """What slides along the last dimensions: its sizes, strides, paddings and dilations there."""

    sizes: Sequence[int]
    strides: Sequence[int]
    pads: Sequence[int]
    dilations: Sequence[int]

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        strides: Sequence[int],
        pads: Sequence[int],
        dilations: Sequence[int],
        dimensions: int,
    ) -> Kernel:
        """As operations say it: one number may stand for all dimensions, no stride for the size."""

        def each(given: Sequence[int]) -> Sequence[int]:
            return [*given] * dimensions if len(given) == 1 else given

        return cls(each(sizes), each(strides or sizes), each(pads), each(dilations))


def reached(
    begin: np.ndarray, size: int, side: int, kernel: int, stride: int, pad: int, dilation: int
) -> tuple[np.ndarray | None, int]:
    """Which outputs along one dimension depend on [begin, begin + size): starts (n,) and one size.

    Output o reads the inputs o·stride − pad + j·dilation, 0 ≤ j < kernel; there are `side` outputs.
    All boxes have the size of the largest, moved inwards at the edges; no starts where they span
    all.

    Examples
    --------
    >>> reached(np.array([0, 5]), 2, 10, 3, 1, 1, 1)
    (array([0, 4]), 4)
    >>> reached(np.array([4]), 1, 5, 2, 2, 0, 1)
    (array([2]), 1)
    """
    low = -(-(begin + pad - dilation * (kernel - 1)) // stride)
    high = (begin + size - 1 + pad) // stride
    low, high = low.clip(0, side - 1), high.clip(0, side - 1)
    most = max(1, int((high - low).max()) + 1)
    return (None, side) if most >= side else (np.minimum(low, side - most), most)


def slid(
    steps: Steps,
    changed: Changed,
    kernel: Kernel,
    whole: Tensor,
    compute: Callable[[Tensor], Tensor],
    padding: float,
) -> Changed:
    """What slides over activations makes of their parts.

    Parameters
    ----------
    steps : Steps
    changed : Changed
        Activations (n, channels, …).
    kernel : Kernel
        Over the dimensions after the channels.
    whole : Tensor, shape (1, channels, …)
        What it makes of the reference.
    compute : callable
        What it makes of a tensor, without padding.
    padding : float
        What stands beyond the edges.

    Raises
    ------
    NotLocal
        Where the channels are in parts, or what is reached is too large.
    """
    if len(kernel.sizes) != len(changed.starts) - 1 or not changed.spans[0]:
        raise NotLocal
    count, share = len(changed.part), 1.0
    starts: list[np.ndarray | None] = [None]
    begins: list[np.ndarray | None] = [None]
    offsets: list[np.ndarray | None] = [None]
    needed, edges = [changed.sizes[0]], list[int]()
    numbers = zip(kernel.sizes, kernel.strides, kernel.pads, kernel.dilations, strict=True)
    for place, (size, stride, pad, dilation) in enumerate(numbers, 1):
        begin, outputs = changed.begin(place), whole.shape[place + 1]
        start, most = reached(begin, changed.sizes[place], outputs, size, stride, pad, dilation)
        share *= most / outputs
        reach, side = dilation * (size - 1) + 1, changed.reference.shape[place + 1]
        beyond = max(0, (outputs - 1) * stride + reach - side - pad)
        edges[:0] = [pad, beyond]
        needed.append((most - 1) * stride + reach)
        first = np.zeros(count, np.int64) if start is None else start * stride
        starts.append(start)
        begins.append(None if needed[-1] == side + pad + beyond else first)
        offsets.append(begin + pad - first)
    if share > LARGEST_SHARE:
        raise NotLocal
    padded = changed.reference
    if any(edges):
        padded = steps.of(F.pad, padded, edges, "constant", padding)
    around = _cut_out(steps, padded, begins, needed, count)
    put(around, changed.part, tuple(offsets))
    return Changed(whole, compute(around), tuple(starts))


def _cut_out(
    steps: Steps,
    whole: Tensor,
    begins: Sequence[np.ndarray | None],
    sizes: Sequence[int],
    count: int,
) -> Tensor:
    """As `cut`; along one dimension all boxes that there are, where they are few, are kept."""
    along = [place for place, begin in enumerate(begins) if begin is not None]
    if len(along) == 1:
        (place,) = along
        places = whole.shape[place + 1] - sizes[place] + 1
        begin = begins[place]
        if begin is not None and places * math.prod(sizes) <= MOST_KEPT:
            boxes = steps.of(_all_boxes, whole, place, sizes[place])
            found: Tensor = boxes[torch.from_numpy(begin).to(boxes.device)]
            return found
    return cut(whole, tuple(begins), sizes, count)


def _all_boxes(whole: Tensor, place: int, size: int) -> Tensor:
    """All boxes (places, …) along one dimension, of one tensor (1, …)."""
    return whole[0].unfold(place, size, 1).movedim(place, 0).movedim(-1, place + 1).contiguous()


@rule(aten.convolution.default)
def _convolution(
    steps: Steps,
    operation: OpOverload,
    changed: Any,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Changed:
    if transposed or not (isinstance(changed, Changed) and isinstance(weight, Tensor)):
        raise NotLocal
    if isinstance(bias, Changed):
        raise NotLocal
    rest = (transposed, output_padding, groups)
    whole = at_reference(steps, operation, changed, weight, bias, stride, padding, dilation, *rest)
    dimensions = weight.ndim - 2
    kernel = Kernel.of(weight.shape[2:], stride, padding, dilation, dimensions)

    def compute(values: Tensor) -> Tensor:
        result: Tensor = operation(values, weight, bias, stride, [0] * dimensions, dilation, *rest)
        return result

    return slid(steps, changed, kernel, whole, compute, 0.0)


@rule(aten.max_pool2d_with_indices.default, aten.max_pool3d_with_indices.default)
def _max_pool(
    steps: Steps,
    operation: OpOverload,
    changed: Changed,
    size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> tuple[Any, ...]:
    whole, indices = at_reference(
        steps, operation, changed, size, stride, padding, dilation, ceil_mode
    )
    kernel = Kernel.of(size, stride, padding, dilation, len(changed.starts) - 1)

    compute = partial(_maxima, kernel)
    return slid(steps, changed, kernel, whole, compute, -torch.inf), Unknown(indices)


def _maxima(kernel: Kernel, values: Tensor) -> Tensor:
    """What a pool gives without padding, one dimension after the other: torch's own is slower.

    Examples
    --------
    >>> _maxima(Kernel([2], [2], [0], [1]), torch.tensor([[[1.0, 3.0, 2.0, 0.0, 9.0]]]))
    tensor([[[3., 2.]]])
    """
    numbers = zip(kernel.sizes, kernel.strides, kernel.dilations, strict=True)
    for place, (size, stride, dilation) in enumerate(numbers, 2):
        outputs = (values.shape[place] - dilation * (size - 1) - 1) // stride + 1
        along = values.movedim(place, 0)
        last = (outputs - 1) * stride + 1
        found = along[:last:stride]
        for tap in range(dilation, dilation * size, dilation):
            found = torch.maximum(found, along[tap : tap + last : stride])
        values = found.movedim(0, place)
    return values.contiguous()


@rule(aten.avg_pool2d.default, aten.avg_pool3d.default, aten.avg_pool1d.default)
def _avg_pool(
    steps: Steps,
    operation: OpOverload,
    changed: Changed,
    size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Changed:
    if ceil_mode or divisor_override is not None or (any(padding) and not count_include_pad):
        raise NotLocal
    whole = at_reference(steps, operation, changed, size, stride, padding)
    kernel = Kernel.of(size, stride, padding, [1], len(changed.starts) - 1)
    compute = partial(_call, operation, size, stride)
    return slid(steps, changed, kernel, whole, compute, 0.0)


def _call(operation: OpOverload, size: Sequence[int], stride: Sequence[int], x: Tensor) -> Tensor:
    result: Tensor = operation(x, size, stride)
    return result
