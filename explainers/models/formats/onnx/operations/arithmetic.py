"""Sums, products, powers, comparisons and choices, element by element with broadcasting."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, number, operation


def _aligned(a: Tensor, b: Tensor, broadcast: int, axis: int | None) -> Tensor:
    """`b` with the ones that the broadcasting before operator set 7 asks for."""
    if not broadcast or axis is None or b.ndim == 0:
        return b
    axis = axis % a.ndim
    return b.reshape(*b.shape, *[1] * (a.ndim - axis - b.ndim))


def _binary(name: str, function) -> None:
    @operation(name)
    def compute(a, b, *, broadcast=0, axis=None, consumed_inputs=()):
        return function(a, _aligned(a, b, broadcast, axis))


for _name, _function in {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Equal": torch.eq,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "And": torch.logical_and,
    "Or": torch.logical_or,
    "Xor": torch.logical_xor,
    "BitwiseAnd": torch.bitwise_and,
    "BitwiseOr": torch.bitwise_or,
    "BitwiseXor": torch.bitwise_xor,
}.items():
    _binary(_name, _function)


@operation("Div")
def div(a, b, *, broadcast=0, axis=None, consumed_inputs=()):
    """a / b; whole numbers are cut towards zero."""
    b = _aligned(a, b, broadcast, axis)
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc") if whole else torch.div(a, b)


@operation("Mod")
def mod(a, b, *, fmod=0):
    """The remainder, with the sign of b, or with that of a where fmod = 1."""
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


@operation("Pow")
def power(a, b, *, broadcast=0, axis=None):
    """a^b in the type of a; a lone exponent as a number, for which slopes are simpler."""
    exponent = number(b)
    if exponent is not None:
        if not a.is_floating_point() and (isinstance(exponent, float) or exponent < 0):
            return torch.pow(a.double(), exponent).to(a.dtype)
        return torch.pow(a, int(exponent) if float(exponent).is_integer() else exponent)
    return torch.pow(a, _aligned(a, b, broadcast, axis)).to(a.dtype)


@operation("Sum")
def total(*values, consumed_inputs=()):
    """The sum of all."""
    return reduce(torch.add, values)


@operation("Mean")
def mean(*values, consumed_inputs=()):
    """The mean of all."""
    return reduce(torch.add, values) / len(values)


@operation("Max")
def maximum(*values, consumed_inputs=()):
    """The largest of all."""
    return reduce(torch.maximum, values)


@operation("Min")
def minimum(*values, consumed_inputs=()):
    """The smallest of all."""
    return reduce(torch.minimum, values)


@operation("Where")
def where(condition, a, b):
    """a where the condition holds, else b."""
    return torch.where(condition, a, b)


@operation("MatMul")
def matmul(a, b):
    """The matrix product, as numpy's."""
    return torch.matmul(a, b)


@operation("Gemm")
def gemm(a, b, c=None, *, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=0):  # noqa: N803
    """alpha · A B + beta · C."""
    a, b = a.mT if transA else a, b.mT if transB else b
    if alpha == beta == 1 and c is not None and c.ndim == 1 and transB and len(c) == b.shape[1]:
        return torch.nn.functional.linear(a, b.mT, c)
    made = torch.matmul(a, b)
    made = made if alpha == 1 else made * alpha
    if c is None:
        return made
    return made + (c if beta == 1 else c * beta)


@operation("Einsum")
def einsum(*values, equation):
    """Einstein's sum."""
    if not set(equation) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,.-> "):
        raise NotCovered(f"the equation {equation[:40]!r}")
    return torch.einsum(equation.replace(" ", ""), *values)
