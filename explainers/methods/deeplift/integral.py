"""The last resort for an operation without a rule: a local integral, made complete."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from explainers.methods.deeplift.rulebook import put, values_in
from explainers.methods.deeplift.tape import Parts, Tape, Value
from explainers.methods.integrated_gradients import quadrature

_POINTS = 16


def integrate(tape: Tape, function, args, kwargs):
    """m_x = ∫₀¹ J(x⁰ + tΔx)ᵀ m dt by Gauss-Legendre, for all values the operation takes.

    What the quadrature misses of Σ m_y Δy is spread over the moved entries in proportion to Δx²
    of m_x Δx, so that the step is complete.
    """
    taken = values_in((args, kwargs))
    now, before = (
        tree_leaves(function(*put(args, at), **put(kwargs, at)))
        for at in (lambda v: v.now, lambda v: v.before)
    )
    made = [tape.split(Value(*pair)) for pair in zip(now, before, strict=True)]

    # Where the first dimension is kept, rows stay apart: an answer does not depend on the batch.
    apart = len({v.now.shape[:1] for v in (*taken, *made)}) == 1 and taken[0].now.ndim > 0

    def back(*multipliers):
        whole = []
        for value, m in zip(made, multipliers, strict=True):
            whole.append(tape.chosen(m, value) if isinstance(m, Parts) else m)
        found = _averaged(function, args, kwargs, taken, whole)
        missed = _worth(made, whole, apart) - _worth(taken, found, apart)
        size = _worth(taken, [v.delta for v in taken], apart)
        share = torch.where(size > 0, missed / torch.where(size > 0, size, 1), 0)
        found = [
            m + share.reshape(-1, *[1] * (m.ndim - 1)) * v.delta if apart else m + share * v.delta
            for v, m in zip(taken, found, strict=True)
        ]
        return [Parts(m, m) for m in found] if tape.parts else found

    tape.add(taken, made, back)
    return made[0] if len(made) == 1 else tuple(made)


def _averaged(function, args, kwargs, taken: list[Value], multipliers) -> list[Tensor]:
    totals = [torch.zeros_like(v.now) for v in taken]
    places, weights = (t.tolist() for t in quadrature("gauss_legendre", _POINTS))
    for place, weight in zip(places, weights, strict=True):
        leaves = [(v.before + place * v.delta).requires_grad_() for v in taken]
        known = {id(v): leaf for v, leaf in zip(taken, leaves, strict=True)}
        with torch.enable_grad():
            given = tree_map(lambda leaf, known=known: known.get(id(leaf), leaf), (args, kwargs))
            made = tree_leaves(function(*given[0], **given[1]))
        kept = [(y, m) for y, m in zip(made, multipliers, strict=True) if m is not None]
        grads = torch.autograd.grad(
            [y for y, _ in kept], leaves, [m for _, m in kept], allow_unused=True
        )
        for total, grad in zip(totals, grads, strict=True):
            if grad is not None:
                total += weight * grad
    return totals


def _worth(values: list[Value], multipliers, apart: bool) -> Tensor:
    """Σ m·Δ, of each row apart or of all."""
    return sum(
        _total(m * v.delta, apart)
        for v, m in zip(values, multipliers, strict=True)
        if m is not None
    )


def _total(x: Tensor, apart: bool) -> Tensor:
    return x.flatten(1).sum(1) if apart and x.ndim > 1 else x if apart else x.sum()
