"""Sharing batches between many inputs and many random draws, in bounded memory."""

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
    """Cover all pairs of `samples` draws and `count` inputs in batches of the model's own size.

    `draw()` is called once a sample, in order, so every input meets the same draws whatever the
    batch size. Yields rows (n,), and the draws (n, …) that go with them.
    """
    kept: dict[int, Tensor] = {}
    drawn = 0
    for part in context.batches(count * samples):
        pairs = torch.arange(part.start, part.stop)
        which, rows = pairs // count, pairs % count
        while drawn <= int(which[-1]):
            kept[drawn] = draw()
            drawn += 1
        for old in [index for index in kept if index < int(which[0])]:
            del kept[old]
        yield rows, torch.stack([kept[index] for index in which.tolist()])


class Moments:
    """Running sum and sum of squares of maps, by input."""

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
        """Mean map of each input so far."""
        return self.total / self._seen()

    def standard_error(self) -> Tensor:
        """Standard error of the mean of each value."""
        seen = self._seen()
        variance = (self.squares / seen - self.mean() ** 2).clamp(min=0) * seen / (seen - 1)
        return (variance / seen).sqrt()

    def _seen(self) -> Tensor:
        return self.seen.clamp(min=1).view(-1, *[1] * (self.total.ndim - 1))
