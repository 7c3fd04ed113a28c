"""Linear operations without weights: the parts of a difference pass through as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_registry import (
    Arguments,
    Keywords,
    Operation,
    at_both,
    substitute,
    values_in,
)
from explainers.methods.deeplift.tape import Multiplier, Parts, Tape, Value
from explainers.methods.deeplift.torch_private import (
    tree_flatten,
    tree_leaves,
    tree_map,
    tree_unflatten,
)


def linear_map(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """Linear rule of an operation L that rearranges, selects or averages; a `Rule`.

    Forward L(Δ⁺) and L(Δ⁻), back m_x = Lᵀ m_y, by automatic differentiation. Complete because
    ⟨m, L Δ⟩ = ⟨Lᵀ m, Δ⟩. Section 3.5.1, where no weight changes a sign.

    Parameters
    ----------
    tape : Tape
    operation : callable
        L, linear in all Values jointly.
    args, kwargs
        Its arguments. Constant tensors among them add nothing to differences.

    Returns
    -------
    Value or a tuple or list of Values
        As the operation returns tensors.
    """
    inputs = values_in((args, kwargs))
    actual, reference = at_both(operation, args, kwargs)
    actuals, spec = tree_flatten(actual)
    pairs = zip(actuals, tree_leaves(reference))  # noqa: B905
    outputs = [Value(*pair, source=inputs[0].source) for pair in pairs]
    if tape.keeps_parts:
        plus = tree_leaves(_on_part(operation, args, kwargs, "plus"))
        minus = tree_leaves(_on_part(operation, args, kwargs, "minus"))
        for value, p, n in zip(outputs, plus, minus, strict=True):
            value.parts = Parts(p, n)
    layouts = {id(v): (v.actual.shape, v.actual.stride(), v.actual.device) for v in inputs}
    dtypes = {id(v): v.actual.dtype for v in inputs}

    def backward(*multipliers: Multiplier | None) -> Sequence[Multiplier | None]:
        given = next(m for m in multipliers if m is not None)
        number = given.plus.dtype if isinstance(given, Parts) else given.dtype
        leaves: list[Tensor] = []

        def leaf(value: Value) -> Tensor:
            shape, stride, device = layouts[id(value)]
            dtype = dtypes[id(value)] if dtypes[id(value)].is_floating_point else number
            empty = torch.empty_strided(shape, stride, dtype=dtype, device=device)
            leaves.append(empty.requires_grad_())
            return leaves[-1]

        with torch.enable_grad():
            result = operation(*substitute(args, leaf), **substitute(kwargs, leaf))
            again = tree_leaves(result)
        kept = [(y, m) for y, m in zip(again, multipliers, strict=True) if m is not None]

        def adjoint(pick: Callable[[Any], Tensor]) -> tuple[Tensor | None, ...]:
            ms = [pick(m).to(y.dtype) for y, m in kept]
            return torch.autograd.grad(
                [y for y, _ in kept], leaves, ms, retain_graph=tape.keeps_parts, allow_unused=True
            )

        if not tape.keeps_parts:
            return adjoint(lambda m: m)
        pairs = zip(adjoint(lambda m: m.plus), adjoint(lambda m: m.minus), strict=True)
        return [None if p is None or n is None else Parts(p, n) for p, n in pairs]

    tape.add(inputs, outputs, backward)
    return tree_unflatten(outputs, spec)


def _on_part(operation: Operation, args: Arguments, kwargs: Keywords, part: str) -> Any:
    """The linear part of the operation on one part of the differences: constants count as zero."""

    def pick(leaf: object) -> object:
        if isinstance(leaf, Value):
            return getattr(leaf, part)
        if isinstance(leaf, Tensor) and leaf.is_floating_point():
            return torch.zeros_like(leaf)
        return leaf

    return operation(*tree_map(pick, args), **tree_map(pick, kwargs))
