"""The last resort for an operation without a rule: a local integral, made complete.

Integrated Gradients (Sundararajan, Taly & Yan 2017, arXiv:1703.01365) of one operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.dispatch.torch_private import tree_leaves, tree_map
from explainers.methods.deeplift.rule_registry import (
    Arguments,
    Keywords,
    Operation,
    at_both,
    values_in,
)
from explainers.methods.deeplift.tape import Multiplier, Parts, Tape, Value, worth
from explainers.methods.integrated_gradients.straight_path import quadrature

_POINTS = 16


def integrate(
    tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords
) -> Value | tuple[Value, ...]:
    """Follow any differentiable operation by m_x = ∫₀¹ J(x⁰ + tΔx)ᵀ m dt; a `Rule`.

    By Gauss-Legendre with 16 points, for all Values that the operation takes. What the quadrature
    misses of Σ m_y Δy is spread over the moved entries in proportion to Δx² of m_x Δx, so that the
    step is complete.

    Parameters
    ----------
    tape : Tape
    operation : callable
        Of floating-point Values, with a derivative along the straight way.
    args, kwargs
        Its arguments.

    Returns
    -------
    Value or tuple of Values
        One for each tensor that it returns.
    """
    inputs = values_in((args, kwargs))
    actual, reference = (tree_leaves(result) for result in at_both(operation, args, kwargs))
    # Whole numbers among several outputs are places, with which nothing can be shared out.
    outputs = [
        tape.split(Value(*pair, is_index=not (pair[0].is_floating_point() or pair[0].is_complex())))
        for pair in zip(actual, reference, strict=True)
    ]

    # Where the first dimension is kept, rows stay apart: an answer does not depend on the batch.
    by_row = (
        len({v.actual.shape[:1] for v in (*inputs, *outputs)}) == 1 and inputs[0].actual.ndim > 0
    )

    def backward(*multipliers: Multiplier | None) -> Sequence[Multiplier]:
        whole = [
            tape.merge(m, value) if isinstance(m, Parts) else m
            for value, m in zip(outputs, multipliers, strict=True)
        ]
        averages = _averaged(operation, args, kwargs, inputs, whole)
        missed = _contribution(outputs, whole, by_row) - _contribution(inputs, averages, by_row)
        size = _contribution(inputs, [v.delta for v in inputs], by_row)
        # A row in which nothing moved cannot carry what it missed: all others do.
        stuck, rows = torch.where(size > 0, 0, missed).sum(), (size > 0).sum().clamp(min=1)
        missed = missed + stuck / rows
        share = torch.where(size > 0, missed / torch.where(size > 0, size, 1), 0)
        completed = [
            m + share.reshape(-1, *[1] * (m.ndim - 1)) * v.delta if by_row else m + share * v.delta
            for v, m in zip(inputs, averages, strict=True)
        ]
        return [Parts(m, m) for m in completed] if tape.keeps_parts else completed

    tape.add(inputs, outputs, backward)
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _averaged(
    operation: Operation,
    args: Arguments,
    kwargs: Keywords,
    inputs: list[Value],
    multipliers: Sequence[Tensor | None],
) -> list[Tensor]:
    """The mean over the way of Jᵀ m, for each input."""
    totals = [torch.zeros_like(v.actual) for v in inputs]
    nodes, weights = (t.tolist() for t in quadrature("gauss_legendre", _POINTS))
    for node, weight in zip(nodes, weights, strict=True):
        leaves = [(v.reference + node * v.delta).requires_grad_() for v in inputs]
        leaf_of: dict[int, Any] = {id(v): leaf for v, leaf in zip(inputs, leaves, strict=True)}
        with torch.enable_grad():
            there = tree_map(lambda leaf, of=leaf_of: of.get(id(leaf), leaf), (args, kwargs))
            outputs = tree_leaves(operation(*there[0], **there[1]))
        kept = [(y, m) for y, m in zip(outputs, multipliers, strict=True) if m is not None]
        gradients = torch.autograd.grad(
            [y for y, _ in kept], leaves, [m for _, m in kept], allow_unused=True
        )
        for total, gradient in zip(totals, gradients, strict=True):
            if gradient is not None:
                total += weight * gradient
    return totals


def _contribution(
    values: list[Value], multipliers: Sequence[Tensor | None], by_row: bool
) -> Tensor:
    """Σ m·Δ, of each row apart or of all."""
    total = sum(
        _total(worth(m, v.delta), by_row)
        for v, m in zip(values, multipliers, strict=True)
        if m is not None
    )
    assert isinstance(total, Tensor)
    return total


def _total(x: Tensor, by_row: bool) -> Tensor:
    return x.flatten(1).sum(1) if by_row and x.ndim > 1 else x if by_row else x.sum()
