"""Boxes that cover an input: sliding windows for occlusion, blocks for finite differences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Windows:
    """Boxes of one size, one for each combination of starts along the dimensions of an input.

    Attributes
    ----------
    shape : tuple of int
        Of one input.
    sides : tuple of int
        Of a box, one for each dimension; a box is cut off at the input's edge.
    starts : sequence of sequences of int
        Where boxes start along each dimension.
    """

    shape: tuple[int, ...]
    sides: tuple[int, ...]
    starts: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return math.prod(map(len, self.starts))

    def masks(self, which: Tensor) -> Tensor:
        """What lies in the boxes of these numbers (n,): bool (n, …), boxes in reading order.

        Examples
        --------
        >>> import torch
        >>> Windows((4,), (2,), [[0, 2]]).masks(torch.tensor([1])).int().tolist()
        [[0, 0, 1, 1]]
        """
        import torch

        corners = torch.tensor(list(itertools.product(*self.starts)), device=which.device)[which]
        inside = torch.ones(
            len(which), *[1] * len(self.shape), dtype=torch.bool, device=which.device
        )
        for dimension, (size, side) in enumerate(zip(self.shape, self.sides, strict=True)):
            place = torch.arange(size, device=which.device)
            start = corners[:, dimension, None]
            along = (place >= start) & (place < start + side)
            wide = [1] * len(self.shape)
            wide[dimension] = size
            inside = inside & along.view(-1, *wide)
        # Broadcasting leaves odd strides, which convolutions would follow.
        return inside.contiguous()

    def covered(self) -> Tensor:
        """How many boxes cover each value: float64, of the shape of one input."""
        import torch

        counts = torch.ones(*[1] * len(self.shape), dtype=torch.float64)
        for dimension, (size, side) in enumerate(zip(self.shape, self.sides, strict=True)):
            along = torch.zeros(size, dtype=torch.float64)
            for start in self.starts[dimension]:
                along[start : start + side] += 1
            wide = [1] * len(self.shape)
            wide[dimension] = size
            counts = counts * along.view(wide)
        return counts


def sliding(shape: tuple[int, ...], sides: tuple[int, ...], strides: tuple[int, ...]) -> Windows:
    """Windows every stride along each dimension, the last one cut off by the edge, none beyond it.

    Parameters
    ----------
    shape : tuple of int
        Of one input.
    sides, strides : tuple of int
        One number for each dimension, in values.

    Examples
    --------
    >>> windows = sliding((5,), (2,), (2,))
    >>> windows.starts, windows.covered().tolist()
    ([[0, 2, 4]], [1.0, 1.0, 1.0, 1.0, 1.0])
    """
    starts = [
        [index * stride for index in range(1 + math.ceil(max(size - side, 0) / stride))]
        for size, side, stride in zip(shape, sides, strides, strict=True)
    ]
    return Windows(shape, sides, starts)


def tiling(shape: tuple[int, ...], sides: tuple[int, ...]) -> Windows:
    """Blocks side by side that cover the input, the last ones cut off by the edge.

    Parameters
    ----------
    shape : tuple of int
        Of one input.
    sides : tuple of int
        Of a block, one for each dimension, in values.

    Examples
    --------
    >>> len(tiling((3, 4), (2, 2)))
    4
    """
    starts = [range(0, size, side) for size, side in zip(shape, sides, strict=True)]
    return Windows(shape, sides, starts)
