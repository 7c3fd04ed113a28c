"""Elementwise operations of several values: sums, products, quotients, choices, the larger of two.

Each function returns the values with their coefficients c, such that Δy = Σ c Δx exactly.
"""

from __future__ import annotations

import operator

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.methods.deeplift.rulebook import blend, composed
from explainers.methods.deeplift.secants import ratio, step_up
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten


def _now(x):
    return x.now if isinstance(x, Value) else x


def _before(x):
    return x.before if isinstance(x, Value) else x


def _middle(x):
    return x.middle if isinstance(x, Value) else x


@blend(aten.add.Tensor, aten.add.Scalar)
def add(a, b, alpha=1):
    """Δ(a + αb) = Δa + αΔb."""
    return (a, 1), (b, alpha)


@blend(aten.sub.Tensor, aten.sub.Scalar)
def subtract(a, b, alpha=1):
    """Δ(a − αb) = Δa − αΔb."""
    return (a, 1), (b, -alpha)


@blend(aten.rsub.Tensor, aten.rsub.Scalar)
def subtract_from(a, b, alpha=1):
    """Δ(b − αa) = Δb − αΔa."""
    return (a, -alpha), (b, 1)


@blend(aten.neg.default)
def negative(a):
    """Δ(−a) = −Δa."""
    return ((a, -1),)


@blend(aten.logical_not.default)
def logical_not(a):
    """1 − a for truth values."""
    return ((a, -1),)


@blend(aten.mul.Tensor, aten.mul.Scalar, aten.logical_and.default)
def multiply(a, b):
    """Δ(ab) = b̄Δa + āΔb with the means of input and reference: both factors' Shapley values."""
    return (a, _middle(b)), (b, _middle(a))


@blend(aten.logical_or.default)
def logical_or(a, b):
    """Δ(a + b − ab) for truth values."""
    return (a, 1 - _middle(b)), (b, 1 - _middle(a))


@blend(aten.div.Tensor, aten.div.Scalar)
def divide(a, b):
    """By a constant: Δa/b. Else, from a = yb: Δy = (Δa − ȳΔb)/b̄ where b keeps its sign.

    This form never leaves the scale of its arguments when b grows from near zero. Where b
    changes its sign b̄ may vanish, and Δy = mean(1/b)Δa + āΔ(1/b) serves.
    """
    if not isinstance(b, Value):
        return ((a, 1 / b),)
    b1, b0, a1, a0 = b.now, b.before, _now(a), _before(a)
    kept = b1 * b0 > 0
    wide = torch.where(kept, b.middle, 1)
    for_a = torch.where(kept, 1 / wide, (1 / b1 + 1 / b0) / 2)
    for_b = torch.where(kept, -(a1 / b1 + a0 / b0) / 2 / wide, -(a1 + a0) / 2 / (b1 * b0))
    return (a, for_a), (b, for_b)


@blend(aten.maximum.default, aten.fmax.default)
def maximum(a, b):
    """Each side's Shapley value: max(a, b) = b + relu(a − b), over both orders of changing them."""
    a1, a0, b1, b0 = _now(a), _before(a), _now(b), _before(b)
    for_a = (step_up(a0 - b0, a1 - a0) + step_up(a0 - b1, a1 - a0)) / 2
    for_b = (step_up(b0 - a0, b1 - b0) + step_up(b0 - a1, b1 - b0)) / 2
    return (a, _halved(for_a, a0 == b0, a1 == a0)), (b, _halved(for_b, a0 == b0, b1 == b0))


@blend(aten.minimum.default, aten.fmin.default)
def minimum(a, b):
    """As `maximum`, of the negatives."""
    a1, a0, b1, b0 = _now(a), _before(a), _now(b), _before(b)
    for_a = (step_up(b0 - a0, a0 - a1) + step_up(b1 - a0, a0 - a1)) / 2
    for_b = (step_up(a0 - b0, b0 - b1) + step_up(a1 - b0, b0 - b1)) / 2
    return (a, _halved(for_a, a0 == b0, a1 == a0)), (b, _halved(for_b, a0 == b0, b1 == b0))


def _halved(c: Tensor, tie: Tensor, still: Tensor) -> Tensor:
    """Where both are equal and this one does not move, the derivative is shared."""
    return torch.where(tie & still, c.clamp(min=0.5), c)


@blend(aten.where.self)
def where(chosen, a, b):
    """y = ca + (1 − c)b: Δy = c̄Δa + (1 − c̄)Δb + (ā − b̄)Δc; all to c where a side not used is ∞."""
    if not isinstance(chosen, Value):
        share = chosen.to(torch.get_default_dtype())
        return (a, share), (b, 1 - share)
    share = chosen.middle.to(_now(a).dtype)
    jump = _middle(a) - _middle(b)
    whole = ~torch.isfinite(jump) & (chosen.now != chosen.before)
    y1 = torch.where(chosen.now, _now(a), _now(b))
    y0 = torch.where(chosen.before, _before(a), _before(b))
    moved = (y1 - y0) * chosen.delta
    one = torch.where(whole, 0, share)
    other = torch.where(whole, 0, 1 - share)
    return (chosen, torch.where(whole, moved, torch.nan_to_num(jump))), (a, one), (b, other)


@blend(aten.lerp.Scalar, aten.lerp.Tensor)
def lerp(a, b, weight):
    """Δ(a + w(b − a)) at the middle, as a product."""
    w, reach = _middle(weight), _middle(b) - _middle(a)
    return (a, 1 - w), (b, w), (weight, reach)


def _compared(holds):
    def coefficients(a, b):
        """A jump from 0 to 1, shared by the secant: c = Δy / (Δa − Δb), 0 without a jump."""
        jump = holds(_now(a), _now(b)).int() - holds(_before(a), _before(b)).int()
        gap = (_now(a) - _now(b)) - (_before(a) - _before(b))
        share = ratio(jump.to(gap.dtype), gap)
        return (a, share), (b, -share)

    return coefficients


for _name in ("gt", "ge", "lt", "le", "eq", "ne"):
    _operation = getattr(aten, _name)
    blend(_operation.Tensor, _operation.Scalar)(_compared(getattr(operator, _name)))


# Functions with steps: between input and reference only, since beside a step rounding decides


def _stepped(function, slope=0.0):
    def coefficients(a, *rest):
        """The secant between the two points; the slope where nothing moves."""
        rise = function(a.now, *rest) - function(a.before, *rest)
        still = slope(a.now, *rest) if callable(slope) else slope
        return ((a, ratio(rise, a.delta, still)),)

    return coefficients


def _above(x, edge, value):
    return (x > edge).to(x.dtype)


def _outside(x, width=0.5):
    return (x.abs() > width).to(x.dtype)


blend(aten.sign.default, aten.sgn.default)(_stepped(torch.sign))
blend(aten.floor.default)(_stepped(torch.floor))
blend(aten.ceil.default)(_stepped(torch.ceil))
blend(aten.round.default)(_stepped(torch.round))
blend(aten.trunc.default)(_stepped(torch.trunc))
blend(aten.frac.default)(_stepped(torch.frac, 1.0))
blend(aten.threshold.default)(_stepped(F.threshold, _above))
blend(aten.hardshrink.default)(_stepped(F.hardshrink, _outside))


@composed(aten.addcmul.default)
def addcmul(x, a, b, value=1):
    """x + value·a·b."""
    return x + value * (a * b)


@composed(aten.addcdiv.default)
def addcdiv(x, a, b, value=1):
    """x + value·a/b."""
    return x + value * (a / b)


@composed(aten.clamp.Tensor)
def clamp(x, low=None, high=None):
    """Between two tensors."""
    x = x if low is None else torch.maximum(x, low)
    return x if high is None else torch.minimum(x, high)


@composed(aten.max.other)
def max_other(a, b):
    """The larger of two."""
    return torch.maximum(a, b)


@composed(aten.min.other)
def min_other(a, b):
    """The smaller of two."""
    return torch.minimum(a, b)


@composed(aten.bitwise_and.Tensor)
def bitwise_and(a, b):
    """Of truth values."""
    return torch.logical_and(a, b)


@composed(aten.bitwise_or.Tensor)
def bitwise_or(a, b):
    """Of truth values."""
    return torch.logical_or(a, b)


@composed(aten.bitwise_not.default)
def bitwise_not(a):
    """Of truth values."""
    return torch.logical_not(a)


@composed(aten.hypot.default)
def hypot(a, b):
    """√(a² + b²)."""
    return (a.square() + b.square()).sqrt()


@composed(aten.glu.default)
def glu(x, dim=-1):
    """One half times the sigmoid of the other."""
    a, b = x.chunk(2, dim)
    return a * b.sigmoid()


@composed(aten.pow.Tensor_Tensor, aten.pow.Scalar)
def power(a, b):
    """exp(b log a), for positive a."""
    log = a.log() if isinstance(a, Tensor) else torch.full_like(b, a).log()
    return (b * log).exp()
