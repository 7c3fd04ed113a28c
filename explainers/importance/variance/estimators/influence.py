"""How much each row of the data, drawn again and again, pulls at a mean over draws.

The first-order influence of a row on a mean over independently drawn features is the sum over the
features of the mean of those draws that took the feature from it (von Mises; Efron & Tibshirani
1993, chapter 22): from it comes how the mean would vary with other data, and no model is asked.
"""

from __future__ import annotations

from torch import Tensor

STRATA = 16


def strata_of(column: Tensor) -> Tensor:
    """Put each row's value into one of STRATA ranges of about as many rows; equal ones together.

    Parameters
    ----------
    column : Tensor, shape (N,)

    Returns
    -------
    Tensor, int64, shape (N,)

    Examples
    --------
    >>> import torch
    >>> strata_of(torch.tensor([5.0, 7.0, 5.0])).tolist()
    [0, 1, 0]
    """
    values, inverse, counts = column.unique(return_inverse=True, return_counts=True)
    middle = counts.cumsum(0) - (counts + 1) // 2
    numbers = middle * STRATA // len(column)
    return numbers.unique(return_inverse=True)[1][inverse]


def influence_of_rows(parts: Tensor, donors: Tensor, strata: Tensor) -> tuple[Tensor, Tensor]:
    """Each row's influence on the mean of the parts, and the mean square error of knowing it so.

    Rows in the same stratum of a feature are taken to have the same influence by way of it.

    Parameters
    ----------
    parts : Tensor, shape (n, K)
        Of n draws, of mean 0.
    donors : Tensor, int64, shape (n, F)
        Which row each draw took each feature from.
    strata : Tensor, int64, shape (N, F)
        The stratum of each row in each feature.

    Returns
    -------
    influence : Tensor, shape (N, K)
    error : Tensor, shape (K,)

    Examples
    --------
    >>> import torch
    >>> parts, donors = torch.tensor([[1.0], [-1.0]]), torch.tensor([[0], [1]])
    >>> influence_of_rows(parts, donors, torch.tensor([[0], [1]]))[0].tolist()
    [[1.0], [-1.0]]
    """
    influence = parts.new_zeros(len(strata), parts.shape[1])
    error = parts.new_zeros(parts.shape[1])
    for column in range(strata.shape[1]):
        own = strata[:, column]
        drawn = own[donors[:, column]]
        blank = parts.new_zeros(int(own.max()) + 1, parts.shape[1])
        counts = drawn.bincount(minlength=len(blank)).to(parts).unsqueeze(1)
        mean = blank.index_add(0, drawn, parts) / counts.clamp(min=1)
        within = (blank.index_add(0, drawn, parts**2) - counts * mean**2).clamp(min=0)
        # What a stratum with one draw does not tell about its scatter, the others do.
        usual = within.sum(0) / (counts - 1).clamp(min=0).sum().clamp(min=1)
        influence += mean[own]
        error += (usual / counts.clamp(min=1))[own].mean(0)
    return influence, error
