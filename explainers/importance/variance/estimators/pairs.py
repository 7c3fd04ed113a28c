"""Pairs of points whose features vary independently, and what the model says between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from explainers.importance.variance.estimators.influence import influence_of_rows, strata_of

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext

VALUES_AT_ONCE = 2**23
BATCHES = 32
"""The Monte-Carlo error is that of the mean of so many batches of draws."""


@dataclass(frozen=True)
class Pairs:
    """n pairs of points a and b: which row each of the features of each point is from.

    Attributes
    ----------
    a, b : Tensor, int64, shape (n, F)
    """

    a: Tensor
    b: Tensor

    @classmethod
    def drawn(cls, context: DatasetContext, count: int, key: str) -> Pairs:
        """Independent draws, of every feature apart, from the rows of a data set."""
        shape = (2, count, len(context.features))
        a, b = torch.randint(context.rows, shape, generator=context.generator(key))
        return cls(a, b)

    def __len__(self) -> int:
        return len(self.a)

    def joined(self, more: Pairs) -> Pairs:
        """These and more pairs."""
        return Pairs(torch.cat([self.a, more.a]), torch.cat([self.b, more.b]))

    def ask(self, context: DatasetContext, count: int, from_b: Callable[[int], Tensor]) -> Tensor:
        """The explained output (n, count) at `count` hybrids of each pair, in full batches.

        Parameters
        ----------
        context : DatasetContext
        count : int
        from_b : callable
            The number of a hybrid → which features are from b: bool, (F,) or (n, F).
        """
        answers = torch.empty(len(self), count, dtype=torch.float64)
        labels = context.features.labels
        size = max(1, VALUES_AT_ONCE // context.inputs[0].numel() // 2)
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            ends = context.assembled(self.a[part]), context.assembled(self.b[part])

            def make(number: int, part: slice = part, ends: tuple[Tensor, Tensor] = ends) -> Tensor:
                swapped = from_b(number).to(labels.device)
                swapped = swapped[labels] if swapped.ndim == 1 else swapped[part][:, labels]
                return torch.where(swapped, ends[1], ends[0])

            for number, values in context.each(count, make, context.evaluate):
                answers[part, number] = values
        return answers

    def replicates(
        self, context: DatasetContext, values: Tensor, parts: Tensor
    ) -> dict[str, Tensor]:
        """What estimates might have been, by source: with other draws, and with other rows.

        Parameters
        ----------
        context : DatasetContext
        values : Tensor, shape (K,)
            The estimates.
        parts : Tensor, shape (n, K)
            Each draw's influence on them, of mean 0.
        """
        strata = strata_of_features(context)
        (by_a, error_a), (by_b, error_b) = (
            influence_of_rows(parts, donors, strata) for donors in (self.a, self.b)
        )
        influence = by_a + by_b
        return context.resampling.spread(
            values + influence - influence.mean(0), error_a + error_b, values + batches(parts)
        )


def batches(parts: Tensor) -> Tensor:
    """Means of draws (n, K) over BATCHES of them, (BATCHES, K)."""
    number = torch.arange(len(parts)) % min(BATCHES, len(parts))
    sums = parts.new_zeros(int(number.max()) + 1, parts.shape[1]).index_add_(0, number, parts)
    return sums / number.bincount().unsqueeze(1)


def strata_of_features(context: DatasetContext) -> Tensor:
    """The stratum of each row in each feature, int64 (N, F); of several values each row is one."""
    rows = context.inputs.detach().flatten(1).cpu()
    labels = context.features.labels.flatten().cpu()
    strata = torch.arange(len(rows))[:, None].repeat(1, len(context.features))
    for index in range(len(context.features)):
        (values,) = (labels == index).nonzero(as_tuple=True)
        if len(values) == 1:
            strata[:, index] = strata_of(rows[:, values[0]])
    return strata
