"""Weighted sums: convolutions and matrix products, where positive and negative parts are made.

By total difference: Δy⁺ = Σ [wΔx > 0] wΔx and Δy⁻ = Σ [wΔx < 0] wΔx; back, m_x = Σ w·(m⁺ where
wΔx > 0, m⁻ where wΔx < 0, their mean where Δx = 0). The bias never contributes. Complete because
every wΔx lies in exactly one of the two sums and is worth that one's multiplier. Both sums come
from one more product, of the magnitudes: Δy^± = ½(Δy ± Σ|w||Δx|).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.methods.deeplift.rulebook import both, composed, rule, values_in
from explainers.methods.deeplift.tape import Parts, Tape, Value

aten = torch.ops.aten


@dataclass
class Term:
    """One value that enters: Δy = … + forward(Δx, weight) + …; `adjoint(m, weight)` leads back."""

    value: Value
    weight: Tensor
    forward: Callable[[Tensor, Tensor], Tensor]
    adjoint: Callable[[Tensor, Tensor], Tensor]


def weigh(tape: Tape, now: Tensor, before: Tensor, terms: list[Term], source: str) -> Value:
    """Remember y with Δy = Σ forward(Δx, weight) over its terms."""
    made = Value(now, before, source=source)
    taken = [term.value for term in terms]
    if not tape.parts:

        def back(m):
            return [term.adjoint(m, term.weight) for term in terms]

    else:
        size = sum(term.forward(term.value.delta.abs(), term.weight.abs()) for term in terms)
        made.plus, made.minus = (made.delta + size) / 2, (made.delta - size) / 2
        for value in taken:
            tape.meet(value, off=False)

        def back(m):
            return [_divided(term, m) for term in terms]

    tape.add(taken, [made], back)
    return made


def _divided(term: Term, m: Parts) -> Parts:
    """½[wᵀ(m⁺ + m⁻) + sign(Δx) |w|ᵀ(m⁺ − m⁻)]: w m⁺ where wΔx > 0, w m⁻ where wΔx < 0."""
    whole = term.adjoint(m.plus + m.minus, term.weight)
    tilt = term.adjoint(m.plus - m.minus, term.weight.abs())
    one = (whole + tilt * term.value.delta.sign()) / 2
    return Parts(one, one)


@rule(aten.convolution.default)
def convolution(tape, function, args, kwargs):
    """Any convolution, transposed or not, whose weights do not depend on the input."""
    x, weight, bias, *rest = args
    if not isinstance(x, Value) or values_in((weight, bias)):
        raise NotImplementedError
    now, before = both(function, args, kwargs)
    shape, stride_in_memory = x.now.shape, x.now.stride()

    def forward(delta, w):
        return function(delta, w, None, *rest)

    def adjoint(m, w):
        stride, padding, dilation, transposed, output_padding, groups = rest
        empty = torch.empty_strided(shape, stride_in_memory, dtype=m.dtype, device=m.device)
        return aten.convolution_backward(
            m,
            empty,
            w,
            None,
            stride,
            padding,
            dilation,
            transposed,
            output_padding,
            groups,
            [True, False, False],
        )[0]

    return weigh(tape, now, before, [Term(x, weight, forward, adjoint)], "convolution")


def _left(m: Tensor, weight: Tensor) -> Tensor:
    return m @ weight.transpose(-1, -2)


def _right(m: Tensor, weight: Tensor) -> Tensor:
    return weight.transpose(-1, -2) @ m


def _product(tape: Tape, now: Tensor, before: Tensor, a, b, scale=1) -> Value:
    """a @ b. Of two values Δ(ab) = Δa b̄ + ā Δb at the middle: both factors' Shapley values."""
    terms = []
    if isinstance(a, Value):
        weight = (b.middle if isinstance(b, Value) else b) * scale
        terms.append(Term(a, weight, torch.matmul, _left))
    if isinstance(b, Value):
        weight = (a.middle if isinstance(a, Value) else a) * scale
        terms.append(Term(b, weight, lambda delta, w: w @ delta, _right))
    return weigh(tape, now, before, terms, "dense")


@rule(aten.mm.default, aten.bmm.default)
def product(tape, function, args, kwargs):
    """Matrix products, of a value with weights or of two values."""
    return _product(tape, *both(function, args, kwargs), *args)


@rule(aten.addmm.default)
def dense(tape, function, args, kwargs):
    """A dense layer: bias + a @ b."""
    bias, a, b = args
    if isinstance(bias, Value):
        raise NotImplementedError
    scale = kwargs.get("alpha", 1)
    if isinstance(b, Value) or bias.ndim != 1:
        return _product(tape, *both(function, args, kwargs), a, b, scale)
    # Input and reference together, so that large weights are read once.
    together = function(bias, torch.cat([a.now, a.before]), b, **kwargs)
    return _product(tape, *together.chunk(2), a, b, scale)


@composed(aten.addmm.default)
def dense_with_live_bias(bias, a, b, beta=1, alpha=1):
    """beta·bias + alpha·a @ b, where the bias too depends on the input."""
    return bias * beta + (a @ b) * alpha


@composed(aten.baddbmm.default)
def baddbmm(start, a, b, beta=1, alpha=1):
    """beta·start + alpha·a @ b; with beta = 0 the start is not even looked at."""
    made = torch.bmm(a, b)
    made = made if alpha == 1 else made * alpha
    return made if beta == 0 else made + start * beta


@composed(aten.mv.default)
def mv(matrix, vector):
    """A matrix times a vector."""
    return (matrix @ vector.unsqueeze(1)).squeeze(1)


@composed(aten.addmv.default)
def addmv(start, matrix, vector, beta=1, alpha=1):
    """beta·start + alpha·matrix @ vector."""
    return start * beta + (matrix @ vector.unsqueeze(1)).squeeze(1) * alpha


@composed(aten.dot.default, aten.vdot.default)
def dot(a, b):
    """The sum of products."""
    return (a * b).sum()


@composed(aten.linear.default)
def linear(x, weight, bias=None):
    """x @ weightᵀ + bias."""
    made = x @ weight.t()
    return made if bias is None else made + bias
