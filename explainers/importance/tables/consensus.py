"""What the ranks of several methods together say for sure, without declaring one of them right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from explainers.importance.tables.stored import StoredTable

OWN_UNITS = frozenset(
    {
        "jacobian",
        "partial_derivatives",
        "dgsm",
        "connection_weights",
        "garson",
        "improved_stepwise_1",
    }
)
"""Methods whose numbers change with the features' units or zero, so that they rank these too."""
OTHER_NETWORKS = frozenset({"forward_addition", "backward_elimination"})
"""Methods that train networks anew: they tell of the data, not of this network."""


def judges(table: StoredTable) -> tuple[np.ndarray, bool]:
    """Which methods of a table are asked what is sure, and whether they know how sure they are.

    Those that have intervals, do not depend on the features' units and ask the network itself;
    where there is none, those that lack the one or the other.

    Returns
    -------
    places : ndarray of int
        In the table.
    sure : bool
        Whether they have intervals.
    """
    fair = np.array([key not in OWN_UNITS | OTHER_NETWORKS for key in table.methods])
    doubt = np.array(
        [
            bool((low < high).any() or (first < last).any())
            for low, high, first, last in zip(
                table.low, table.high, table.rank_low, table.rank_high, strict=True
            )
        ]
    )
    for chosen, sure in ((fair & doubt, True), (doubt, True), (fair, False)):
        if chosen.any():
            return np.flatnonzero(chosen), sure
    return np.arange(len(table.methods)), False


def consensus(rank_low: np.ndarray, rank_high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places that each feature can have for all that is sure: the lowest and highest rank.

    One feature surely comes before another where more than half of the methods are certain of it,
    their intervals of ranks being apart, and none is certain of the contrary.

    Parameters
    ----------
    rank_low, rank_high : ndarray, shape (M, F)
        Intervals of ranks, 1 the most important.

    Returns
    -------
    low, high : ndarray of int, shape (F,)

    Examples
    --------
    >>> low = np.array([[1, 2, 3], [1, 1, 3]])
    >>> high = np.array([[1, 2, 3], [2, 2, 3]])
    >>> [end.tolist() for end in consensus(low, high)]
    [[1, 1, 3], [2, 2, 3]]
    >>> contrary = np.array([[1, 2, 3], [2, 1, 3]])
    >>> [end.tolist() for end in consensus(contrary, contrary)]
    [[1, 1, 3], [2, 2, 3]]
    """
    before = (rank_high[:, :, None] < rank_low[:, None, :]).sum(0)
    sure = (2 * before > len(rank_low)) & (before.T == 0)
    many = rank_low.shape[1]
    return 1 + sure.sum(0), many - sure.sum(1)
