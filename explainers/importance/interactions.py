"""How much every two features do together: the total interaction index, over a data set.

The share of the output's variance that is in terms of both features, whatever else is in these:
the superset importance of Liu & Owen 2006 (doi:10.1198/016214505000000691), estimated as by Fruth,
Roustant & Kuhnt 2014 (doi:10.1016/j.jspi.2013.11.006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext


@dataclass(frozen=True)
class Interactions:
    """The interactions of K features, each Tensor float64 (K, K), symmetric, 0 on the diagonal.

    Attributes
    ----------
    names : tuple of str, length K
    index : Tensor
        Shares of the variance of the output; 0: the two add up.
    low, high : Tensor
        The 95 % interval, with other draws and other rows.
    error : Tensor
        The standard error of drawing alone.
    notes : tuple of str
    """

    names: tuple[str, ...]
    index: Tensor
    low: Tensor
    high: Tensor
    error: Tensor
    notes: tuple[str, ...]


def interactions(
    context: DatasetContext, features: Sequence[int], samples: int = 4096
) -> Interactions:
    """E[(f(x) − f(x with i of y) − f(x with j of y) + f(x with both of y))²] / (4 V).

    x and y are drawn with each feature from a row of its own, so that features vary independently
    whatever they do in the data. What two features add to each other is in none of the four but
    the last, so the sum is 0 where they only add up, and the mean square is four times the variance
    of all terms that hold both.

    Parameters
    ----------
    context : DatasetContext
        1 + K (K + 1)/2 evaluations a draw.
    features : sequence of int, length K
    samples : int
        Draws.

    Raises
    ------
    Problem
        For fewer than two features.

    References
    ----------
    Fruth, Roustant & Kuhnt 2014, doi:10.1016/j.jspi.2013.11.006, section 3.

    Examples
    --------
    >>> import torch
    >>> from explainers.importance.opening import open_dataset
    >>> x = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    >>> with open_dataset(lambda x: x[:, 0] * x[:, 1] + x[:, 2] / 9, x) as (context, _):
    ...     found = interactions(context, [0, 1, 2], samples=10_000)
    >>> round(float(found.index[0, 1]), 1), bool(found.index[0, 2] < 1e-12)
    (0.9, True)
    """
    import torch

    from explainers.importance.variance.estimators.pairs import Pairs, batches
    from explainers.importance.variance.estimators.sentences import independently

    chosen = list(dict.fromkeys(features))
    if len(chosen) < 2:
        raise Problem("Interactions are of two features; there is only one.")
    couples = list(combinations(range(len(chosen)), 2))
    wanted: list[tuple[int, ...]] = [(), *((one,) for one in chosen)]
    wanted += [(chosen[i], chosen[j]) for i, j in couples]
    swaps = torch.zeros(len(wanted), len(context.features), dtype=torch.bool)
    for place, members in enumerate(wanted):
        swaps[place, list(members)] = True
    pairs = Pairs.drawn(context, samples, "interactions")
    answers = pairs.ask(context, len(swaps), lambda number: swaps[number])
    own, alone, both = answers.split([1, len(chosen), len(couples)], 1)
    first, second = torch.tensor(couples).T
    together = own - alone[:, first] - alone[:, second] + both
    # Rounding of large answers is no interaction.
    rounding = 8 * torch.finfo(context.outputs.dtype).eps * float(answers.abs().max())
    squares = torch.where(together.abs() > rounding, together, 0.0).square() / 4
    spread = (own - own.mean()).square()
    variance = float(spread.mean())
    if not variance > 0:
        squares, variance = squares * 0, 1.0
    shares = squares.mean(0) / variance
    parts = (squares - shares * spread) / variance
    drawn = pairs.replicates(context, shares, parts)
    deviation = sum((draws - shares for draws in drawn.values()), torch.zeros(1, len(couples)))
    ends = torch.quantile(deviation, torch.tensor([0.025, 0.975], dtype=torch.float64), 0)

    def matrix(values: Tensor) -> Tensor:
        full = torch.zeros(len(chosen), len(chosen), dtype=torch.float64)
        full[first, second] = full[second, first] = values
        return full

    return Interactions(
        tuple(context.names[one] for one in chosen),
        matrix(shares),
        matrix((shares + ends[0]).clamp(min=0)),
        matrix(shares + ends[1]),
        matrix(batches(parts).std(0) / len(batches(parts)) ** 0.5),
        tuple(independently(context)),
    )
