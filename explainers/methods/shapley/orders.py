"""Random orders of players for Shapley values: antithetic, and every pair of neighbours both ways.

Castro, Gómez & Tejada 2009 (doi:10.1016/j.cor.2008.04.004) sample orders; Mitchell et al. 2022
(jmlr.org/papers/v23/21-0439.html) their reverse with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Order:
    """One order of n players, whose neighbours at places (k, k + 1) also come the other way round.

    Attributes
    ----------
    sequence : Tensor, int64, shape (n,)
        Who comes at each place.
    first : int
        0 or 1: k = first, first + 2, …

    Examples
    --------
    >>> order = Order(torch.tensor([2, 0, 1]), 0)
    >>> order.coalitions().int().tolist()  # after one, after two, and the first two swapped
    [[0, 0, 1], [1, 0, 1], [1, 0, 0]]
    >>> def worth(inside):  # 1 for player 0, 4 for players 0 and 2 together
    ...     return inside[:, 0] + 4.0 * (inside[:, 0] & inside[:, 2])
    >>> there, gone = worth(order.coalitions()), worth(~order.coalitions())
    >>> order.added(there[None], gone[None], torch.tensor([0.0]), torch.tensor([5.0]))
    tensor([[3., 0., 2.]])
    >>> order.pairs.tolist(), order.interactions(
    ...     there[None], gone[None], torch.tensor([0.0]), torch.tensor([5.0])
    ... )
    ([[2, 0]], tensor([[4.]]))
    """

    sequence: Tensor
    first: int

    @property
    def places(self) -> Tensor:
        """The places k of the pairs, (m,)."""
        return torch.arange(self.first, len(self.sequence) - 1, 2, device=self.sequence.device)

    @property
    def pairs(self) -> Tensor:
        """Who is met both ways, (m, 2)."""
        return torch.stack([self.sequence[self.places], self.sequence[self.places + 1]], 1)

    def __len__(self) -> int:
        """How many coalitions are to be asked, and as many complements for the reverse order."""
        return len(self.sequence) - 1 + len(self.places)

    def each_coalition(self) -> Iterator[Tensor]:
        """Those to ask, bool (n,), one by one: who came by then, and then with a pair swapped."""
        rank = self.sequence.argsort()
        for end in range(1, len(rank)):
            yield rank < end
        for place in self.places.tolist():
            yield (rank < place) | (rank == place + 1)

    def coalitions(self) -> Tensor:
        """All of them, bool (n − 1 + m, n)."""
        return torch.stack(list(self.each_coalition()))

    def added(self, there: Tensor, gone: Tensor, nobody: Tensor, everybody: Tensor) -> Tensor:
        """What each player adds when it comes, the mean of the order, its reverse and the swaps.

        Complete: in every order what the players add sums to v(everybody) − v(nobody).

        Parameters
        ----------
        there, gone : Tensor, shape (N, n − 1 + m)
            v of `coalitions` and of their complements, in N games.
        nobody, everybody : Tensor, shape (N,)

        Returns
        -------
        Tensor, shape (N, n)
        """
        # The dual game, v(all) − v(complement), has the same Shapley values.
        path, swapped = self._along((there - gone) / 2, (nobody - everybody) / 2)
        steps = path.diff(dim=1)
        k = self.places
        other_way = steps.clone()
        other_way[:, k] = path[:, k + 2] - swapped
        other_way[:, k + 1] = swapped - path[:, k]
        found = torch.empty_like(steps)
        found[:, self.sequence] = (steps + other_way) / 2
        return found

    def interactions(
        self, there: Tensor, gone: Tensor, nobody: Tensor, everybody: Tensor
    ) -> Tensor:
        """v(S ∪ ij) − v(S ∪ i) − v(S ∪ j) + v(S) of the pairs, S those before (after) them: (N, m).

        Parameters
        ----------
        there, gone, nobody, everybody : Tensor
            As for `added`.
        """
        path, swapped = self._along((there + gone) / 2, (nobody + everybody) / 2, 1)
        k = self.places
        return path[:, k + 2] - path[:, k + 1] - swapped + path[:, k]

    def _along(self, values: Tensor, start: Tensor, sign: int = -1) -> tuple[Tensor, Tensor]:
        """The game after each of 0 … n players, (N, n + 1), and with each pair swapped, (N, m)."""
        inner = values[:, : len(self.sequence) - 1]
        path = torch.cat([start[:, None], inner, sign * start[:, None]], 1)
        return path, values[:, len(self.sequence) - 1 :]


def orders(players: int, generator: torch.Generator) -> Iterator[Order]:
    """Endless uniformly random orders, in which all pairs are neighbours equally often.

    Neighbours are the matches of a round-robin tournament, so every pair meets once in `rounds` of
    these orders, a few of them broken to stand at both ends. How many players come before a pair
    is uniform on 0 … n − 2, which is how the interaction index weighs coalitions.

    Parameters
    ----------
    players : int
        n, at least 2.
    generator : torch.Generator

    Examples
    --------
    >>> some = orders(5, torch.Generator().manual_seed(0))
    >>> met = [sorted(pair) for _ in range(rounds(5)) for pair in next(some).pairs.tolist()]
    >>> len(met), len(set(map(tuple, met)))
    (10, 10)
    """
    teams = players + players % 2
    while True:
        names = torch.randperm(players, generator=generator)
        for turn in range(teams - 1):
            yield _round(names, turn, teams, generator)


def rounds(players: int) -> int:
    """How many orders it takes for every pair to have been neighbours about once."""
    return players - 1 + players % 2


def _round(names: Tensor, turn: int, teams: int, generator: torch.Generator) -> Order:
    """The order whose neighbours are the matches of one round of the circle method."""
    circle = torch.cat([torch.zeros(1, dtype=torch.long), 1 + torch.arange(teams - 1).roll(turn)])
    matches = torch.stack([circle[: teams // 2], circle[teams // 2 :].flip(0)], 1)
    matches = matches[torch.randperm(len(matches), generator=generator)]
    swap = torch.rand(len(matches), generator=generator) < 0.5
    matches = torch.where(swap[:, None], matches.flip(1), matches)
    first = int(torch.randint(2, (), generator=generator))
    if teams > len(names):  # one has no match, and stands at an end
        free = (matches == teams - 1).any(1)
        (alone,) = matches[free][matches[free] < teams - 1].tolist()
        rest = matches[~free].flatten()
        ends = ([alone], []) if first else ([], [alone])
    elif first:
        rest = matches[1:].flatten()
        begin, end = matches[0].tolist()
        ends = ([begin], [end])
    else:
        rest, ends = matches.flatten(), ([], [])
    before, after = (rest.new_tensor(end) for end in ends)
    return Order(names[torch.cat([before, rest, after])], first)
