"""Linear operations without weights, by automatic differentiation; products of several Values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.dispatch.torch_private import (
    tree_flatten,
    tree_leaves,
    tree_map,
    tree_unflatten,
)
from explainers.methods.deeplift.rule_registry import (
    Arguments,
    Keywords,
    Operation,
    at_both,
    substitute,
    values_in,
)
from explainers.methods.deeplift.tape import Multiplier, Parts, Tape, Value


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
    places = any(v.is_index for v in inputs)
    outputs = [Value(*pair, source=inputs[0].source, is_index=places) for pair in pairs]
    if tape.keeps_parts and not places:
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
            own = dtypes[id(value)]
            dtype = own if own.is_floating_point or own.is_complex else number
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
        if isinstance(leaf, Tensor) and (leaf.is_floating_point() or leaf.is_complex()):
            return torch.zeros_like(leaf)
        return leaf

    return operation(*tree_map(pick, args), **tree_map(pick, kwargs))


def multilinear(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Rule of an operation that is linear in each of up to three Values (its constant apart).

    m_x = ∫₀¹ J(x⁰ + tΔx)ᵀ m dt by two Gauss points, exact for the third degree: complete, and
    every Value's Shapley value, since the multilinear extension of such a function is the function
    itself (Owen 1972). For one Value it is the Linear rule, for two the mid-point. With parts the
    Values are used as a whole, since a weight may change a sign, and the output is parted by the
    sign of its difference.

    Parameters
    ----------
    tape : Tape
    operation : callable
        Returns one tensor; differentiable.
    args, kwargs
        Its arguments.

    Returns
    -------
    Value

    Examples
    --------
    >>> tape = Tape()
    >>> x = tape.start(torch.tensor([[2.0, 3.0]]), torch.zeros(1, 2))
    >>> y = multilinear(tape, lambda x: x[:, 0] * x[:, 1], (x,), {})
    >>> tape.backward(y, torch.ones(1), x) * x.delta
    tensor([[3., 3.]])
    """
    inputs = list({id(v): v for v in values_in((args, kwargs))}.values())
    output = tape.split(Value(*at_both(operation, args, kwargs)))
    for value in inputs:
        tape.count_ties(value, off=False)
    nodes = (0.5,) if len(inputs) < 3 else (0.5 - 12**-0.5, 0.5 + 12**-0.5)

    def backward(m: Multiplier) -> Sequence[Multiplier]:
        whole = tape.merge(m, output) if isinstance(m, Parts) else m
        totals = [torch.zeros_like(v.delta) for v in inputs]
        for node in nodes:
            there = [(v.reference + node * v.delta).requires_grad_() for v in inputs]
            of = {id(v): leaf for v, leaf in zip(inputs, there, strict=True)}
            with torch.enable_grad():
                y = operation(
                    *substitute(args, lambda v, of=of: of[id(v)]),  # type: ignore[misc]
                    **substitute(kwargs, lambda v, of=of: of[id(v)]),  # type: ignore[misc]
                )
            for total, part in zip(totals, torch.autograd.grad(y, there, whole), strict=True):
                total += part / len(nodes)
        return [Parts(one, one) for one in totals] if tape.keeps_parts else totals

    tape.add(inputs, [output], backward)
    return output
