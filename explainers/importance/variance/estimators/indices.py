"""First-order and total Sobol indices by pick and freeze, with each draw's part in them.

Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018), table 2, (b) and (f).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class SobolIndices(NamedTuple):
    """Shares of the variance of f, and how much each draw pulls at them.

    Attributes
    ----------
    first : Tensor, shape (F,)
        S_i = Var E[f | x_i] / V: alone.
    total : Tensor, shape (F,)
        T_i = E Var[f | all but x_i] / V: with all its interactions.
    variance : Tensor, shape ()
        V.
    first_parts, total_parts : Tensor, shape (n, F)
        Each draw's influence on the estimate; they average to 0, and their standard deviation over
        √n is the standard error.
    variance_parts : Tensor, shape (n,)
    """

    first: Tensor
    total: Tensor
    variance: Tensor
    first_parts: Tensor
    total_parts: Tensor
    variance_parts: Tensor

    @property
    def unshared_parts(self) -> Tensor:
        """Each draw's influence (n, F) on V T_i, which is no share."""
        return self.variance * self.total_parts + self.total * self.variance_parts[:, None]


def sobol_indices(a: Tensor, b: Tensor, hybrids: Tensor) -> SobolIndices:
    """S_i = E[f(B)(f(A_B^i) − f(A))]/V and T_i = E[(f(A) − f(A_B^i))²]/(2V).

    A and B are n independent draws of all features, A_B^i is A with feature i of B. f is centred
    first, which changes no expectation, and takes its mean out of the error of S.

    Parameters
    ----------
    a, b : Tensor, shape (n,)
        f of A and of B.
    hybrids : Tensor, shape (n, F)
        f of A_B^i.

    Returns
    -------
    SobolIndices
        All 0 where f does not vary.

    References
    ----------
    Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.

    Examples
    --------
    >>> x = torch.rand(2, 4000, 2, generator=torch.Generator().manual_seed(0))
    >>> a, b = 2 * x[..., 0] + x[..., 1]
    >>> first = 2 * x[1, :, 0] + x[0, :, 1], 2 * x[0, :, 0] + x[1, :, 1]
    >>> indices = sobol_indices(a, b, torch.stack(first, 1))
    >>> [round(float(share), 1) for share in indices.total]  # 4/5 and 1/5
    [0.8, 0.2]
    """
    both = torch.stack([a, b]).double()
    a, b = both - both.mean()
    changes = hybrids.double() - both.mean() - a[:, None]
    squares = (a**2 + b**2) / 2
    variance = squares.mean()
    if not bool(variance > 0):
        zeros = torch.zeros_like(changes)
        return SobolIndices(
            zeros.sum(0), zeros.sum(0), variance, zeros, zeros, torch.zeros_like(squares)
        )
    alone, moved = b[:, None] * changes, changes**2 / 2
    first, total = alone.mean(0) / variance, moved.mean(0) / variance
    return SobolIndices(
        first,
        total,
        variance,
        (alone - first * squares[:, None] - (a + b)[:, None] / 2 * changes.mean(0)) / variance,
        (moved - total * squares[:, None]) / variance,
        squares - variance,
    )
