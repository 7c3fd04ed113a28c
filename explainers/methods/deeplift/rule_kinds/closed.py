"""Operations of whole tensors, by any linear map that is exact for this pair of points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from torch import Tensor

from explainers.methods.deeplift.rule_registry import (
    RULES,
    Arguments,
    Keywords,
    Operation,
    Rule,
    values_in,
)
from explainers.methods.deeplift.tape import Parts, Tape, Value

# (at the input, at the reference, backward from the multiplier of y to one for each Value)
ClosedForm: TypeAlias = tuple[Tensor, Tensor, Callable[[Tensor], Sequence[Tensor]]]


def closed_form(
    *operations: Operation, serves: int = 1, registry: dict[Operation, Rule] = RULES
) -> Callable[[Callable[..., ClosedForm]], Callable[..., ClosedForm]]:
    """Register function(*args) → (actual, reference, backward), backward(m) → one for each Value.

    Complete when Σ backward(m)·Δx = m·Δy. With parts, the output is parted by the sign of its
    difference, and the inputs are used as a whole.

    Parameters
    ----------
    *operations : callable
        ATen overloads of the same arguments, with one output.
    serves : int
        How many arguments, from the first, may depend on the input. Where another does, a weight
        for example, the operation is decomposed.
    registry : dict of operation to Rule

    Returns
    -------
    callable
        The decorator; it returns the function that it is given.
    """

    def register(function: Callable[..., ClosedForm]) -> Callable[..., ClosedForm]:
        def run(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
            inputs = values_in((args, kwargs))
            if values_in((args[serves:], kwargs)) or not values_in(args[:serves]):
                raise NotImplementedError
            actual, reference, whole = function(*args, **kwargs)
            output = tape.split(Value(actual, reference))
            if not tape.keeps_parts:
                tape.add(inputs, [output], whole)
                return output
            for value in inputs:
                tape.count_ties(value, off=False)

            def backward(m: Parts) -> list[Parts]:
                return [Parts(one, one) for one in whole(tape.merge(m, output))]

            tape.add(inputs, [output], backward)
            return output

        registry.update(dict.fromkeys(operations, run))
        return function

    return register
