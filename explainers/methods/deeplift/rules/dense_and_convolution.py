"""Weighted sums: convolutions and matrix products, where positive and negative parts are made.

The Linear rule, section 3.5.1 of arXiv:1704.02685: Δy⁺ = Σ [wΔx > 0] wΔx and Δy⁻ = Σ [wΔx < 0] wΔx;
back, m_x = Σ w·(m⁺ where wΔx > 0, m⁻ where wΔx < 0, their mean where Δx = 0). The bias never
contributes. Complete because every wΔx lies in exactly one of the two sums and is worth that one's
multiplier. Both sums come from one more product, of the magnitudes: Δy^± = ½(Δy ± Σ|w||Δx|).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.linear import multilinear
from explainers.methods.deeplift.rule_registry import (
    Arguments,
    Keywords,
    Number,
    Operation,
    at_both,
    decomposition,
    rule,
    values_in,
)
from explainers.methods.deeplift.tape import Parts, Source, Tape, Value

aten = torch.ops.aten


@dataclass
class Summand:
    """One Value x that enters a weighted sum: Δy = … + forward(Δx, weight) + ….

    Parameters
    ----------
    value : Value
        x.
    weight : Tensor
    forward : callable
        (Δx, weight) → its part of Δy.
    adjoint : callable
        (m_y, weight) → m_x, the transposed map.
    """

    value: Value
    weight: Tensor
    forward: Callable[[Tensor, Tensor], Tensor]
    adjoint: Callable[[Tensor, Tensor], Tensor]


def weighted_sum(
    tape: Tape, actual: Tensor, reference: Tensor, summands: list[Summand], source: Source
) -> Value:
    """Remember y with Δy = Σ forward(Δx, weight) over its summands, by the rule above.

    Parameters
    ----------
    tape : Tape
    actual, reference : Tensor, shape (…)
        y at the input and at the reference.
    summands : list of Summand
    source : {"convolution", "dense"}

    Returns
    -------
    Value of shape (…)

    Examples
    --------
    x − 2x′ at (3, 1) from (0, 0): Δy⁺ = 3 and Δy⁻ = −2.

    >>> tape, weight = Tape("reveal_cancel"), torch.tensor([[1.0], [-2.0]])
    >>> x = tape.start(torch.tensor([[3.0, 1.0]]), torch.zeros(1, 2))
    >>> summand = Summand(x, weight, torch.matmul, lambda m, w: m @ w.t())
    >>> y = weighted_sum(tape, x.actual @ weight, x.reference @ weight, [summand], "dense")
    >>> y.plus, y.minus
    (tensor([[3.]]), tensor([[-2.]]))
    """
    output = Value(actual, reference, source=source)
    inputs = [summand.value for summand in summands]
    if not tape.keeps_parts:

        def whole(m: Tensor) -> list[Tensor]:
            return [summand.adjoint(m, summand.weight) for summand in summands]

        tape.add(inputs, [output], whole)
        return output
    size = sum(s.forward(s.value.delta.abs(), s.weight.abs()) for s in summands)
    output.parts = Parts((output.delta + size) / 2, (output.delta - size) / 2)
    for value in inputs:
        tape.count_ties(value, off=False)

    def by_parts(m: Parts) -> list[Parts]:
        return [_divided(summand, m) for summand in summands]

    tape.add(inputs, [output], by_parts)
    return output


def _divided(summand: Summand, m: Parts) -> Parts:
    """½[wᵀ(m⁺ + m⁻) + sign(Δx) |w|ᵀ(m⁺ − m⁻)]: w m⁺ where wΔx > 0, w m⁻ where wΔx < 0."""
    whole = summand.adjoint(m.plus + m.minus, summand.weight)
    tilt = summand.adjoint(m.plus - m.minus, summand.weight.abs())
    one = (whole + tilt * summand.value.delta.sign()) / 2
    return Parts(one, one)


@rule(aten.convolution.default)
def convolution(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Any convolution of x (N, channels, …), transposed or not, with constant weights.

    Δy = w * Δx, and m_x is the transposed convolution of m_y; the parts as above. Weights that
    depend on the input make it a product of two Values.
    """
    x, weight, bias, *rest = args
    if not isinstance(x, Value) or values_in((weight, bias)):
        return multilinear(tape, operation, args, kwargs)
    actual, reference = at_both(operation, args, kwargs)
    shape, stride_in_memory = x.actual.shape, x.actual.stride()

    def forward(delta: Tensor, w: Tensor) -> Tensor:
        return operation(delta, w, None, *rest)

    def adjoint(m: Tensor, w: Tensor) -> Tensor:
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

    summand = Summand(x, weight, forward, adjoint)
    return weighted_sum(tape, actual, reference, [summand], "convolution")


# A bilinear layer, and the cross product: of several Values at once
rule(aten._trilinear.default, aten.linalg_cross.default)(multilinear)


def _left(m: Tensor, weight: Tensor) -> Tensor:
    return m @ weight.transpose(-1, -2)


def _right(m: Tensor, weight: Tensor) -> Tensor:
    return weight.transpose(-1, -2) @ m


def _product(
    tape: Tape,
    actual: Tensor,
    reference: Tensor,
    a: Value | Tensor,
    b: Value | Tensor,
    scale: Number = 1,
) -> Value:
    """a @ b. Of two values Δ(ab) = Δa b̄ + ā Δb at the middle: both factors' Shapley values."""
    summands = []
    if isinstance(a, Value):
        weight = (b.middle if isinstance(b, Value) else b) * scale
        summands.append(Summand(a, weight, torch.matmul, _left))
    if isinstance(b, Value):
        weight = (a.middle if isinstance(a, Value) else a) * scale
        summands.append(Summand(b, weight, lambda delta, w: w @ delta, _right))
    return weighted_sum(tape, actual, reference, summands, "dense")


@rule(aten.mm.default, aten.bmm.default)
def product(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Matrix products (…, n, k) @ (…, k, m), of a value with weights or of two values.

    With weights m_a = m_y bᵀ. Of two values Δ(ab) = Δa b̄ + ā Δb, exact and so complete, which gives
    both factors' Shapley values.
    """
    a, b = args
    return _product(tape, *at_both(operation, args, kwargs), a, b)


@rule(aten.addmm.default)
def dense(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """A dense layer, bias + a @ b with a (n, k) and b (k, m), as `product`."""
    bias, a, b = args
    if isinstance(bias, Value):
        raise NotImplementedError
    scale = kwargs.get("alpha", 1)
    if isinstance(b, Value) or bias.ndim != 1:
        return _product(tape, *at_both(operation, args, kwargs), a, b, scale)
    # Input and reference together, so that large weights are read once.
    together = operation(bias, torch.cat([a.actual, a.reference]), b, **kwargs)
    actual, reference = together.chunk(2)
    return _product(tape, actual, reference, a, b, scale)


@decomposition(aten.addmm.default)
def dense_with_varying_bias(
    bias: Tensor, a: Tensor, b: Tensor, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """beta·bias + alpha·a @ b, where the bias too depends on the input."""
    return bias * beta + (a @ b) * alpha


@decomposition(aten.baddbmm.default)
def baddbmm(start: Tensor, a: Tensor, b: Tensor, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta·start + alpha·a @ b; with beta = 0 the start is not even looked at."""
    product = torch.bmm(a, b)
    product = product if alpha == 1 else product * alpha
    return product if beta == 0 else product + start * beta


@decomposition(aten.mv.default)
def mv(matrix: Tensor, vector: Tensor) -> Tensor:
    """A matrix times a vector."""
    return (matrix @ vector.unsqueeze(1)).squeeze(1)


@decomposition(aten.addmv.default)
def addmv(
    start: Tensor, matrix: Tensor, vector: Tensor, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """beta·start + alpha·matrix @ vector."""
    return start * beta + (matrix @ vector.unsqueeze(1)).squeeze(1) * alpha


@decomposition(aten.dot.default, aten.vdot.default)
def dot(a: Tensor, b: Tensor) -> Tensor:
    """Σ a_i b_i."""
    return (a * b).sum()


@decomposition(aten.linear.default)
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x @ weightᵀ + bias."""
    product = x @ weight.t()
    return product if bias is None else product + bias
