"""Elementwise operations of several values: sums, products, quotients, choices, the larger of two.

Each function returns its operands with their coefficients c, such that Δy = Σ c Δx exactly; that is
all that `linear_combination` needs to be complete. Bars are means of input and reference,
x̄ = (x + x⁰)/2. Operands broadcast to the shape (…) of y, coefficients with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.combination import (
    Operand,
    Term,
    linear_combination,
)
from explainers.methods.deeplift.rule_registry import Number, decomposition
from explainers.methods.deeplift.secants import ratio, step_up
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten


def _tensor(x: Tensor | Number) -> Tensor:
    """A number as it is: arithmetic with tensors takes it like one, without changing their type."""
    return cast(Tensor, x)


def _actual(x: Operand) -> Tensor:
    return x.actual if isinstance(x, Value) else _tensor(x)


def _reference(x: Operand) -> Tensor:
    return x.reference if isinstance(x, Value) else _tensor(x)


def _middle(x: Operand) -> Tensor:
    return x.middle if isinstance(x, Value) else _tensor(x)


@linear_combination(aten.add.Tensor, aten.add.Scalar)
def add(a: Operand, b: Operand, alpha: Number = 1) -> Sequence[Term]:
    """Δ(a + αb) = Δa + αΔb."""
    return (a, 1), (b, alpha)


@linear_combination(aten.sub.Tensor, aten.sub.Scalar)
def subtract(a: Operand, b: Operand, alpha: Number = 1) -> Sequence[Term]:
    """Δ(a − αb) = Δa − αΔb."""
    return (a, 1), (b, -alpha)


@linear_combination(aten.rsub.Tensor, aten.rsub.Scalar)
def subtract_from(a: Operand, b: Operand, alpha: Number = 1) -> Sequence[Term]:
    """Δ(b − αa) = Δb − αΔa."""
    return (a, -alpha), (b, 1)


@linear_combination(aten.neg.default)
def negative(a: Operand) -> Sequence[Term]:
    """Δ(−a) = −Δa."""
    return ((a, -1),)


@linear_combination(aten.mul.Tensor, aten.mul.Scalar)
def multiply(a: Operand, b: Operand) -> Sequence[Term]:
    """Δ(ab) = b̄Δa + āΔb with the means of input and reference: both factors' Shapley values.

    Examples
    --------
    From 1·2 to 3·4: Δ = 10 = 3·2 + 2·2.

    >>> a = Value(torch.tensor(3.0), torch.tensor(1.0))
    >>> b = Value(torch.tensor(4.0), torch.tensor(2.0))
    >>> [(c, value.delta) for value, c in multiply(a, b)]
    [(tensor(3.), tensor(2.)), (tensor(2.), tensor(2.))]
    """
    return (a, _middle(b)), (b, _middle(a))


@linear_combination(aten.div.Tensor, aten.div.Scalar)
def divide(a: Operand, b: Operand) -> Sequence[Term]:
    """By a constant: Δa/b. Else, from a = yb: Δy = (Δa − ȳΔb)/b̄ where b keeps its sign.

    This form never leaves the scale of its arguments when b grows from near zero. Where b
    changes its sign b̄ may vanish, and Δy = mean(1/b)Δa + āΔ(1/b) serves.
    """
    if not isinstance(b, Value):
        return ((a, 1 / b),)
    b1, b0, a1, a0 = b.actual, b.reference, _actual(a), _reference(a)
    kept = b1 * b0 > 0
    wide = torch.where(kept, b.middle, 1)
    for_a = torch.where(kept, 1 / wide, (1 / b1 + 1 / b0) / 2)
    for_b = torch.where(kept, -(a1 / b1 + a0 / b0) / 2 / wide, -(a1 + a0) / 2 / (b1 * b0))
    return (a, for_a), (b, for_b)


@linear_combination(aten.maximum.default, aten.fmax.default)
def maximum(a: Operand, b: Operand) -> Sequence[Term]:
    """Each side's Shapley value: max(a, b) = b + relu(a − b), over both orders of changing them.

    c_a = ½ secant(a⁰ − b⁰, Δa) + ½ secant(a⁰ − b, Δa) with relu's secant, and its mirror for b.
    Complete because the changes along either order add up to Δy.
    """
    a1, a0, b1, b0 = _actual(a), _reference(a), _actual(b), _reference(b)
    for_a = (step_up(a0 - b0, a1 - a0) + step_up(a0 - b1, a1 - a0)) / 2
    for_b = (step_up(b0 - a0, b1 - b0) + step_up(b0 - a1, b1 - b0)) / 2
    return (a, _halved(for_a, a0 == b0, a1 == a0)), (b, _halved(for_b, a0 == b0, b1 == b0))


@linear_combination(aten.minimum.default, aten.fmin.default)
def minimum(a: Operand, b: Operand) -> Sequence[Term]:
    """As `maximum`: min(a, b) = −max(−a, −b)."""
    a1, a0, b1, b0 = _actual(a), _reference(a), _actual(b), _reference(b)
    for_a = (step_up(b0 - a0, a0 - a1) + step_up(b1 - a0, a0 - a1)) / 2
    for_b = (step_up(a0 - b0, b0 - b1) + step_up(a1 - b0, b0 - b1)) / 2
    return (a, _halved(for_a, a0 == b0, a1 == a0)), (b, _halved(for_b, a0 == b0, b1 == b0))


def _halved(c: Tensor, tie: Tensor, still: Tensor) -> Tensor:
    """Where both are equal and this one does not move, the derivative is shared."""
    return torch.where(tie & still, c.clamp(min=0.5), c)


@linear_combination(aten.where.self)
def where(chosen: Value | Tensor, a: Operand, b: Operand) -> Sequence[Term]:
    """y = ca + (1 − c)b: Δy = c̄Δa + (1 − c̄)Δb + (ā − b̄)Δc; all to c where a side not used is ∞."""
    if not isinstance(chosen, Value):
        share = chosen.to(torch.get_default_dtype())
        return (a, share), (b, 1 - share)
    share = chosen.middle.to(_actual(a).dtype)
    jump = _middle(a) - _middle(b)
    known = torch.isfinite(jump)
    whole = ~known & (chosen.actual != chosen.reference)
    y1 = torch.where(chosen.actual, _actual(a), _actual(b))
    y0 = torch.where(chosen.reference, _reference(a), _reference(b))
    moved = (y1 - y0) * chosen.delta
    for_chosen = torch.where(whole, moved, torch.where(known, jump, 0))
    for_a = torch.where(whole, 0, share)
    for_b = torch.where(whole, 0, 1 - share)
    return (chosen, for_chosen), (a, for_a), (b, for_b)


@linear_combination(aten.lerp.Scalar, aten.lerp.Tensor)
def lerp(a: Operand, b: Operand, weight: Operand) -> Sequence[Term]:
    """Δ(a + w(b − a)) = (1 − w̄)Δa + w̄Δb + (b̄ − ā)Δw, as a product."""
    w, reach = _middle(weight), _middle(b) - _middle(a)
    return (a, 1 - w), (b, w), (weight, reach)


# Functions with steps: between input and reference only, since beside a step rounding decides


def _stepped(
    function: Callable[..., Tensor], slope: float | Callable[..., Tensor] = 0.0
) -> Callable[..., Sequence[Term]]:
    def coefficients(a: Value, *rest: Number) -> Sequence[Term]:
        """c = Δy/Δa, the secant between the two points; the slope where nothing moves."""
        rise = function(a.actual, *rest) - function(a.reference, *rest)
        still = slope(a.actual, *rest) if callable(slope) else slope
        return ((a, ratio(rise, a.delta, still)),)

    return coefficients


def _above(x: Tensor, edge: Number, value: Number) -> Tensor:
    return (x > edge).to(x.dtype)


def _outside(x: Tensor, width: Number = 0.5) -> Tensor:
    return (x.abs() > width).to(x.dtype)


linear_combination(aten.sign.default, aten.sgn.default)(_stepped(torch.sign))
linear_combination(aten.floor.default)(_stepped(torch.floor))
linear_combination(aten.ceil.default)(_stepped(torch.ceil))
linear_combination(aten.round.default)(_stepped(torch.round))
linear_combination(aten.trunc.default)(_stepped(torch.trunc))
linear_combination(aten.frac.default)(_stepped(torch.frac, 1.0))
linear_combination(aten.threshold.default)(_stepped(F.threshold, _above))
linear_combination(aten.hardshrink.default)(_stepped(F.hardshrink, _outside))


@decomposition(aten.addcmul.default)
def addcmul(x: Tensor, a: Tensor, b: Tensor, value: Number = 1) -> Tensor:
    """x + value·a·b."""
    return x + value * (a * b)


@decomposition(aten.addcdiv.default)
def addcdiv(x: Tensor, a: Tensor, b: Tensor, value: Number = 1) -> Tensor:
    """x + value·a/b."""
    return x + value * (a / b)


@decomposition(aten.clamp.Tensor)
def clamp(x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """min(max(x, low), high), between two tensors."""
    x = x if low is None else torch.maximum(x, low)
    return x if high is None else torch.minimum(x, high)


@decomposition(aten.clamp_min.Tensor)
def clamp_min(x: Tensor, low: Tensor) -> Tensor:
    """max(x, low)."""
    return torch.maximum(x, low)


@decomposition(aten.clamp_max.Tensor)
def clamp_max(x: Tensor, high: Tensor) -> Tensor:
    """min(x, high)."""
    return torch.minimum(x, high)


@decomposition(aten.max.other)
def max_other(a: Tensor, b: Tensor) -> Tensor:
    """The larger of two."""
    return torch.maximum(a, b)


@decomposition(aten.min.other)
def min_other(a: Tensor, b: Tensor) -> Tensor:
    """The smaller of two."""
    return torch.minimum(a, b)


@decomposition(aten.hypot.default)
def hypot(a: Tensor, b: Tensor) -> Tensor:
    """√(a² + b²)."""
    return (a.square() + b.square()).sqrt()


@decomposition(aten.glu.default)
def glu(x: Tensor, dim: int = -1) -> Tensor:
    """One half times the sigmoid of the other."""
    a, b = x.chunk(2, dim)
    return a * b.sigmoid()
