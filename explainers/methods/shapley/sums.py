"""What is kept of each random order: sums over orders of what players added, and of their pairs."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.methods.shapley.orders import Order
from explainers.perturbation.sampling import Moments

PRIOR = 4


class Sums:
    """Shapley values and interaction indices of N games, from the orders met so far.

    Parameters
    ----------
    nobody, everybody : Tensor, shape (N,)
        v of the empty and of the full coalition.
    players : int
    most : int
        Pairs are looked at where there are no more players than that.

    Examples
    --------
    >>> sums = Sums(torch.tensor([0.0]), torch.tensor([7.0]), 2, most=10)
    >>> for sequence in ([0, 1], [1, 0]):  # v = 1 of the first player, 2 of the second
    ...     order = Order(torch.tensor(sequence), 0)
    ...     there = order.coalitions().float() @ torch.tensor([[1.0], [2.0]])
    ...     sums.add(order, there.T, 3 - there.T, torch.tensor([0]))
    >>> sums.mean(), sums.interactions()[0]
    (tensor([[3., 4.]]), tensor([[[0., 4.],
             [4., 0.]]]))
    """

    def __init__(self, nobody: Tensor, everybody: Tensor, players: int, most: int) -> None:
        self.ends = nobody, everybody
        self._added = Moments(nobody.new_zeros(len(nobody), players))
        pairs = players if players <= most else 0
        self._met, self._together, self._squares = nobody.new_zeros(3, len(nobody), pairs, pairs)

    def add(self, order: Order, there: Tensor, gone: Tensor, rows: Tensor) -> None:
        """Book one order: v (n, c) of its coalitions and of their complements, in n games."""
        ends = tuple(end[rows] for end in self.ends)
        self._added.add(rows, order.added(there, gone, *ends))
        if self._met.numel():
            first, second = order.pairs.T
            found = order.interactions(there, gone, *ends)
            for i, j in ((first, second), (second, first)):
                at = rows[:, None], i, j
                self._met[at] += 1
                self._together[at] += found
                self._squares[at] += found**2

    @property
    def many(self) -> int:
        """Orders that the game with the most of them has met."""
        return int(self._added.seen.max())

    def mean(self) -> Tensor:
        """The Shapley values (N, players)."""
        return self._added.mean()

    def standard_error(self) -> Tensor:
        """Of the Shapley values, (N, players); NaN of one order alone."""
        return self._added.standard_error()

    def found(self) -> tuple[Tensor, Tensor]:
        """The Shapley values and their standard errors."""
        return self.mean(), self.standard_error()

    def interactions(self) -> tuple[Tensor, Tensor] | None:
        """The interaction indices (N, players, players) and their standard errors.

        A pair that was met a few times does not tell how far its draws scatter: its variance is
        moderated by the mean of all pairs', which counts as much as PRIOR draws (Smyth 2004,
        doi:10.2202/1544-6115.1027).

        None unless every two players were neighbours at least twice.
        """
        others = ~torch.eye(self._met.shape[-1], dtype=torch.bool, device=self._met.device)
        if not bool(others.any()) or bool((self._met[:, others] < 2).any()):
            return None
        met = torch.where(others, self._met, 2)
        mean = self._together / met
        scatter = (self._squares - met * mean**2).clamp(min=0)
        usual = scatter.sum((1, 2), keepdim=True) / ((met - 1) * others).sum((1, 2), keepdim=True)
        variance = (scatter + PRIOR * usual) / (met - 1 + PRIOR)
        return mean, (variance / met).sqrt() * others
