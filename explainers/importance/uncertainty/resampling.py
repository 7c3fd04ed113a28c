"""What numbers might have been: rows drawn again (bootstrap), and Monte-Carlo batches.

A mean over rows varies as means of rows drawn with replacement do (Efron & Tibshirani 1993). Where
each row's part is itself a mean of a few draws, its random error makes the rows differ more than
they do; that share is taken out, for it counts as Monte-Carlo error already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

# More rows are put into so many blocks at random, which are drawn instead: as good, and quick.
MOST_BLOCKS = 2000


class Resampling:
    """Draws of rows with replacement, the same for every method.

    Parameters
    ----------
    rows : int
    draws : int
        How many times all rows are drawn.
    seed : int

    Examples
    --------
    >>> means = Resampling(400, 1000, 0).means(torch.arange(400.0).unsqueeze(1))
    >>> bool((means.std() / (400 / 12**0.5 / 20) - 1).abs() < 0.1)
    True
    """

    def __init__(self, rows: int, draws: int, seed: int) -> None:
        self.rows, self.draws = rows, draws
        # Room for one more: see `errors`.
        self._generator = torch.Generator().manual_seed(seed % 2**62)

    def means(self, rows: Tensor) -> Tensor:
        """Means of numbers (N, …) over each draw of rows: float64 (draws, …)."""
        blocks, counts = self._blocks
        flat = rows.detach().to("cpu", torch.float64).flatten(1)
        if blocks is not None:
            into = torch.zeros(int(blocks.max()) + 1, flat.shape[1], dtype=torch.float64)
            flat = into.index_add_(0, blocks, flat)
            sizes = blocks.bincount().double()
        else:
            sizes = torch.ones(len(flat), dtype=torch.float64)
        means = (counts @ flat) / (counts @ sizes).unsqueeze(1)
        return means.view(self.draws, *rows.shape[1:])

    def of(self, rows: int) -> Resampling:
        """The same for another number of rows."""
        return Resampling(rows, self.draws, self._generator.initial_seed())

    def spread(
        self,
        parts: Tensor,
        noise: Tensor | None = None,
        batches: Tensor | None = None,
        transform: Callable[[Tensor], Tensor] = lambda means: means,
    ) -> dict[str, Tensor]:
        """Replicates of transform(mean over rows), by source.

        Parameters
        ----------
        parts : Tensor, shape (N, F)
            Each row's part in the means.
        noise : Tensor, shape (F,), optional
            The mean square random error of a row's part.
        batches : Tensor, shape (R, F), optional
            The means of R independent repetitions, or None where nothing is random.
        transform : callable
            (R, F) → (R, F).
        """
        parts = parts.detach().to("cpu", torch.float64)
        mean = parts.mean(0)
        away = self.means(parts) - mean
        if noise is not None and batches is not None and len(batches) > 1:
            total = parts.var(0)
            share = torch.where(total > 0, noise / total.clamp(min=1e-300), 0).clamp(0, 1)
            away = away * (1 - share).sqrt()
        found = {"sample": transform(mean + away)}
        if batches is not None and len(batches) > 1:
            found["monte_carlo"] = transform(mean + self.errors(batches))
        return found

    def errors(self, batches: Tensor) -> Tensor:
        """Deviations that the mean of R repetitions (R, F) may have: (draws, F), Student's t."""
        batches = batches.detach().to("cpu", torch.float64)
        count = len(batches)
        centred = batches - batches.mean(0)
        generator = torch.Generator().manual_seed(self._generator.initial_seed() + 1)
        weights = torch.randn(self.draws, count, dtype=torch.float64, generator=generator)
        squares = torch.randn(self.draws, count - 1, dtype=torch.float64, generator=generator)
        wider = ((count - 1) / squares.square().sum(1).clamp(min=1e-12)).sqrt().unsqueeze(1)
        return weights @ centred / (count * (count - 1)) ** 0.5 * wider

    @cached_property
    def _blocks(self) -> tuple[Tensor | None, Tensor]:
        """The block of each row, or None, and how often each is drawn: float64 (draws, blocks)."""
        count = min(self.rows, MOST_BLOCKS)
        blocks = None
        if count < self.rows:
            blocks = torch.randperm(self.rows, generator=self._generator) % count
        drawn = torch.randint(count, (self.draws, count), generator=self._generator)
        counts = torch.zeros(self.draws, count, dtype=torch.float64)
        counts.scatter_add_(1, drawn, torch.ones_like(counts))
        return blocks, counts


def permuted_parts(changes: Tensor, donors: Tensor) -> tuple[Tensor, Tensor]:
    """Each row's part in a mean over pairs (row, donor), and its mean square random error.

    A row matters twice: as the one that is changed, and as the donor of another.

    Parameters
    ----------
    changes : Tensor, shape (R, N)
        What happened to each row in R repetitions.
    donors : Tensor, int64, shape (R, N)
        Whose value each row had; a permutation each.

    Returns
    -------
    parts : Tensor, shape (N,)
        Their mean is that of the changes.
    noise : Tensor, shape ()
    """
    given = torch.zeros_like(changes).scatter_(1, donors, changes)
    both = changes + given - changes.mean(1, keepdim=True)
    noise = both.var(0).mean() / len(both) if len(both) > 1 else both.new_zeros(())
    return both.mean(0), noise


def assembled_parts(values: Tensor, donors: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """Each row's part in a mean over points that were put together from rows' features.

    To first order a row matters by what the points have in common that took a feature from it.

    Parameters
    ----------
    values : Tensor, shape (n, F)
        Of the points.
    donors : Tensor, int64, shape (n, K)
        The rows that lent their K features, each row about equally often.
    rows : int
        N.

    Returns
    -------
    parts : Tensor, shape (N, F)
        Their mean is about that of the values.
    noise : Tensor, shape (F,)
        The mean square random error of a part.
    """
    values = values.detach().to("cpu", torch.float64)
    mean = values.mean(0)
    away = values - mean
    parts = mean.expand(rows, -1).clone()
    noise = torch.zeros_like(mean)
    for column in donors.unbind(1):
        count = column.bincount(minlength=rows).double().clamp(min=1).unsqueeze(1)
        means = torch.zeros_like(parts).index_add_(0, column, away) / count
        parts += means
        often = float(count.mean())
        within = (away - means[column]).square().mean(0)
        noise += within / max(often - 1, 1)
    return parts, noise
