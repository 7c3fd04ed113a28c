"""An activation of perturbed copies of one input: the input's own, with a part of it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

Starts: TypeAlias = tuple[np.ndarray | None, ...]
"""Where the part of each of n rows begins, int64 (n,), along each dimension but the first; None
along those that it spans."""


class NotLocal(Exception):
    """What an operation makes of a part is not known, or it covers too much: go on densely."""


@dataclass(frozen=True, eq=False)
class Changed:
    """An activation of n copies of one input, that differs from the input's in a box of each.

    Attributes
    ----------
    reference : Tensor, shape (1, …)
        The activation of the input itself.
    part : Tensor, shape (n, …)
        The values in the boxes, all of one size. Outside of them every row is the reference.
    starts : Starts

    Examples
    --------
    >>> third = Changed(torch.zeros(1, 4), torch.ones(1, 1), (np.array([2]),))
    >>> third.filled()
    tensor([[0., 0., 1., 0.]])
    """

    reference: Tensor
    part: Tensor
    starts: Starts

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, …), that of the whole activation."""
        return len(self.part), *self.reference.shape[1:]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of a box, along each dimension but the first."""
        return tuple(self.part.shape[1:])

    @property
    def spans(self) -> tuple[bool, ...]:
        """Whether a box spans the whole of each dimension but the first."""
        return tuple(start is None for start in self.starts)

    def begin(self, dimension: int) -> np.ndarray:
        """Where the boxes begin, (n,), along a dimension that is counted without the first."""
        start = self.starts[dimension]
        return np.zeros(len(self.part), dtype=np.int64) if start is None else start

    def filled(self, strides: Sequence[int] | None = None) -> Tensor:
        """The whole activation (n, …)."""
        strides = layout_of(self.reference, len(self.part)) if strides is None else strides
        whole = torch.empty_strided(
            self.shape, strides, dtype=self.part.dtype, device=self.part.device
        )
        if not any(start is not None for start in self.starts):
            return whole.copy_(self.part)
        whole.copy_(self.reference.expand(self.shape))
        put(whole, self.part, self.starts)
        return whole

    def grown(self, starts: Starts, sizes: Sequence[int]) -> Changed:
        """The same with boxes that contain these, of other sizes."""
        if tuple(sizes) == self.sizes and same_starts(starts, self.starts):
            return self
        part = cut(self.reference, starts, sizes, len(self.part))
        put(part, self.part, between(starts, self.starts))
        return Changed(self.reference, part, starts)


def layout_of(reference: Tensor, rows: int) -> tuple[int, ...]:
    """Strides of a tensor of so many rows that lies in memory as the one row (1, …) does.

    Examples
    --------
    >>> layout_of(torch.zeros(1, 2, 3), 5), layout_of(torch.zeros(1, 3, 2).mT, 5)
    ((6, 3, 1), (6, 1, 2))
    """
    expected = 1
    pairs = sorted(zip(reference.stride()[1:], reference.shape[1:], strict=True))
    for stride, size in pairs:
        if size != 1 and stride != expected:
            return tuple(torch.empty((rows, *reference.shape[1:]), device="meta").stride())
        expected *= size
    return expected, *reference.stride()[1:]


def cut(whole: Tensor, starts: Starts, sizes: Sequence[int], rows: int) -> Tensor:
    """Boxes (n, …) out of one tensor (1, …), or out of a tensor (n, …) one of each row.

    Examples
    --------
    >>> cut(torch.arange(5).view(1, 5), (np.array([0, 3]),), (2,), 2)
    tensor([[0, 1],
            [3, 4]])
    """
    along = [place for place, start in enumerate(starts) if start is not None]
    if not along:
        return whole.expand(rows, *whole.shape[1:]).clone()
    strides, sides = whole.stride(), whole.shape
    places = [sides[place + 1] - sizes[place] + 1 for place in along]
    steps = [strides[place + 1] for place in along]
    which = [torch.from_numpy(starts[place]).to(whole.device) for place in along]
    if len(whole) == 1:
        boxes = whole.as_strided((*places, *sizes), (*steps, *strides[1:]))
    else:
        which = [torch.arange(rows, device=whole.device), *which]
        boxes = whole.as_strided((rows, *places, *sizes), (strides[0], *steps, *strides[1:]))
    return boxes[tuple(which)]


def put(target: Tensor, part: Tensor, offsets: Starts) -> None:
    """Write each row of `part` into that row of `target` at its offset; what lies outside is lost.

    Examples
    --------
    >>> target = torch.zeros(2, 3)
    >>> put(target, torch.ones(2, 2), (np.array([-1, 1]),))
    >>> target
    tensor([[1., 0., 0.],
            [0., 1., 1.]])
    """
    if _scattered(target, part, offsets):
        return
    for rows, offset in _groups(offsets, len(part)):
        into: list[slice | Tensor] = []
        out_of: list[slice | Tensor] = []
        for shift, side, size in zip(offset, target.shape[1:], part.shape[1:], strict=True):
            first, last = max(shift, 0), min(shift + size, side)
            into.append(slice(first, max(first, last)))
            out_of.append(slice(first - shift, max(first, last) - shift))
        target[(rows, *into)] = part[(rows, *out_of)]


def _scattered(target: Tensor, part: Tensor, offsets: Starts) -> bool:
    """As `put` in one go, where rows differ along one dimension, and nothing lies outside."""
    varied = [place for place, o in enumerate(offsets) if o is not None and (o != o[0]).any()]
    if len(varied) != 1:
        return False
    for place, offset in enumerate(offsets):
        side, size = target.shape[place + 1], part.shape[place + 1]
        if offset is None:
            offset = np.zeros(1, dtype=np.int64)
        if offset.min() < 0 or offset.max() + size > side:
            return False
        if place not in varied:
            target = target.narrow(place + 1, int(offset[0]), size)
    (place,) = varied
    shape = [1] * part.ndim
    shape[0], shape[place + 1] = len(part), part.shape[place + 1]
    first = torch.from_numpy(offsets[place])[:, None]
    where = (first + torch.arange(part.shape[place + 1])).view(shape).to(target.device)
    target.scatter_(place + 1, where.expand(part.shape), part)
    return True


def _groups(offsets: Starts, count: int) -> Iterator[tuple[slice | Tensor, list[int]]]:
    """Rows that have the same offsets, with those."""
    varied = [o for o in offsets if o is not None and (o != o[0]).any()]
    if not varied:
        yield slice(None), [0 if offset is None else int(offset[0]) for offset in offsets]
        return
    key = varied[0]
    for offset in varied[1:]:  # one number for all
        key = (key - key.min()) * (int(np.ptp(offset)) + 1) + offset - offset.min()
    order = np.argsort(key, kind="stable")
    changes = np.flatnonzero(np.diff(key[order])) + 1
    for rows in np.split(order, changes):
        known = [0 if offset is None else int(offset[rows[0]]) for offset in offsets]
        in_a_row = rows[-1] - rows[0] == len(rows) - 1
        yield slice(rows[0], rows[-1] + 1) if in_a_row else torch.from_numpy(rows), known


def between(starts: Starts, others: Starts) -> Starts:
    """How far the others begin after these, (n,) along each dimension."""
    zero = np.zeros((), dtype=np.int64)
    pairs = zip(starts, others, strict=True)
    return tuple(
        None if a is None and b is None else (zero if b is None else b) - (zero if a is None else a)
        for a, b in pairs
    )


def same_starts(starts: Starts, others: Starts) -> bool:
    """Whether boxes begin at the same places."""
    return all(
        a is b or (a is not None and b is not None and np.array_equal(a, b))
        for a, b in zip(starts, others, strict=True)
    )


def in_common(changed: Sequence[Changed], dimensions: int) -> tuple[Starts, list[int]]:
    """Starts and sizes of the smallest boxes that contain those of several activations."""
    starts: list[np.ndarray | None] = []
    sizes = []
    for place in range(dimensions):
        side = changed[0].reference.shape[place + 1]
        if any(each.starts[place] is None for each in changed):
            starts.append(None)
            sizes.append(side)
            continue
        first = np.minimum.reduce([each.begin(place) for each in changed])
        last = np.maximum.reduce([each.begin(place) + each.sizes[place] for each in changed])
        size = int((last - first).max())
        starts.append(None if size >= side else np.minimum(first, side - size))
        sizes.append(min(size, side))
    return tuple(starts), sizes


@dataclass(frozen=True, eq=False)
class Unknown:
    """A result that is not computed in parts, such as where a pool found its maxima.

    Attributes
    ----------
    reference : Tensor, shape (1, …)
        That of the input itself.
    """

    reference: Tensor
