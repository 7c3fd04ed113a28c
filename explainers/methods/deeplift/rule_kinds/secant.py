"""Elementwise functions of one value, by their secant: the Rescale and RevealCancel rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor

from explainers.methods.deeplift.rule_kinds.combination import signed_parts, swap_parts
from explainers.methods.deeplift.rule_registry import (
    Arguments,
    Keywords,
    Operation,
    at_both,
    rule,
    values_in,
)
from explainers.methods.deeplift.secants import Secant
from explainers.methods.deeplift.tape import Parts, Tape, Value

_Secant = TypeVar("_Secant", bound=Callable[..., Tensor])


def nonlinearity(*operations: Operation, whole_line: bool = True) -> Callable[[_Secant], _Secant]:
    """Register secant(a, d, *other arguments) = (f(a + d) − f(a)) / d, the slope f′(a) where d = 0.

    Rescale (section 3.5.2): m_x = secant(x⁰, Δ) m_y, complete by definition. RevealCancel (section
    3.5.3): k⁺ = ½ secant(x⁰, Δ⁺) + ½ secant(x⁰ + Δ⁻, Δ⁺), its mirror k⁻, and Δy^± = k^± Δx^±.
    Complete because k⁺Δ⁺ + k⁻Δ⁻ = f(x) − f(x⁰): the two ways of adding one part after the other,
    averaged. A function that is not defined (or has a pole) on the whole line keeps Rescale's
    multiplier for both parts, which may lie outside its domain.

    Parameters
    ----------
    *operations : callable
        ATen overloads f(x, *other arguments).
    whole_line : bool
        Whether f is defined and finite on all real numbers.

    Returns
    -------
    callable
        The decorator; it returns the `Secant` that it is given.
    """

    def register(secant: _Secant) -> _Secant:
        def run(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
            x, *rest = args
            if not isinstance(x, Value) or values_in((rest, kwargs)):
                raise NotImplementedError
            output = Value(*at_both(operation, args, kwargs))
            if tape.keeps_parts:
                reveal = tape.rule == "reveal_cancel" or x.source == "dense"
                if reveal and whole_line:
                    _reveal_cancel(tape, secant, x, output, rest, kwargs)
                else:
                    slope = secant(x.reference, x.delta, *rest, **kwargs)
                    _rescale_parts(tape, slope, x, output)
            else:

                def backward(m: Tensor) -> tuple[Tensor]:
                    return (tape.times(m, secant(x.reference, x.delta, *rest, **kwargs)),)

                tape.add([x], [output], backward)
            return output

        rule(*operations)(run)
        return secant

    return register


def _rescale_parts(tape: Tape, slope: Tensor, x: Value, output: Value) -> None:
    """One multiplier for both parts; a negative one swaps them."""
    up, down = signed_parts(slope)
    times = tape.times
    output.parts = Parts(
        swap_parts(x.plus, x.minus, up, down, times), swap_parts(x.minus, x.plus, up, down, times)
    )

    def backward(m: Parts) -> tuple[Parts]:
        return (
            Parts(
                swap_parts(m.plus, m.minus, up, down, times),
                swap_parts(m.minus, m.plus, up, down, times),
            ),
        )

    tape.add([x], [output], backward)


def _reveal_cancel(
    tape: Tape, secant: Secant, x: Value, output: Value, rest: list[Any], kwargs: Keywords
) -> None:
    """A multiplier for each part: the mean over both orders of adding them."""
    a, p, n = x.reference, x.plus, x.minus
    plus = (secant(a, p, *rest, **kwargs) + secant(a + n, p, *rest, **kwargs)) / 2
    minus = (secant(a, n, *rest, **kwargs) + secant(a + p, n, *rest, **kwargs)) / 2
    tape.count_ties(x)
    times = tape.times
    output.parts = Parts(times(plus, x.plus), times(minus, x.minus))

    def backward(m: Parts) -> tuple[Parts]:
        return (Parts(times(plus, m.plus), times(minus, m.minus)),)

    tape.add([x], [output], backward)
