"""Elementwise operations of several values, where Δy = Σ c_i Δx_i with known coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_registry import (
    Arguments,
    Keywords,
    Number,
    Operation,
    at_both,
    rule,
)
from explainers.methods.deeplift.tape import Parts, Tape, Value

Operand: TypeAlias = Value | Tensor | Number
Coefficient: TypeAlias = Tensor | Number
# One summand c Δx: what it multiplies, and c, which broadcasts with it.
Term: TypeAlias = tuple[Operand, Coefficient]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def linear_combination(*operations: Operation) -> Callable[[_Function], _Function]:
    """Register a function of the arguments that returns terms (value, coefficient): Δy = Σ c Δx.

    m_x = c m_y; a negative coefficient swaps the parts: Δy⁺ = Σ c⁺Δx⁺ + c⁻Δx⁻ and m_x⁺ = c⁺m_y⁺ +
    c⁻m_y⁻, with c^± the parts of c. Complete whenever the sum holds.

    Parameters
    ----------
    *operations : callable
        Elementwise ATen overloads.

    Returns
    -------
    callable
        The decorator; it returns the function that it is given.
    """

    def register(coefficients: _Function) -> _Function:
        def run(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
            terms = coefficients(*args, **kwargs)
            return combine(tape, *at_both(operation, args, kwargs), terms)

        rule(*operations)(run)
        return coefficients

    return register


def combine(tape: Tape, actual: Tensor, reference: Tensor, terms: Sequence[Term]) -> Value:
    """Remember y with Δy = Σ c Δx.

    Parameters
    ----------
    tape : Tape
    actual, reference : Tensor, shape (…)
        y at the input and at the reference.
    terms : sequence of (operand, coefficient)
        Operands that are no Values do not differ, and are passed over. Both broadcast to (…).

    Returns
    -------
    Value of shape (…)

    Examples
    --------
    >>> import torch
    >>> tape = Tape()
    >>> x = tape.start(torch.tensor([5.0]), torch.tensor([1.0]))
    >>> y = combine(tape, 3 * x.actual, 3 * x.reference, [(x, 3)])
    >>> tape.backward(y, torch.ones(1), x)
    tensor([3.])
    """
    moving = [(v, c) for v, c in terms if isinstance(v, Value)]
    source = next((v.source for v, _ in moving if v.source), None)
    output = Value(actual, reference, source=source)
    inputs = [v for v, _ in moving]
    if not tape.keeps_parts:

        def whole(m: Tensor) -> list[Tensor]:
            return [_sum_to_shape(_times(m, c, tape.times), v) for v, c in moving]

        tape.add(inputs, [output], whole)
        return output
    signed = [(v, *signed_parts(c)) for v, c in moving]
    times = tape.times
    output.parts = Parts(
        _summed([swap_parts(v.plus, v.minus, up, down, times) for v, up, down in signed], actual),
        _summed([swap_parts(v.minus, v.plus, up, down, times) for v, up, down in signed], actual),
    )

    def by_parts(m: Parts) -> list[Parts]:
        return [
            Parts(
                _sum_to_shape(swap_parts(m.plus, m.minus, up, down, times), v),
                _sum_to_shape(swap_parts(m.minus, m.plus, up, down, times), v),
            )
            for v, up, down in signed
        ]

    tape.add(inputs, [output], by_parts)
    return output


def _sum_to_shape(m: Tensor, value: Value) -> Tensor:
    """A multiplier summed over what broadcasting repeated, in the value's own type."""
    like = value.actual
    m = m if m.shape == like.shape else m.sum_to_size(like.shape)
    return m.to(like.dtype) if like.is_floating_point() else m


def _summed(parts: list[Tensor], like: Tensor) -> Tensor:
    """Their sum, in the full shape of the result."""
    return sum(parts[1:], parts[0]).expand(like.shape)


def _times(m: Tensor, c: Coefficient, times: Callable[[Tensor, Any], Tensor]) -> Tensor:
    return m if isinstance(c, (int, float)) and c == 1 else times(m, c)


_FEW = 8192  # so many coefficients, such as one a channel, are worth looking at


def signed_parts(c: Coefficient) -> tuple[Coefficient | None, Coefficient | None]:
    """The positive and the negative part of a coefficient; None where it is surely nothing.

    Examples
    --------
    >>> import torch
    >>> signed_parts(-2)
    (None, -2)
    >>> signed_parts(torch.tensor([3.0, -1.0]))
    (tensor([3., 0.]), tensor([ 0., -1.]))
    """
    if isinstance(c, (int, float)):
        return (c, None) if c >= 0 else (None, c)
    if c.numel() <= _FEW and bool((c >= 0).all()):
        return c, None
    return c.clamp(min=0), c.clamp(max=0)


def swap_parts(
    same: Tensor,
    other: Tensor,
    up: Coefficient | None,
    down: Coefficient | None,
    times: Callable[[Tensor, Any], Tensor] = torch.mul,
) -> Tensor:
    """up·same + down·other: one part of c Δx from both parts of Δx, c = up + down.

    Examples
    --------
    >>> import torch
    >>> swap_parts(torch.ones(1), torch.full((1,), 5.0), None, -2)
    tensor([-10.])
    """
    if up is None:
        assert down is not None
        return times(other, down)
    if down is None:
        return _times(same, up, times)
    return times(same, up).add_(times(other, down))
