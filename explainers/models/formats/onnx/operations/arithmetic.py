"""Sums, products, powers, comparisons and choices, element by element with broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import Ints, NotCovered, number, operation


def _aligned(a: Tensor, b: Tensor, broadcast: int, axis: int | None) -> Tensor:
    """`b` with the ones that the broadcasting before operator set 7 asks for."""
    if not broadcast or axis is None or b.ndim == 0:
        return b
    axis = axis % a.ndim
    return b.reshape(*b.shape, *[1] * (a.ndim - axis - b.ndim))


def _binary(name: str, function: Callable[[Tensor, Tensor], Tensor]) -> None:
    @operation(name)
    def compute(
        a: Tensor,
        b: Tensor,
        *,
        broadcast: int = 0,
        axis: int | None = None,
        consumed_inputs: Ints = (),
    ) -> Tensor:
        return function(a, _aligned(a, b, broadcast, axis))


_BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
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
}
for _name, _function in _BINARY.items():
    _binary(_name, _function)


@operation("Div")
def div(
    a: Tensor, b: Tensor, *, broadcast: int = 0, axis: int | None = None, consumed_inputs: Ints = ()
) -> Tensor:
    """a / b; whole numbers are cut towards zero."""
    b = _aligned(a, b, broadcast, axis)
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc") if whole else torch.div(a, b)


@operation("Mod")
def mod(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    """The remainder, with the sign of b, or with that of a where fmod = 1."""
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


@operation("Pow")
def power(a: Tensor, b: Tensor, *, broadcast: int = 0, axis: int | None = None) -> Tensor:
    """a^b in the type of a; a lone exponent as a number, for which slopes are simpler."""
    exponent = number(b)
    if exponent is not None:
        if not a.is_floating_point() and (isinstance(exponent, float) or exponent < 0):
            return torch.pow(a.double(), exponent).to(a.dtype)
        return torch.pow(a, int(exponent) if float(exponent).is_integer() else exponent)
    return torch.pow(a, _aligned(a, b, broadcast, axis)).to(a.dtype)


@operation("Sum")
def total(*values: Tensor, consumed_inputs: Ints = ()) -> Tensor:
    """The sum of all."""
    return reduce(torch.add, values)


@operation("Mean")
def mean(*values: Tensor, consumed_inputs: Ints = ()) -> Tensor:
    """The mean of all."""
    return reduce(torch.add, values) / len(values)


@operation("Max")
def maximum(*values: Tensor, consumed_inputs: Ints = ()) -> Tensor:
    """The largest of all."""
    return reduce(torch.maximum, values)


@operation("Min")
def minimum(*values: Tensor, consumed_inputs: Ints = ()) -> Tensor:
    """The smallest of all."""
    return reduce(torch.minimum, values)


@operation("Where")
def where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """a where the condition holds, else b."""
    return torch.where(condition, a, b)


@operation("MatMul")
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The matrix product, as numpy's."""
    return torch.matmul(a, b)


@operation("Gemm")
def gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    broadcast: int = 0,
) -> Tensor:  # noqa: N803
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
def einsum(*values: Tensor, equation: str) -> Tensor:
    """Einstein's sum."""
    if not set(equation) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,.-> "):
        raise NotCovered(f"the equation {equation[:40]!r}")
    return torch.einsum(equation.replace(" ", ""), *values)
