"""Shapley values and pairwise interaction indices of a game of which every coalition is known.

Shapley 1953 (doi:10.1515/9781400881970-018); Grabisch & Roubens 1999 (doi:10.1007/s001820050125).
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor


def members(numbers: Tensor, players: int) -> Tensor:
    """Who is in the coalitions of these numbers: bit i of a number says whether player i is.

    Parameters
    ----------
    numbers : Tensor, int64, shape (n,)
        From 0, nobody, to 2^players − 1, all.
    players : int

    Returns
    -------
    Tensor, bool, shape (n, players)

    Examples
    --------
    >>> members(torch.tensor([0, 2, 3]), 2).int().tolist()
    [[0, 0], [0, 1], [1, 1]]
    """
    bits = torch.arange(players, device=numbers.device)
    return (numbers[:, None] >> bits) & 1 == 1


def shapley_values(worth: Tensor) -> Tensor:
    """φ_i = Σ_S |S|! (n − 1 − |S|)! / n! · (v(S ∪ i) − v(S)) over the coalitions S without i.

    Complete: the weights make the mean over all orders in which n players can come, and in every
    order what they add sums to v(all) − v(nobody).

    Parameters
    ----------
    worth : Tensor, shape (…, 2^n)
        v of every coalition, numbered as in `members`.

    Returns
    -------
    Tensor, shape (…, n)

    References
    ----------
    Shapley 1953, doi:10.1515/9781400881970-018.

    Examples
    --------
    >>> shapley_values(torch.tensor([0.0, 1.0, 2.0, 7.0]))  # 1, 2, and 4 more together
    tensor([3., 4.])
    """
    players = _players(worth)
    weights = _weights(players - 1, worth)
    return torch.stack([_added(worth, i) @ weights for i in range(players)], -1)


def interaction_indices(worth: Tensor) -> Tensor:
    """SII_ij: the mean of v(S ∪ ij) − v(S ∪ i) − v(S ∪ j) + v(S), as if i and j came as one.

    The weight of a coalition S without i and j is |S|! (n − 2 − |S|)! / (n − 1)!.

    Parameters
    ----------
    worth : Tensor, shape (…, 2^n)
        v of every coalition, numbered as in `members`.

    Returns
    -------
    Tensor, shape (…, n, n)
        Symmetric; its diagonal is 0.

    References
    ----------
    Grabisch & Roubens 1999, doi:10.1007/s001820050125.

    Examples
    --------
    >>> interaction_indices(torch.tensor([0.0, 1.0, 2.0, 7.0]))
    tensor([[0., 4.],
            [4., 0.]])
    """
    players = _players(worth)
    found = worth.new_zeros(*worth.shape[:-1], players, players)
    if players < 2:
        return found
    weights = _weights(players - 2, worth)
    for j, i in itertools.combinations(reversed(range(players)), 2):
        index = _added(_added(worth, j), i) @ weights  # j > i, so that i keeps its bit
        found[..., i, j] = found[..., j, i] = index
    return found


def _players(worth: Tensor) -> int:
    players = worth.shape[-1].bit_length() - 1
    assert worth.shape[-1] == 2**players, "every coalition has a worth"
    return players


def _added(worth: Tensor, player: int) -> Tensor:
    """v(S ∪ player) − v(S) of the coalitions S of the others, (…, 2^(n − 1)), in their order."""
    apart = worth.unflatten(-1, (-1, 2, 2**player))
    return (apart[..., 1, :] - apart[..., 0, :]).flatten(-2)


def _weights(others: int, like: Tensor) -> Tensor:
    """1 / ((m + 1) · (m over |S|)) of every coalition S of m others, (2^m,)."""
    sizes = members(torch.arange(2**others, device=like.device), others).sum(1)
    by_size = [1 / ((others + 1) * math.comb(others, size)) for size in range(others + 1)]
    return like.new_tensor(by_size)[sizes]
