"""Inputs with regions replaced, and the model's score for every region of every input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from explainers.errors import WrittenOn

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from explainers.context import Context

MOST_KEPT = 2**20
"""Values of masks that are made once and kept."""
FEWEST_REGIONS = 16
"""Of an input, below which it is not asked about by itself."""


def replaced(inputs: Tensor, baseline: Tensor, masks: Tensor) -> Tensor:
    """Inputs with the masked values replaced by the baseline's.

    Parameters
    ----------
    inputs, baseline : Tensor, shape (n, …)
    masks : Tensor, bool, shape (n, …) or what broadcasts to it
        True where the baseline replaces the input.

    Returns
    -------
    Tensor, shape (n, …)
        In the inputs' own memory layout, so that convolutions work as on the inputs themselves.

    Examples
    --------
    >>> import torch
    >>> x, baseline = torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2)
    >>> replaced(x, baseline, torch.tensor([[True, False]]))
    tensor([[0., 2.]])
    """
    import torch

    return torch.empty_like(inputs).copy_(torch.where(masks, baseline, inputs))


def blended(inputs: Tensor, baseline: Tensor, visible: Tensor) -> Tensor:
    """visible·x + (1 − visible)·x′: inputs faded into the baseline by a soft mask.

    Parameters
    ----------
    inputs, baseline : Tensor, shape (n, …)
    visible : Tensor, shape (n, …) or what broadcasts to it
        Shares from 0, the baseline, to 1, the input.

    Returns
    -------
    Tensor, shape (n, …)

    Examples
    --------
    >>> import torch
    >>> blended(torch.tensor([[8.0, 8.0]]), torch.zeros(1, 2), torch.tensor([[0.25, 1.0]]))
    tensor([[2., 8.]])
    """
    return visible * inputs + (1 - visible) * baseline


@dataclass(frozen=True)
class Replacements:
    """Every one of `regions` regions of every one of M inputs, replaced: regions · M points.

    They are numbered region by region, all inputs of one after the other.

    Attributes
    ----------
    inputs, others : Tensor, shape (M, …)
        What the values are, and what stands in a region instead of them.
    masks : callable
        (regions (n,)) → bool (n, …): which values lie in each region.
    regions : int

    Examples
    --------
    >>> import torch
    >>> ones = torch.ones(2, 3)
    >>> each = Replacements(ones, 0 * ones, lambda which: torch.eye(3).bool()[which], 3)
    >>> each.points(slice(1, 4))
    tensor([[0., 1., 1.],
            [1., 0., 1.],
            [1., 0., 1.]])
    """

    inputs: Tensor
    others: Tensor
    masks: Callable[[Tensor], Tensor]
    regions: int

    def __len__(self) -> int:
        return self.regions * len(self.inputs)

    def points(self, part: slice) -> Tensor:
        """These points (n, …), in the inputs' own memory layout."""

        count = len(self.inputs)
        made = self._empty(part.stop - part.start)
        for regions, rows in self._rectangles(part):
            start = regions.start * count + rows.start - part.start
            stop = (regions.stop - 1) * count + rows.stop - part.start
            out = made[start:stop].unflatten(0, (regions.stop - regions.start, -1))
            self._write(out, regions, rows)
        return made

    def _write(self, out: Tensor, regions: slice, rows: slice) -> None:
        import torch

        if self._columns is None:
            masks = self._masks_of(regions).unsqueeze(1)
            torch.where(masks, self.others[rows], self.inputs[rows], out=out)
            return
        out.copy_(self.inputs[rows])
        for place, column in enumerate(self._columns[regions]):
            out[place, :, column] = self.others[rows, column]

    @cached_property
    def _columns(self) -> list[int] | None:
        """The column of each region, where the inputs are rows and every region is one value."""
        masks = self._all_masks if self.inputs.ndim == 2 else None
        if masks is None or not bool((masks.sum(1) == 1).all()):
            return None
        columns: list[int] = masks.int().argmax(1).tolist()
        return columns

    def _masks_of(self, regions: slice) -> Tensor:
        import torch

        if self._all_masks is not None:
            return self._all_masks[regions]
        device = self.inputs.device
        return self.masks(torch.arange(regions.start, regions.stop, device=device))

    @cached_property
    def _all_masks(self) -> Tensor | None:
        """The masks of all regions, where they are small enough to be kept."""
        import torch

        if self.regions * self.inputs[:1].numel() > MOST_KEPT:
            return None
        return self.masks(torch.arange(self.regions, device=self.inputs.device))

    def _rectangles(self, part: slice) -> Iterator[tuple[slice, slice]]:
        """Regions × inputs that make up these points, at most three, none by an index."""
        count, start = len(self.inputs), part.start
        while start < part.stop:
            region, row = divmod(start, count)
            whole = (part.stop - start) // count
            if row or not whole:
                last = min(count, row + part.stop - start)
                yield slice(region, region + 1), slice(row, last)
                start += last - row
            else:
                yield slice(region, region + whole), slice(0, count)
                start += whole * count

    def _empty(self, count: int) -> Tensor:
        import torch

        shape = self.inputs.shape[1:]
        if len(shape) == 1:
            return self.inputs.new_empty(count, *shape)
        strides = self.inputs.stride()
        order = sorted(range(1, self.inputs.ndim), key=lambda axis: -strides[axis])
        return torch.empty_permuted(
            (count, *shape), (0, *order), dtype=self.inputs.dtype, device=self.inputs.device
        )


def evaluate(
    context: Context, points: Replacements, values: Tensor, precision: torch.dtype | None = None
) -> None:
    """Fill `values` (regions, M) with the explained scores of the points, batch by batch.

    Parameters
    ----------
    context : Context
    points : Replacements
        Of the N inputs, or of several times the N inputs one after the other.
    values : Tensor, shape (regions, M)
        Written as the batches come, so that a map of them sharpens.
    precision : dtype, optional
        To ask the model in; else the points' own.
    """
    _evaluate_from(0, context, points, values, context.values, precision)


def _evaluate_from(
    first: int,
    context: Context,
    points: Replacements,
    values: Tensor,
    ask: Callable[[Tensor, Tensor, bool], Tensor],
    precision: torch.dtype | None = None,
) -> None:
    """As `evaluate`, of points whose inputs begin with the one of that number."""
    import torch

    asked, count = context.inputs, len(points.inputs)
    precision = precision or asked.dtype

    @lru_cache(maxsize=4)
    def rows(start: int, size: int) -> Tensor:
        places = torch.arange(start, start + size, device=asked.device)
        return (places % count + first) % len(asked)

    flat = values.view(-1) if values.is_contiguous() else None
    for part in context.batches(len(points), count):
        which = rows(part.start % count, part.stop - part.start)
        try:
            found = ask(points.points(part).to(precision), which, True)
        except WrittenOn:
            found = ask(points.points(part).to(precision), which, False)
        if flat is not None:
            flat[part] = found
        else:
            places = torch.arange(part.start, part.stop, device=asked.device)
            values[places // count, places % count] = found.to(values.dtype)


def losses(
    context: Context,
    regions: int,
    masks: Callable[[Tensor], Tensor],
    spread_out: Callable[[Tensor], Tensor],
) -> Tensor:
    """What every input's score loses when the baseline replaces a region of it.

    f(x) − f(x with the region replaced), f being the explained score.

    Parameters
    ----------
    context : Context
    regions : int
        How many an input has.
    masks : callable
        (regions (n,)) → bool (n, …): which values lie in each region.
    spread_out : callable
        Losses (N, regions) → scores (N, …): the map so far, for who watches.

    Returns
    -------
    Tensor, shape (N, regions), at least float32
    """
    import torch

    inputs = context.inputs
    context.expect(len(inputs) * (regions + 1))
    full = context.input_values()
    wide = torch.promote_types(inputs.dtype, torch.float32)
    full = full.to(wide)
    values = full.repeat(regions, 1)
    context.show(lambda: spread_out((full - values).T))
    done = 0
    while done < len(inputs):
        # One input after the other, where that lets what is unchanged of it be used.
        near = regions >= FEWEST_REGIONS and context.near.pays is not False
        some = slice(done, done + 1 if near else None)
        points = Replacements(inputs[some], context.baseline[some], masks, regions)
        ask = context.values_near if near else context.values
        _evaluate_from(done, context, points, values[:, some], ask)
        done += len(points.inputs)
    return (full - values).T
