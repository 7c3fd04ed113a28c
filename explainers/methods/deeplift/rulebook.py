"""The rules by operation, and the kinds of rule: a rule says one thing, its kind does the rest.

Every kind keeps the books for both ways of asking. Rescale sends one multiplier back. RevealCancel
carries the parts Δ⁺ and Δ⁻ forward and a multiplier for each back. All are complete: what goes back
is worth, on the differences taken, what came in is worth on the differences made.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from explainers.methods.deeplift.tape import Parts, Tape, Value

# operation → function(tape, operation, args, kwargs), in which Values stand for tensors
RULES: dict[Callable, Callable] = {}
# operation → function of tensors, written with other operations that have rules
COMPOSED: dict[Callable, Callable] = {}


def rule(*operations: Callable) -> Callable:
    """Register the decorated function(tape, operation, args, kwargs) for the operations."""

    def register(function: Callable) -> Callable:
        RULES.update(dict.fromkeys(operations, function))
        return function

    return register


def composed(*operations: Callable) -> Callable:
    """Register a function that says the operations in terms of others."""

    def register(function: Callable) -> Callable:
        COMPOSED.update(dict.fromkeys(operations, function))
        return function

    return register


def values_in(tree) -> list[Value]:
    """The Values among the arguments, in order."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Value)]


def put(tree, pick: Callable[[Value], Tensor]):
    """The arguments with pick(value) in place of every Value."""
    return tree_map(lambda leaf: pick(leaf) if isinstance(leaf, Value) else leaf, tree)


def both(function: Callable, args, kwargs) -> tuple:
    """The operation at the input and at the reference."""
    now = function(*put(args, lambda v: v.now), **put(kwargs, lambda v: v.now))
    return now, function(*put(args, lambda v: v.before), **put(kwargs, lambda v: v.before))


def summed_to(m: Tensor, value: Value) -> Tensor:
    """A multiplier summed over what broadcasting repeated, in the value's own type."""
    m = m if m.shape == value.now.shape else m.sum_to_size(value.now.shape)
    return m.to(value.now.dtype) if value.now.is_floating_point() else m


# Linear and single-minded: the parts pass through as they are


def move(tape: Tape, function: Callable, args, kwargs):
    """A linear operation that rearranges, selects or averages: L(Δ⁺) and L(Δ⁻), and back by Lᵀ.

    Complete because ⟨m, L Δ⟩ = ⟨Lᵀ m, Δ⟩.
    """
    taken = values_in((args, kwargs))
    now, before = both(function, args, kwargs)
    nows, spec = tree_flatten(now)
    made = [Value(*pair, source=taken[0].source) for pair in zip(nows, tree_leaves(before))]  # noqa: B905
    if tape.parts:
        for part in ("plus", "minus"):
            moved = tree_leaves(_moved(function, args, kwargs, part))
            for value, tensor in zip(made, moved, strict=True):
                setattr(value, part, tensor)
    shapes = {id(v): (v.now.shape, v.now.stride(), v.now.device) for v in taken}
    like = {id(v): v.now.dtype for v in taken}

    def back(*multipliers):
        given = next(m for m in multipliers if m is not None)
        number = given.plus.dtype if tape.parts else given.dtype
        leaves: list[Tensor] = []

        def leaf(value: Value) -> Tensor:
            shape, stride, device = shapes[id(value)]
            dtype = like[id(value)] if like[id(value)].is_floating_point else number
            empty = torch.empty_strided(shape, stride, dtype=dtype, device=device)
            leaves.append(empty.requires_grad_())
            return leaves[-1]

        with torch.enable_grad():
            made_again = tree_leaves(function(*put(args, leaf), **put(kwargs, leaf)))
        kept = [(y, m) for y, m in zip(made_again, multipliers, strict=True) if m is not None]

        def adjoint(pick):
            ms = [pick(m).to(y.dtype) for y, m in kept]
            return torch.autograd.grad(
                [y for y, _ in kept], leaves, ms, retain_graph=tape.parts, allow_unused=True
            )

        if not tape.parts:
            return adjoint(lambda m: m)
        pairs = zip(adjoint(lambda m: m.plus), adjoint(lambda m: m.minus), strict=True)
        return [None if plus is None else Parts(plus, minus) for plus, minus in pairs]

    tape.add(taken, made, back)
    return tree_unflatten(made, spec)


def _moved(function, args, kwargs, part):
    """The linear part of the operation on one part of the differences: constants count as zero."""

    def pick(leaf):
        if isinstance(leaf, Value):
            return getattr(leaf, part)
        constant = isinstance(leaf, Tensor) and leaf.is_floating_point()
        return torch.zeros_like(leaf) if constant else leaf

    return function(*tree_map(pick, args), **tree_map(pick, kwargs))


# Elementwise, of several values: Δy = Σ c_i Δx_i


def blend(*operations: Callable) -> Callable:
    """Register a function of the arguments that returns (value, coefficient) pairs: Δy = Σ c Δx.

    A negative coefficient swaps the parts. Complete whenever the sum holds.
    """

    def register(coefficients: Callable) -> Callable:
        def run(tape: Tape, function, args, kwargs):
            terms = coefficients(*args, **kwargs)
            return blended(tape, *both(function, args, kwargs), terms)

        RULES.update(dict.fromkeys(operations, run))
        return coefficients

    return register


def blended(tape: Tape, now: Tensor, before: Tensor, terms) -> Value:
    """Remember y with Δy = Σ c Δx over (value, coefficient) terms; constants are passed over."""
    terms = [(v, c) for v, c in terms if isinstance(v, Value)]
    made = Value(now, before, source=next((v.source for v, _ in terms if v.source), None))
    if not tape.parts:

        def back(m):
            return [summed_to(_times(m, c), v) for v, c in terms]

    else:
        ways = [(v, *_signed(c)) for v, c in terms]
        made.plus = _summed([_swap(v.plus, v.minus, up, down) for v, up, down in ways], now)
        made.minus = _summed([_swap(v.minus, v.plus, up, down) for v, up, down in ways], now)

        def back(m):
            return [
                Parts(
                    summed_to(_swap(m.plus, m.minus, up, down), v),
                    summed_to(_swap(m.minus, m.plus, up, down), v),
                )
                for v, up, down in ways
            ]

    tape.add([v for v, _ in terms], [made], back)
    return made


def _summed(parts: list[Tensor], like: Tensor) -> Tensor:
    """Their sum, in the full shape of the result."""
    return sum(parts[1:], parts[0]).expand(like.shape)


def _times(m: Tensor, c) -> Tensor:
    return m if isinstance(c, (int, float)) and c == 1 else m * c


_FEW = 8192  # so many coefficients, such as one a channel, are worth looking at


def _signed(c) -> tuple:
    """The positive and the negative part of a coefficient; None where it is surely nothing."""
    if isinstance(c, (int, float)):
        return (c, None) if c >= 0 else (None, c)
    if c.numel() <= _FEW and bool((c >= 0).all()):
        return c, None
    return c.clamp(min=0), c.clamp(max=0)


def _swap(same: Tensor, other: Tensor, up, down) -> Tensor:
    if down is None:
        return _times(same, up)
    return other * down if up is None else (same * up).add_(other * down)


# Elementwise, of one value: the secant


def curve(*operations: Callable, whole_line: bool = True) -> Callable:
    """Register secant(a, d, *other arguments) = (f(a + d) − f(a)) / d, the slope f′(a) where d = 0.

    Rescale: m_x = secant(x⁰, Δ) m_y. RevealCancel: k⁺ = ½ secant(x⁰, Δ⁺) + ½ secant(x⁰ + Δ⁻, Δ⁺),
    its mirror k⁻, Δy^± = k^± Δx^±. Complete because k⁺Δ⁺ + k⁻Δ⁻ = f(x) − f(x⁰): the two ways of
    adding one part after the other, averaged. A function that is not defined (or has a pole) on
    the whole line keeps Rescale's multiplier for both parts, which may lie outside its domain.
    """

    def register(secant: Callable) -> Callable:
        def run(tape: Tape, function, args, kwargs):
            x, *rest = args
            now, before = both(function, args, kwargs)
            made = Value(now, before)
            if not tape.parts:

                def back(m):
                    return (m * secant(x.before, x.delta, *rest, **kwargs),)

            else:
                reveal = tape.rule == "reveal_cancel" or x.source == "dense"
                if reveal and whole_line:
                    plus, minus = _revealed(secant, x, rest, kwargs)
                    tape.meet(x)
                else:
                    plus = minus = secant(x.before, x.delta, *rest, **kwargs)
                ways = [_signed(plus), _signed(minus)]
                if plus is minus:
                    made.plus = _swap(x.plus, x.minus, *ways[0])
                    made.minus = _swap(x.minus, x.plus, *ways[0])

                    def back(m):
                        return (
                            Parts(
                                _swap(m.plus, m.minus, *ways[0]), _swap(m.minus, m.plus, *ways[0])
                            ),
                        )

                else:
                    made.plus, made.minus = plus * x.plus, minus * x.minus

                    def back(m):
                        return (Parts(plus * m.plus, minus * m.minus),)

            tape.add([x], [made], back)
            return made

        RULES.update(dict.fromkeys(operations, run))
        return secant

    return register


def _revealed(secant, x: Value, rest, kwargs) -> tuple[Tensor, Tensor]:
    a, p, n = x.before, x.plus, x.minus
    plus = (secant(a, p, *rest, **kwargs) + secant(a + n, p, *rest, **kwargs)) / 2
    minus = (secant(a, n, *rest, **kwargs) + secant(a + p, n, *rest, **kwargs)) / 2
    return plus, minus


# Anything else: a linear map that fits this pair of points


def local(*operations: Callable) -> Callable:
    """Register function(*args) → (now, before, back) with back(m) → a multiplier per Value.

    Complete when Σ back(m)·Δx = m·Δy. With parts, what it makes is parted by the sign of its
    difference, and what it took is used as a whole.
    """

    def register(found: Callable) -> Callable:
        def run(tape: Tape, function, args, kwargs):
            taken = values_in((args, kwargs))
            now, before, whole = found(*args, **kwargs)
            made = tape.split(Value(now, before))
            if not tape.parts:
                back = whole
            else:
                for value in taken:
                    tape.meet(value, off=False)

                def back(m):
                    return [Parts(one, one) for one in whole(tape.chosen(m, made))]

            tape.add(taken, [made], back)
            return made

        RULES.update(dict.fromkeys(operations, run))
        return found

    return register
