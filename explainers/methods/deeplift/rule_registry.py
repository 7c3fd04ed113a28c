"""The rule of every operation, and what a rule must give.

Add a rule by decorating a function: `@rule(aten.…)` for one that runs the operation itself,
`@decomposition(aten.…)` for one that writes it with others; `rule_kinds` has shorter forms for
elementwise functions, sums of terms and closed forms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from explainers.dispatch.torch_private import tree_leaves, tree_map
from explainers.methods.deeplift.tape import Tape, Value

# An ATen overload such as aten.add.Tensor, or another function of tensors.
Operation: TypeAlias = Callable[..., Any]
# Its arguments as they were called with: tensors, numbers, lists of them, None, …
Arguments: TypeAlias = tuple[Any, ...]
Keywords: TypeAlias = dict[str, Any]
Number: TypeAlias = int | float


class Rule(Protocol):
    """What a rule must give: the operation at input and reference, and its multipliers.

    It computes the outputs' Values, adds a step to the tape whose `backward` is *complete*, and
    returns what the operation would, with Values for tensors. Complete means that the multipliers
    of the inputs are worth, on the inputs' differences, what those of the outputs are worth on the
    outputs' (summation-to-delta): Σ m_x Δx = Σ m_y Δy; with parts, Σ m_x⁺Δx⁺ + m_x⁻Δx⁻ likewise.

    Parameters
    ----------
    tape : Tape
        Where the step is remembered; `tape.keeps_parts` says whether Parts are asked for.
    operation : callable
        The operation that was called: one rule may serve several.
    args, kwargs
        Its arguments, in which Values stand for tensors that depend on the input.

    Returns
    -------
    Value, Tensor, or a tuple or list of them
        As the operation returns tensors.

    Raises
    ------
    NotImplementedError
        Where an argument depends on the input that the rule takes for constant (a weight, say).
        The operation is then decomposed.
    """

    def __call__(
        self, tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords, /
    ) -> Any: ...


RULES: dict[Operation, Rule] = {}
# operation → a function of the same arguments, written with operations that have rules
DECOMPOSITIONS: dict[Operation, Operation] = {}
# The same where a number that takes part is complex
COMPLEX_RULES: dict[Operation, Rule] = {}
COMPLEX_DECOMPOSITIONS: dict[Operation, Operation] = {}

_Rule = TypeVar("_Rule", bound=Rule)
_Function = TypeVar("_Function", bound=Operation)


def rule(*operations: Operation) -> Callable[[_Rule], _Rule]:
    """Register the decorated rule for the operations.

    Parameters
    ----------
    *operations : callable
        ATen overloads, such as `torch.ops.aten.view.default`.

    Returns
    -------
    callable
        The decorator; it returns the `Rule` that it is given.
    """

    def register(function: _Rule) -> _Rule:
        RULES.update(dict.fromkeys(operations, function))
        return function

    return register


def decomposition(*operations: Operation) -> Callable[[_Function], _Function]:
    """Register the decorated function of tensors as what the operations do, in terms of others.

    Parameters
    ----------
    *operations : callable
        ATen overloads; the function takes the same arguments. Its own operations are followed by
        their rules, so it is complete when those are.

    Returns
    -------
    callable
        The decorator; it returns the function that it is given.
    """

    def register(function: _Function) -> _Function:
        DECOMPOSITIONS.update(dict.fromkeys(operations, function))
        return function

    return register


def values_in(tree: object) -> list[Value]:
    """The Values among nested arguments, in order.

    Examples
    --------
    >>> import torch
    >>> value = Value(torch.ones(2), torch.zeros(2))
    >>> values_in(([value, 3], {"dim": 0, "other": value})) == [value, value]
    True
    """
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Value)]


def substitute(tree: Any, pick: Callable[[Value], object]) -> Any:
    """The nested arguments with pick(value) in place of every Value.

    Examples
    --------
    >>> import torch
    >>> value = Value(torch.ones(2), torch.zeros(2))
    >>> substitute(([value, 3],), lambda v: v.actual)
    ([tensor([1., 1.]), 3],)
    """
    return tree_map(lambda leaf: pick(leaf) if isinstance(leaf, Value) else leaf, tree)


def at_actual(operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """What the operation returns at the input."""
    return operation(
        *substitute(args, lambda v: v.actual), **substitute(kwargs, lambda v: v.actual)
    )


def at_reference(operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """What the operation returns at the reference."""
    return operation(
        *substitute(args, lambda v: v.reference), **substitute(kwargs, lambda v: v.reference)
    )


def at_both(operation: Operation, args: Arguments, kwargs: Keywords) -> tuple[Any, Any]:
    """What the operation returns at the input, and at the reference.

    Examples
    --------
    >>> import torch
    >>> value = Value(torch.ones(2), torch.zeros(2))
    >>> at_both(torch.add, (value, 3), {})
    (tensor([4., 4.]), tensor([3., 3.]))
    """
    return at_actual(operation, args, kwargs), at_reference(operation, args, kwargs)
