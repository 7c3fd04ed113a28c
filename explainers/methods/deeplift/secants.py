"""Secants that keep their digits: (f(a + d) − f(a)) / d without subtracting near-equal numbers.

The multiplier of Rescale is such a secant, from the reference a by the difference d (section 3.5.2
of arXiv:1704.02685); where d = 0 it is the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor

# Below this step a secant is the mean slope over three Gauss points, above it the quotient.
_NEAR = 1 / 16
_NODES = (0.1127016653792583, 0.5, 0.8872983346207417)
_WEIGHTS = (5 / 18, 8 / 18, 5 / 18)


class Secant(Protocol):
    """(f(a + d) − f(a)) / d, and the slope f′(a) where d = 0; a, d and result of one shape."""

    def __call__(self, a: Tensor, d: Tensor, /, *args: Any, **kwargs: Any) -> Tensor: ...


def step_up(a: Tensor, d: Tensor) -> Tensor:
    """Secant of relu: the share of the way from a to a + d that lies above zero.

    max(a, a + d)/|d|, clamped: 1 when both ends are above, 0 when both are below. The derivative
    [a > 0] where d = 0.

    Parameters
    ----------
    a, d : Tensor, shape (…)
        Start and step.

    Returns
    -------
    Tensor, shape (…), in [0, 1]

    Examples
    --------
    >>> step_up(torch.tensor([-1.0, 1.0, -1.0]), torch.tensor([4.0, 4.0, 0.5]))
    tensor([0.7500, 1.0000, 0.0000])
    """
    return torch.maximum(a, a + d).div_(d.abs()).clamp_(0, 1).nan_to_num_(nan=0.0)


def ratio(top: Tensor, d: Tensor, at_zero: Tensor | float = 0.0) -> Tensor:
    """top / d, and `at_zero` where d = 0.

    Parameters
    ----------
    top, d : Tensor, shape (…)
    at_zero : Tensor or float
        Broadcasts to (…).

    Returns
    -------
    Tensor, shape (…)

    Examples
    --------
    >>> ratio(torch.tensor([6.0, 0.0]), torch.tensor([3.0, 0.0]), at_zero=1.0)
    tensor([2., 1.])
    """
    return torch.where(d == 0, at_zero, top / torch.where(d == 0, 1, d))


def _added(terms: Iterable[Tensor]) -> Tensor:
    """The sum of at least one."""
    total = sum(terms)
    assert isinstance(total, Tensor)
    return total


def smooth(function: Callable[..., Tensor], slope: Callable[..., Tensor]) -> Secant:
    """Make the secant of a smooth function with the given derivative, both elementwise.

    The quotient for wide steps. For near ones ∫₀¹ f′(a + td) dt by three Gauss points, whose
    error is of the order d⁶/2 000 000 of the seventh derivative.

    Parameters
    ----------
    function, slope : callable
        f(x, *other arguments) and f′ of the same arguments: tensors (…) to tensors (…).

    Returns
    -------
    Secant

    Examples
    --------
    >>> secant = smooth(torch.sin, torch.cos)
    >>> secant(torch.zeros(2), torch.tensor([0.0, torch.pi / 2]))
    tensor([1.0000, 0.6366])
    """

    def secant(a: Tensor, d: Tensor, /, *args: Any, **kwargs: Any) -> Tensor:
        near = d.abs() < _NEAR
        wide = (function(a + d, *args, **kwargs) - function(a, *args, **kwargs)) / torch.where(
            near, 1, d
        )
        mean = _added(
            weight * slope(a + node * d, *args, **kwargs)
            for node, weight in zip(_NODES, _WEIGHTS, strict=True)
        )
        return torch.where(near, mean, wide)

    return secant


def exp(a: Tensor, d: Tensor) -> Tensor:
    """Secant of exp: e^max · (1 − e^−|d|)/|d|; a, d and result (…)."""
    size = d.abs()
    return torch.maximum(a, a + d).exp() * ratio(-torch.expm1(-size), size, 1.0)


def log(a: Tensor, d: Tensor) -> Tensor:
    """Secant of log: log(1 + |d|/min)/|d|; a, d and result (…)."""
    size, low = d.abs(), torch.minimum(a, a + d)
    return torch.where(size == 0, 1 / low, ratio(torch.log1p(size / low), size))


def sqrt(a: Tensor, d: Tensor) -> Tensor:
    """Secant of √: 1/(√a + √b) with b = a + d; a, d and result (…).

    0 where both are 0, since nothing moved and the slope there has no bound.
    """
    total = a.sqrt() + (a + d).clamp(min=0).sqrt()
    return ratio(torch.ones_like(total), total)


def rsqrt(a: Tensor, d: Tensor) -> Tensor:
    """Secant of 1/√: −1/(√a √b (√a + √b)) with b = a + d; a, d and result (…)."""
    root, other = a.sqrt(), (a + d).sqrt()
    return -1 / (root * other * (root + other))


def power(a: Tensor, d: Tensor, exponent: float) -> Tensor:
    """Secant of x^n from a to b = a + d.

    Whole exponents n from 0 to 8: Σ bᵏ aⁿ⁻¹⁻ᵏ. Others by the quotient, near ones by the mean
    slope.

    Parameters
    ----------
    a, d : Tensor, shape (…)
    exponent : float

    Returns
    -------
    Tensor, shape (…)

    Examples
    --------
    >>> power(torch.tensor([1.0]), torch.tensor([2.0]), 3)  # (27 − 1) / 2
    tensor([13.])
    """
    if float(exponent).is_integer() and 0 <= exponent <= 8:
        n, b = int(exponent), a + d
        terms = [b**k * a ** (n - 1 - k) for k in range(n)]
        return sum(terms, torch.zeros_like(a))
    if exponent == 0.5:
        return sqrt(a, d)
    near = d.abs() < _NEAR * torch.minimum(a.abs(), (a + d).abs())
    wide = ratio((a + d) ** exponent - a**exponent, torch.where(near, 1, d))
    mean = _added(
        weight * exponent * (a + node * d) ** (exponent - 1)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    )
    return torch.where(near, mean, wide)
