"""Truth values as numbers, 0 and 1: comparisons, and what is put together from them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.combination import (
    Operand,
    Term,
    linear_combination,
)
from explainers.methods.deeplift.rule_registry import decomposition
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten


def _at_both(x: Operand) -> tuple[Operand, Operand]:
    return (x.actual, x.reference) if isinstance(x, Value) else (x, x)


def _middle(x: Operand) -> Operand:
    return x.middle if isinstance(x, Value) else x


def _shared(jump: Tensor, step: Tensor) -> Tensor:
    """jump / step, and 0 where nothing jumps, though the step be infinite or undefined."""
    step = step if step.is_floating_point() else step.to(torch.get_default_dtype())
    return torch.where(jump == 0, 0, ratio(jump.to(step.dtype), step))


def _compared(holds: Callable[..., Tensor]) -> Callable[..., Sequence[Term]]:
    def coefficients(a: Operand, b: Operand) -> Sequence[Term]:
        """A jump from 0 to 1, shared by the secant: c = Δy / (Δa − Δb), 0 without a jump."""
        (a1, a0), (b1, b0) = _at_both(a), _at_both(b)
        jump = holds(a1, b1).int() - holds(a0, b0).int()
        share = _shared(jump, torch.as_tensor((a1 - b1) - (a0 - b0)))  # type: ignore[operator]
        return (a, share), (b, -share)

    return coefficients


for _name in ("gt", "ge", "lt", "le", "eq", "ne"):
    _operation = getattr(aten, _name)
    linear_combination(_operation.Tensor, _operation.Scalar)(_compared(getattr(operator, _name)))


def _tested(test: Callable[[Tensor], Tensor]) -> Callable[[Value], Sequence[Term]]:
    def coefficients(a: Value) -> Sequence[Term]:
        """As a comparison: c = Δy/Δa."""
        return ((a, _shared(test(a.actual).int() - test(a.reference).int(), a.delta)),)

    return coefficients


for _test in (torch.isnan, torch.isinf, torch.signbit):
    linear_combination(getattr(aten, _test.__name__).default)(_tested(_test))


def _truths(*operands: Operand) -> None:
    """Numbers become truth values first, by the decompositions below."""
    for x in operands:
        tensor = x.actual if isinstance(x, Value) else x
        if not isinstance(tensor, Tensor) or tensor.dtype != torch.bool:
            raise NotImplementedError


@linear_combination(aten.logical_not.default)
def logical_not(a: Operand) -> Sequence[Term]:
    """Δ(1 − a) = −Δa."""
    _truths(a)
    return ((a, -1),)


@linear_combination(aten.logical_and.default)
def logical_and(a: Operand, b: Operand) -> Sequence[Term]:
    """Δ(ab) = b̄Δa + āΔb."""
    _truths(a, b)
    return (a, _middle(b)), (b, _middle(a))  # type: ignore[return-value]


@linear_combination(aten.logical_or.default)
def logical_or(a: Operand, b: Operand) -> Sequence[Term]:
    """Δ(a + b − ab) = (1 − b̄)Δa + (1 − ā)Δb."""
    _truths(a, b)
    return (a, _less(1, b)), (b, _less(1, a))


@linear_combination(aten.logical_xor.default)
def logical_xor(a: Operand, b: Operand) -> Sequence[Term]:
    """Δ(a + b − 2ab) = (1 − 2b̄)Δa + (1 − 2ā)Δb."""
    _truths(a, b)
    return (a, _less(2, b)), (b, _less(2, a))


def _less(times: int, x: Operand) -> Tensor:
    middle = _middle(x)
    assert isinstance(middle, Tensor)
    return 1 - times * (
        middle.to(torch.get_default_dtype()) if middle.dtype == torch.bool else middle
    )


def _true(x: Tensor) -> Tensor:
    return x if x.dtype == torch.bool else x != 0


@decomposition(aten.logical_not.default)
def logical_not_of_numbers(a: Tensor) -> Tensor:
    """Of whether they are not zero."""
    return torch.logical_not(_true(a))


@decomposition(aten.logical_and.default)
def logical_and_of_numbers(a: Tensor, b: Tensor) -> Tensor:
    """Of whether they are not zero."""
    return torch.logical_and(_true(a), _true(b))


@decomposition(aten.logical_or.default)
def logical_or_of_numbers(a: Tensor, b: Tensor) -> Tensor:
    """Of whether they are not zero."""
    return torch.logical_or(_true(a), _true(b))


@decomposition(aten.logical_xor.default)
def logical_xor_of_numbers(a: Tensor, b: Tensor) -> Tensor:
    """Of whether they are not zero."""
    return torch.logical_xor(_true(a), _true(b))


# On whole numbers these work bit by bit, which nothing here follows.


@decomposition(aten.bitwise_and.Tensor)
def bitwise_and(a: Tensor, b: Tensor) -> Tensor:
    """As logical_and, of truth values."""
    return torch.logical_and(a, b) if a.dtype == b.dtype == torch.bool else NotImplemented


@decomposition(aten.bitwise_or.Tensor)
def bitwise_or(a: Tensor, b: Tensor) -> Tensor:
    """As logical_or, of truth values."""
    return torch.logical_or(a, b) if a.dtype == b.dtype == torch.bool else NotImplemented


@decomposition(aten.bitwise_xor.Tensor)
def bitwise_xor(a: Tensor, b: Tensor) -> Tensor:
    """As logical_xor, of truth values."""
    return torch.logical_xor(a, b) if a.dtype == b.dtype == torch.bool else NotImplemented


@decomposition(aten.bitwise_not.default)
def bitwise_not(a: Tensor) -> Tensor:
    """As logical_not, of truth values."""
    return torch.logical_not(a) if a.dtype == torch.bool else NotImplemented


@decomposition(aten.any.default, aten.any.dim, aten.any.dims)
def any_of(x: Tensor, dim: int | list[int] | None = None, keepdim: bool = False) -> Tensor:
    """Whether any is not zero: at least one."""
    return _counted(_true(x), dim, keepdim) > 0


@decomposition(aten.all.default, aten.all.dim, aten.all.dims)
def all_of(x: Tensor, dim: int | list[int] | None = None, keepdim: bool = False) -> Tensor:
    """Whether none is zero."""
    return _counted(~_true(x), dim, keepdim) < 1


@decomposition(aten.count_nonzero.default, aten.count_nonzero.dim_IntList)
def count_nonzero(x: Tensor, dim: int | list[int] | None = None) -> Tensor:
    """How many are not zero."""
    return _counted(_true(x), dim, False)


def _counted(x: Tensor, dim: int | list[int] | None, keepdim: bool) -> Tensor:
    return x.sum() if dim is None else x.sum(dim, keepdim)
