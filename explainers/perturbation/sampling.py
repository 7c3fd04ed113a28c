"""Random draws shared by all inputs, in batches of bounded memory; mean and standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from explainers.context import Context


def shared_batches(
    context: Context, count: int, samples: int, draw: Callable[[], Tensor]
) -> Iterator[tuple[Tensor, Tensor]]:
    """All pairs of `samples` random draws and `count` inputs, in batches of the model's own size.

    Parameters
    ----------
    context : Context
    count, samples : int
        How many inputs, and how many draws each of them meets.
    draw : callable
        () → one draw (…). Called once a sample, in order, so that every input meets the same draws
        whatever the batch size.

    Yields
    ------
    rows : Tensor, int64, shape (n,), on the CPU
        Draw by draw, all inputs of one after the other.
    draws : Tensor, shape (n, …)
        What goes with each row.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> context = SimpleNamespace(batches=lambda total: [slice(0, 3), slice(3, total)])
    >>> draws = iter([torch.tensor(0.5), torch.tensor(0.7)])
    >>> for rows, values in shared_batches(context, 2, 2, lambda: next(draws)):
    ...     rows.tolist(), values
    ([0, 1, 0], tensor([0.5000, 0.5000, 0.7000]))
    ([1], tensor([0.7000]))
    """
    kept: list[Tensor] = []
    first = 0
    for part in context.batches(count * samples):
        pairs = torch.arange(part.start, part.stop)
        which, rows = pairs // count, pairs % count
        start, last = int(which[0]), int(which[-1])
        kept = kept[start - first :]
        first = start
        kept += [draw() for _ in range(first + len(kept), last + 1)]
        draws = torch.stack(kept)
        yield rows, draws if count == 1 else draws[(which - first).to(draws.device)]


class Moments:
    """Mean, and its standard error, of the maps drawn for each of N inputs.

    Parameters
    ----------
    inputs : Tensor, shape (N, …)
        What the maps are like.

    Examples
    --------
    >>> moments = Moments(torch.zeros(1, 2))
    >>> moments.add(torch.tensor([0, 0]), torch.tensor([[1.0, 2.0], [3.0, 2.0]]))
    >>> moments.mean(), moments.standard_error()
    (tensor([[2., 2.]]), tensor([[1., 0.]]))
    """

    def __init__(self, inputs: Tensor) -> None:
        dtype = torch.promote_types(inputs.dtype, torch.float32)
        self.total = torch.zeros_like(inputs, dtype=dtype)
        self.squares = torch.zeros_like(self.total)
        self.seen = torch.zeros(len(inputs), dtype=dtype, device=inputs.device)

    def add(self, rows: Tensor, maps: Tensor) -> None:
        """Add maps (n, …) to the inputs that rows (n,) name."""
        maps = maps.to(self.total.dtype)
        self.total.index_add_(0, rows, maps)
        self.squares.index_add_(0, rows, maps**2)
        self.seen.index_add_(0, rows, torch.ones_like(rows, dtype=self.seen.dtype))

    def mean(self) -> Tensor:
        """The mean map (N, …) so far; 0 where no map was added."""
        return self.total / self._seen()

    def standard_error(self) -> Tensor:
        """The standard error (N, …) of that mean; NaN with fewer than two maps."""
        seen = self._seen()
        variance = (self.squares / seen - self.mean() ** 2).clamp(min=0) * seen / (seen - 1)
        return (variance / seen).sqrt()

    def _seen(self) -> Tensor:
        return self.seen.clamp(min=1).view(-1, *[1] * (self.total.ndim - 1))
