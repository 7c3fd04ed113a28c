"""Bounds of a quotient whose divisor was made of what it divides: x / (1 + |x|), or x / sum of x.

Interval arithmetic takes the two for independent of each other, and finds none.
"""

from __future__ import annotations

import math
import weakref
from typing import Any, TypeAlias

from torch import Tensor

from explainers.output_form.calls import Call, Plain, version
from explainers.output_form.meaning import Meaning
from explainers.output_form.relations import NONE, Multiple, Relations

Bounds: TypeAlias = tuple[float, float]
UNBOUNDED: Bounds = (-math.inf, math.inf)
_MOST = 16
"""Of relations are kept, the latest."""

_DIVISIONS = {"div", "divide", "true_divide", "truediv", "itruediv", "idiv"}
_PRODUCTS = {"mul", "multiply", "rmul", "imul"}
_SUMS = {"add", "radd", "iadd"}
_GATHERED = {"sum", "nansum", "amax"}
_SIZES = {"abs", "absolute"}
_POWERS = {"pow", "float_power", "ipow"}
_NORMS = {"norm": "p", "vector_norm": "ord"}
_RESHAPES = """
    unsqueeze squeeze view view_as reshape reshape_as expand expand_as broadcast_to contiguous
    clone getitem flatten
"""
_RESHAPED = frozenset(_RESHAPES.split())


def relations(call: Call, result: Tensor) -> Relations:
    """How the result of a call relates to what it was given."""
    name, given = call.name, call.args
    if not given or call.in_place:  # what it was given is no longer there
        return NONE
    if name in _PRODUCTS or (name in _DIVISIONS and not isinstance(given[-1], Tensor)):
        return _scaled(call)
    if name in _SUMS and call.kwargs.get("alpha", 1) == 1:
        return Relations(_added(call)[-_MOST:])
    if not isinstance(given[0], Tensor):
        return NONE
    own = _known(call, 0)
    if name in _SIZES:
        return Relations((_itself(given[0]),), _size(call, 0))
    if name == "square" or (name in _POWERS and call.number(1, "exponent") == 2):
        return Relations((_itself(given[0]).to(2),))
    if name in _NORMS:
        degree = call.argument(1, _NORMS[name], 2)
        wide = degree == "fro" or (isinstance(degree, (int, float)) and degree >= 1)
        return Relations((_itself(given[0]),)) if wide else NONE
    if name == "sqrt" or (name in _POWERS and call.number(1, "exponent") == 0.5):
        return Relations(tuple(one.to(0.5) for one in own.at_least))
    if name in _RESHAPED and result.numel() >= given[0].numel() and _keeps_order(call):
        return Relations(own.at_least)
    if name in ("neg", "negative"):
        return Relations((), _size(call, 0))
    if name in _GATHERED:
        return Relations(_least(call, 0))
    raised = name == "clamp_min" or (name in ("clamp", "clip") and call.argument(2, "max") is None)
    return Relations(own.at_least) if raised else NONE


def quotient_bounds(call: Call, result: Tensor) -> Bounds:
    """Bounds of a division by what is never less than the size of what it divides.

    Examples
    --------
    >>> import torch
    >>> from explainers.output_form import observe
    >>> meaning = observe(lambda x: x / (1 + x.abs()) / 2 + 0.5, torch.randn(3, 1))[1]
    >>> meaning.low, meaning.high
    (0.0, 1.0)
    """
    known = call.name in _DIVISIONS and call.kwargs.get("rounding_mode") is None
    if not known or not all(isinstance(one, Tensor) for one in call.args[:2]):
        return UNBOUNDED
    if len(call.args) < 2:
        return UNBOUNDED
    for size in filter(None, (_itself(call.args[0]), _size(call, 0))):
        for least in _known(call, 1).at_least:
            alike = least.base() is size.base() and least.written == size.written
            if not alike or least.power != 1 or least.factor <= 0:
                continue
            most = size.factor / least.factor
            # Entries of the divisor may stand beside others than those that they were made of.
            if bool((result.detach().abs() <= most * (1 + 1e-5)).all()):
                return (0.0 if _low(call, 0) >= 0 else -most), most
    return UNBOUNDED


def _keeps_order(call: Call) -> bool:
    """Whether an index, if there is one, only adds dimensions."""
    if call.name != "getitem":
        return True
    index = call.args[1] if isinstance(call.args[1], tuple) else (call.args[1],)
    return all(one is None or one is Ellipsis or one == slice(None) for one in index)


def _scaled(call: Call) -> Relations:
    """Of a product with a number, or a division by one."""
    if call.args[0] is call.args[-1] and call.name in _PRODUCTS:
        return Relations((_itself(call.first).to(2),))
    place = 0 if isinstance(call.args[0], Tensor) and call.states[0] is not None else 1
    if place >= len(call.args):
        return NONE
    factor = call.number(1 - place, "other")
    if not factor or not isinstance(call.args[place], Tensor):
        return NONE
    factor = 1 / factor if call.name in _DIVISIONS else factor
    least = _known(call, place).at_least if factor > 0 else ()
    return Relations(tuple(one.times(factor) for one in least), _size(call, place, abs(factor)))


def _added(call: Call) -> tuple[Multiple, ...]:
    """A sum is at least what one part is where the other is not below 0."""
    if len(call.args) < 2:
        return ()
    return tuple(
        one for place in (0, 1) if _low(call, 1 - place) >= 0 for one in _least(call, place)
    )


def _least(call: Call, place: int) -> tuple[Multiple, ...]:
    """What an argument is at least; where it is never below 0, itself too."""
    value = call.args[place]
    if not isinstance(value, Tensor) or call.states[place] is None or _low(call, place) < 0:
        return ()
    return (*_known(call, place).at_least, _itself(value))


def _itself(value: Tensor) -> Multiple:
    return Multiple(weakref.ref(value), version(value))


def _size(call: Call, place: int, factor: float = 1.0) -> Multiple:
    """The size of an argument, times a number, by what it is itself a multiple of."""
    known = _known(call, place).size
    return (known or _itself(call.args[place])).times(factor)


def _known(call: Call, place: int) -> Relations:
    state: Any = call.states[place] if place < len(call.states) else None
    return state.relations if isinstance(state, (Meaning, Plain)) else NONE


def _low(call: Call, place: int) -> float:
    """What an argument is not below: of a tensor that depends on the input, or of a number."""
    state: Any = call.states[place] if place < len(call.states) else None
    if isinstance(state, (Meaning, Plain)):
        return state.low
    number = call.number(place, "")
    return -math.inf if number is None else float(number)
