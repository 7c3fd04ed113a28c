"""Secants that keep their digits: (f(a + d) − f(a)) / d without subtracting near-equal numbers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Below this step a secant is the mean slope over three Gauss points, above it the quotient.
_NEAR = 1 / 16
_PLACES = (0.1127016653792583, 0.5, 0.8872983346207417)
_WEIGHTS = (5 / 18, 8 / 18, 5 / 18)


def step_up(a: Tensor, d: Tensor) -> Tensor:
    """Secant of relu: the share of the way from a to a + d that lies above zero.

    max(a, a + d)/|d|, clamped: 1 when both ends are above, 0 when both are below. The derivative
    [a > 0] where d = 0.
    """
    return torch.maximum(a, a + d).div_(d.abs()).clamp_(0, 1).nan_to_num_(nan=0.0)


def ratio(top: Tensor, d: Tensor, at_zero=0.0) -> Tensor:
    """top / d, and `at_zero` where d = 0."""
    return torch.where(d == 0, at_zero, top / torch.where(d == 0, 1, d))


def smooth(function: Callable, slope: Callable) -> Callable:
    """The secant of a smooth function with the given derivative, both elementwise.

    The quotient for wide steps. For near ones ∫₀¹ f′(a + td) dt by three Gauss points, whose
    error is of the order d⁶/2 000 000 of the seventh derivative.
    """

    def secant(a: Tensor, d: Tensor, *rest, **named) -> Tensor:
        near = d.abs() < _NEAR
        wide = (function(a + d, *rest, **named) - function(a, *rest, **named)) / torch.where(
            near, 1, d
        )
        mean = sum(
            weight * slope(a + place * d, *rest, **named)
            for place, weight in zip(_PLACES, _WEIGHTS, strict=True)
        )
        return torch.where(near, mean, wide)

    return secant


def exp(a: Tensor, d: Tensor) -> Tensor:
    """e^max · (1 − e^−|d|)/|d|."""
    size = d.abs()
    return torch.maximum(a, a + d).exp() * ratio(-torch.expm1(-size), size, 1.0)


def log(a: Tensor, d: Tensor) -> Tensor:
    """log(1 + |d|/min)/|d|."""
    size, low = d.abs(), torch.minimum(a, a + d)
    return torch.where(size == 0, 1 / low, ratio(torch.log1p(size / low), size))


def sqrt(a: Tensor, d: Tensor) -> Tensor:
    """1/(√a + √b); 0 where both are 0, since nothing moved and the slope there has no bound."""
    total = a.sqrt() + (a + d).clamp(min=0).sqrt()
    return ratio(torch.ones_like(total), total)


def rsqrt(a: Tensor, d: Tensor) -> Tensor:
    """−1/(√a √b (√a + √b))."""
    root, other = a.sqrt(), (a + d).sqrt()
    return -1 / (root * other * (root + other))


def power(a: Tensor, d: Tensor, exponent: float) -> Tensor:
    """Whole exponents n > 0: Σ bᵏ aⁿ⁻¹⁻ᵏ. Others by the quotient, near ones by the mean slope."""
    if float(exponent).is_integer() and 0 <= exponent <= 8:
        n, b = int(exponent), a + d
        terms = [b**k * a ** (n - 1 - k) for k in range(n)]
        return sum(terms, torch.zeros_like(a))
    if exponent == 0.5:
        return sqrt(a, d)
    near = d.abs() < _NEAR * torch.minimum(a.abs(), (a + d).abs())
    wide = ratio((a + d) ** exponent - a**exponent, torch.where(near, 1, d))
    mean = sum(
        weight * exponent * (a + place * d) ** (exponent - 1)
        for place, weight in zip(_PLACES, _WEIGHTS, strict=True)
    )
    return torch.where(near, mean, wide)
