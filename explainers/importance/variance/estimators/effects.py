"""Shapley effects: the variance of f shared among its inputs, from draws of pairs of points.

Owen 2014 (doi:10.1137/130936233), Song, Nelson & Staum 2016 (doi:10.1137/15M1048070); by chains:
Goda 2021 (doi:10.1016/j.cma.2020.113660). The game: what a coalition S is worth is
E Var[f | all but x_S] = E[(f(a) − f(a with x_S of b))²]/2, a and b independent draws.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.methods.shapley.enumeration import shapley_values


def effects_of_cubes(values: Tensor) -> Tensor:
    """Shapley values of the variance game, from f at all 2^F hybrids of each pair of points.

    Every hybrid z and its z with x_S swapped is a pair as good as (a, b), so what S is worth is
    averaged over all of them: r(0) − r(S) with the autocorrelation r of f on the cube, which two
    Walsh–Hadamard transforms give.

    Parameters
    ----------
    values : Tensor, shape (n, 2^F)
        f with feature i from b where bit i of the hybrid's number is set, else from a.

    Returns
    -------
    Tensor, float64, shape (n, F)
        Of each pair; the mean estimates the effects in units of f². Each row sums to half of the
        mean of (f(z) − f(z̄))², z̄ being z with everything swapped, whose mean is the variance.

    Examples
    --------
    >>> effects_of_cubes(torch.tensor([[0.0, 2.0, 1.0, 3.0]]))  # 2 x0 + x1
    tensor([[2.0000, 0.5000]], dtype=torch.float64)
    """
    values = values.double()
    spectrum = _walsh(values - values.mean(1, keepdim=True)) / values.shape[1]
    correlation = _walsh(spectrum**2)
    return shapley_values(correlation[:, :1] - correlation)


def effects_of_chains(values: Tensor, order: Tensor) -> Tensor:
    """(f(b) − f(a))/2 · (z_k − z_{k−1}): what the feature that is swapped k-th adds.

    z_k is f at a with the first k features of a random order from b. That is the mean of what it
    adds to the variance game when the order is followed from a, and when its reverse is from b:
    an antithetic pair for the price of one.

    Parameters
    ----------
    values : Tensor, shape (n, F + 1)
        z_0 = f(a), …, z_F = f(b).
    order : Tensor, int64, shape (n, F)
        Which feature is swapped at each step.

    Returns
    -------
    Tensor, float64, shape (n, F)
        Of each pair; the mean estimates the effects in units of f². Each row sums to
        (f(b) − f(a))²/2, whose mean is the variance.

    References
    ----------
    Goda 2021, doi:10.1016/j.cma.2020.113660.

    Examples
    --------
    >>> effects_of_chains(torch.tensor([[0.0, 1.0, 3.0]]), torch.tensor([[1, 0]]))
    tensor([[3.0000, 1.5000]], dtype=torch.float64)
    """
    values = values.double()
    added = (values[:, -1:] - values[:, :1]) / 2 * values.diff(dim=1)
    return torch.zeros_like(added).scatter_(1, order, added)


def _walsh(values: Tensor) -> Tensor:
    """Σ_z f(z) (−1)^|w ∩ z| for every w, (n, 2^F) → (n, 2^F)."""
    size = values.shape[1]
    step = 1
    while step < size:
        even, odd = values.view(-1, size // (2 * step), 2, step).unbind(2)
        values = torch.stack([even + odd, even - odd], 2).view(-1, size)
        step *= 2
    return values
