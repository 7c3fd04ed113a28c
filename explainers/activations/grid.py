"""The places of every number of a tensor on a grid of the input's rows and columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Places:
    """The place of every number of one tensor.

    Attributes
    ----------
    where : Tensor, float64, of the tensor's shape
        Numbers of places on the grid, −1 for what stands at none, such as a class token.
    grid : tuple of int
        The sides of the map.
    axes : tuple of int
        For every side, which of the input's spatial axes it runs along.
    made : bool
        Whether a convolution or another learned mix of channels lies behind.
    """

    where: Tensor
    grid: tuple[int, ...]
    axes: tuple[int, ...]
    made: bool = False

    @classmethod
    def of_input(cls, x: Tensor) -> Places:
        """Of an input (1, C, …): every value at its own place.

        Examples
        --------
        >>> Places.of_input(torch.zeros(1, 3, 4, 5)).grid
        (4, 5)
        """
        return on_grid(x, range(2, x.ndim), tuple(range(x.ndim - 2)), False)

    @cached_property
    def several(self) -> bool:
        """Whether there is more than one place, and so something to see."""
        where = narrow(self.where)
        where = where[where >= 0]
        return bool(where.numel()) and bool((where != where[0]).any())

    @cached_property
    def order(self) -> Tensor | None:
        """Positions (places, K) in the flat tensor of the K numbers at each place.

        None where not every place of the grid has as many.
        """
        flat, count = self.where.flatten(), math.prod(self.grid)
        held = torch.bincount(flat[flat >= 0].long(), minlength=count)
        if len(held) != count or not bool(held[0]) or bool((held != held[0]).any()):
            return None
        order = flat.argsort(stable=True)
        return order[len(order) - int(held.sum()) :].view(count, -1)

    def varies(self, axis: int) -> bool:
        """Whether the place changes along an axis of the tensor."""
        return varies(narrow(self.where), axis)

    def like(self, where: Tensor, made: bool = False) -> Places:
        """Other numbers on the same grid."""
        return Places(where, self.grid, self.axes, self.made or made)


def on_grid(x: Tensor, spatial: Any, axes: tuple[int, ...], made: bool) -> Places:
    """A new grid along the spatial axes of a tensor, which run along those axes of the input.

    Examples
    --------
    >>> on_grid(torch.zeros(1, 2, 3), (2,), (0,), True).where[0]
    tensor([[0., 1., 2.],
            [0., 1., 2.]], dtype=torch.float64)
    """
    grid = tuple(x.shape[axis] for axis in spatial)
    shape = [x.shape[axis] if axis in spatial else 1 for axis in range(x.ndim)]
    count = torch.arange(math.prod(grid), dtype=torch.float64, device=x.device)
    return Places(count.view(shape).expand(x.shape), grid, axes, made)


def narrow(where: Tensor) -> Tensor:
    """Without the repetitions that `expand` made.

    Examples
    --------
    >>> narrow(torch.zeros(1, 4).expand(3, 4)).shape
    torch.Size([1, 4])
    """
    for axis, stride in enumerate(where.stride()):
        if stride == 0 and where.shape[axis] > 1:
            where = where.narrow(axis, 0, 1)
    return where


def varies(where: Tensor, axis: int) -> bool:
    """Whether the numbers of places change along an axis.

    Examples
    --------
    >>> varies(torch.tensor([[0.0, 1.0]]), 1), varies(torch.tensor([[0.0, 1.0]]), 0)
    (True, False)
    """
    length = where.shape[axis]
    if length < 2:
        return False
    return bool((where.narrow(axis, 1, length - 1) != where.narrow(axis, 0, length - 1)).any())
