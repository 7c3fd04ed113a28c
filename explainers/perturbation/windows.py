"""Boxes that cover an input: sliding windows for occlusion, blocks for finite differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
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

        inside = torch.ones(
            len(which), *[1] * len(self.shape), dtype=torch.bool, device=which.device
        )
        boxes = which
        for dimension in reversed(range(len(self.shape))):
            size, starts = self.shape[dimension], self.starts[dimension]
            place = torch.arange(size, device=which.device)
            start = torch.tensor(starts, device=which.device)[boxes % len(starts), None]
            boxes = boxes // len(starts)
            along = (place >= start) & (place < start + self.sides[dimension])
            wide = [1] * len(self.shape)
            wide[dimension] = size
            inside = inside & along.view(-1, *wide)
        # Broadcasting leaves odd strides, which convolutions would follow.
        return inside.contiguous()

    def covered(self) -> Tensor:
        """How many boxes cover each value: float64, of the shape of one input."""
        import torch

        return self.spread_out(torch.ones(1, len(self), dtype=torch.float64))[0]

    def spread_out(self, effects: Tensor) -> Tensor:
        """Of effects (N, boxes), at each value the sum of those whose box it lies in: (N, …).

        Examples
        --------
        >>> import torch
        >>> Windows((3,), (2,), [[0, 1]]).spread_out(torch.tensor([[1.0, 10.0]]))
        tensor([[ 1., 11., 10.]])
        """
        found = effects.unflatten(1, tuple(map(len, self.starts)))
        for dimension, size in enumerate(self.shape):
            boxes, places = self._members(dimension, effects.device)
            found = _summed(found, dimension + 1, boxes, places, size)
        return found

    def gathered(self, values: Tensor) -> Tensor:
        """Of values (N, …), the sum over each box: (N, boxes).

        Examples
        --------
        >>> import torch
        >>> Windows((3,), (2,), [[0, 1]]).gathered(torch.tensor([[1.0, 10.0, 100.0]]))
        tensor([[ 11., 110.]])
        """
        found = values
        for dimension, starts in enumerate(self.starts):
            boxes, places = self._members(dimension, values.device)
            found = _summed(found, dimension + 1, places, boxes, len(starts))
        return found.flatten(1)

    def _members(self, dimension: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Box and place, along one dimension, of every pair of a box and a place in it."""
        import torch

        starts = torch.tensor(self.starts[dimension], device=device)[:, None]
        places = starts + torch.arange(self.sides[dimension], device=device)
        inside = places < self.shape[dimension]
        return inside.nonzero()[:, 0], places[inside]


def _summed(values: Tensor, axis: int, sources: Tensor, goals: Tensor, size: int) -> Tensor:
    """Along an axis, at each of `size` goals the sum of the values at its sources."""
    if len(sources) == len(goals) == size == values.shape[axis]:
        return values  # single values, each its own goal
    found = values.new_zeros(*values.shape[:axis], size, *values.shape[axis + 1 :])
    return found.index_add_(axis, goals, values.index_select(axis, sources))


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
