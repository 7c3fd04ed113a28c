"""Functions of two numbers that are no products: angles, powers, remainders.

Δy = c_a Δa + c_b Δb with both Shapley values, over the two orders of moving them:
c_a Δa = ½[f(a, b) − f(a⁰, b)] + ½[f(a, b⁰) − f(a⁰, b⁰)], and its mirror. Complete because the
changes along either order add up to Δy. Where one does not move it has the mean derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.combination import (
    Operand,
    Term,
    linear_combination,
)
from explainers.methods.deeplift.rule_registry import Number, Operation, decomposition
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten

_Function: TypeAlias = Callable[[Tensor, Tensor], Tensor]

# A step as narrow as this against its start has the mean slope over three Gauss points.
_NEAR = 1 / 64
_NODES = (0.1127016653792583, 0.5, 0.8872983346207417)
_WEIGHTS = (5 / 18, 8 / 18, 5 / 18)


def of_two(
    *operations: Operation, slopes: tuple[_Function, _Function]
) -> Callable[[_Function], _Function]:
    """Register f(a, b) with its derivatives by a and by b, all elementwise and broadcasting.

    Parameters
    ----------
    *operations : callable
        ATen overloads f(a, b).
    slopes : pair of callable
        ∂f/∂a and ∂f/∂b of (a, b).

    Returns
    -------
    callable
        The decorator; it returns the function that it is given.
    """

    def register(function: _Function) -> _Function:
        def coefficients(a: Operand, b: Operand) -> Sequence[Term]:
            (a1, a0), (b1, b0) = _both(a, b), _both(b, a)

            def flipped(y: Tensor, x: Tensor) -> Tensor:
                return function(x, y)

            def slope_b(y: Tensor, x: Tensor) -> Tensor:
                return slopes[1](x, y)

            for_a = [_secant(function, slopes[0], a0, a1, other) for other in (b1, b0)]
            for_b = [_secant(flipped, slope_b, b0, b1, other) for other in (a1, a0)]
            return (a, (for_a[0] + for_a[1]) / 2), (b, (for_b[0] + for_b[1]) / 2)

        linear_combination(*operations)(coefficients)
        return function

    return register


def _both(x: Operand, other: Operand) -> tuple[Tensor, Tensor]:
    """x at the input and at the reference, in floating point."""
    like = next(v.actual for v in (x, other) if isinstance(v, Value))
    dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
    pair = (x.actual, x.reference) if isinstance(x, Value) else (x, x)
    one, two = (torch.as_tensor(t, device=like.device).to(dtype) for t in pair)
    return one, two


def _secant(function: _Function, slope: _Function, a0: Tensor, a1: Tensor, b: Tensor) -> Tensor:
    """(f(a, b) − f(a⁰, b)) / Δa; the mean slope where the step is narrow."""
    d = a1 - a0
    wide = ratio(function(a1, b) - function(a0, b), d)
    near = (d.abs() <= _NEAR * a0.abs()) | (d == 0)
    if not bool(near.any()):
        return wide
    parts = [w * slope(a0 + node * d, b) for node, w in zip(_NODES, _WEIGHTS, strict=True)]
    mean = parts[0] + parts[1] + parts[2]
    # Without a bound (a root at 0) nothing is known but that it does not move.
    return torch.where(near, torch.where(torch.isfinite(mean), mean, wide), wide)


def _atan2_slopes() -> tuple[_Function, _Function]:
    def by_y(y: Tensor, x: Tensor) -> Tensor:
        return ratio(x, x * x + y * y)

    def by_x(y: Tensor, x: Tensor) -> Tensor:
        return -ratio(y, x * x + y * y)

    return by_y, by_x


of_two(aten.atan2.default, slopes=_atan2_slopes())(torch.atan2)


def _power_by_base(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(b == 0, 0, b * a ** (b - 1))


def _power_by_exponent(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a > 0, a**b * a.clamp(min=torch.finfo(a.dtype).tiny).log(), 0)


of_two(aten.pow.Tensor_Tensor, aten.pow.Scalar, slopes=(_power_by_base, _power_by_exponent))(
    torch.pow
)


# With steps: between input and reference only


def _jumping(*operations: Operation, function: _Function, slope: float) -> None:
    """f(a, b) with steps, of slope `slope` in a between them: c Δa is Δf in either order."""

    def coefficients(a: Operand, b: Operand) -> Sequence[Term]:
        (a1, a0), (b1, b0) = _both(a, b), _both(b, a)
        rise_a = (function(a1, b1) - function(a0, b1) + function(a1, b0) - function(a0, b0)) / 2
        rise_b = (function(a1, b1) - function(a1, b0) + function(a0, b1) - function(a0, b0)) / 2
        return (a, ratio(rise_a, a1 - a0, slope)), (b, ratio(rise_b, b1 - b0))

    linear_combination(*operations)(coefficients)


_jumping(aten.fmod.Tensor, aten.fmod.Scalar, function=torch.fmod, slope=1.0)
_jumping(
    aten.remainder.Tensor,
    aten.remainder.Scalar,
    aten.remainder.Scalar_Tensor,
    function=torch.remainder,
    slope=1.0,
)
_jumping(
    aten.floor_divide.default, aten.floor_divide.Scalar, function=torch.floor_divide, slope=0.0
)
_jumping(aten.copysign.Tensor, aten.copysign.Scalar, function=torch.copysign, slope=0.0)
_jumping(aten.heaviside.default, function=torch.heaviside, slope=0.0)


@decomposition(aten.div.Tensor_mode, aten.div.Scalar_mode)
def rounded_division(a: Tensor, b: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """a/b, rounded down or towards zero."""
    if rounding_mode == "floor":
        return torch.floor_divide(a, b)
    return (a / b).trunc() if rounding_mode == "trunc" else a / b


@decomposition(aten.xlogy.Tensor, aten.xlogy.Scalar_Other, aten.xlogy.Scalar_Self)
def xlogy(a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """a log b, and 0 where a = 0."""
    a, b = _tensors(a, b)
    return torch.where(a == 0, 0.0, a * b.log())


@decomposition(
    aten.special_xlog1py.default,
    aten.special_xlog1py.other_scalar,
    aten.special_xlog1py.self_scalar,
)
def xlog1py(a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """a log(1 + b), and 0 where a = 0."""
    a, b = _tensors(a, b)
    return torch.where(a == 0, 0.0, a * b.log1p())


def _tensors(a: Tensor | Number, b: Tensor | Number) -> tuple[Tensor, Tensor]:
    like = a if isinstance(a, Tensor) else b
    assert isinstance(like, Tensor)
    one, two = (x if isinstance(x, Tensor) else torch.full_like(like, x) for x in (a, b))
    return one, two


@decomposition(aten.special_entr.default)
def entropy(x: Tensor) -> Tensor:
    """−x log x, 0 at zero, −∞ below."""
    return torch.where(x == 0, 0.0, torch.where(x > 0, -x * x.log(), -torch.inf))


@decomposition(aten.logaddexp2.default)
def logaddexp2(a: Tensor, b: Tensor) -> Tensor:
    """log2(2^a + 2^b)."""
    two = math.log(2)
    return torch.logaddexp(a * two, b * two) / two


@decomposition(aten.dist.default)
def distance(a: Tensor, b: Tensor, p: float = 2) -> Tensor:
    """The norm of a difference."""
    return torch.linalg.vector_norm(a - b, p)


@decomposition(aten._euclidean_dist.default)
def euclidean_distances(a: Tensor, b: Tensor) -> Tensor:
    """Distances of all rows of a (…, n, d) from all of b (…, k, d)."""
    return (a.unsqueeze(-2) - b.unsqueeze(-3)).square().sum(-1).sqrt()


@decomposition(aten._cdist_forward.default)
def distances(a: Tensor, b: Tensor, p: float, mode: int | None = None) -> Tensor:
    """As `euclidean_distances`, by another norm."""
    return torch.linalg.vector_norm(a.unsqueeze(-2) - b.unsqueeze(-3), p, -1)


@decomposition(aten.addr.default)
def addr(start: Tensor, a: Tensor, b: Tensor, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta·start + alpha·a bᵀ."""
    return start * beta + a.unsqueeze(1) * b.unsqueeze(0) * alpha
