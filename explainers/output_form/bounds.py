"""Between which bounds the values of a tensor lie, whatever the input: interval arithmetic.

Moore 1966, Interval Analysis. Most values have none, and that is what a rule says where it knows no
better.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from explainers.output_form.calls import Call, Plain
from explainers.output_form.meaning import Meaning

Bounds: TypeAlias = tuple[float, float]
NONE: Bounds = (-math.inf, math.inf)
_MOST_CONSTANTS = 2**20
_Rule = Callable[[Bounds], Bounds]

_POSITIVE = (0.0, math.inf)
_KNOWN: dict[str, Bounds] = {
    "norm": _POSITIVE,
    "vector_norm": _POSITIVE,
    "cdist": _POSITIVE,
    "pairwise_distance": _POSITIVE,
    "softplus": _POSITIVE,
    "var": _POSITIVE,
    "std": _POSITIVE,
    "relu6": (0.0, 6.0),
    "sign": (-1.0, 1.0),
    "sgn": (-1.0, 1.0),
    "heaviside": (0.0, 1.0),
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
    "tanh": (-1.0, 1.0),
    "erf": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "cosine_similarity": (-1.0, 1.0),
    "one_hot": (0.0, 1.0),
    "frac": (-1.0, 1.0),
}
"""Of functions whose results have bounds whatever they are given."""


def _increasing(function: Callable[[float], float]) -> _Rule:
    def rule(given: Bounds) -> Bounds:
        return _at(function, given[0]), _at(function, given[1])

    return rule


def _at(function: Callable[[float], float], value: float) -> float:
    try:
        return function(value)
    except OverflowError:
        return math.inf
    except ValueError:  # outside of where the function has values
        return math.nan


def _size(given: Bounds) -> Bounds:
    low, high = given
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _square(given: Bounds) -> Bounds:
    return _increasing(lambda value: value * value)(_size(given))


def _root(given: Bounds) -> Bounds:
    return math.sqrt(max(given[0], 0.0)), math.sqrt(max(given[1], 0.0))


def _inverse(given: Bounds) -> Bounds:
    low, high = given
    if low < 0 < high or low == high == 0:
        return NONE
    ends = [math.copysign(math.inf, low + high) if end == 0 else 1 / end for end in given]
    return min(ends), max(ends)


def _relu(given: Bounds) -> Bounds:
    return max(given[0], 0.0), max(given[1], 0.0)


_ONE: dict[str, _Rule] = {
    "relu": _relu,
    "abs": _size,
    "absolute": _size,
    "square": _square,
    "sqrt": _root,
    "exp": _increasing(math.exp),
    "log1p": _increasing(lambda value: math.log1p(max(value, -1 + 1e-300))),
    "neg": lambda given: (-given[1], -given[0]),
    "negative": lambda given: (-given[1], -given[0]),
    "reciprocal": _inverse,
    "rsqrt": lambda given: _inverse(_root(given)),
}
_MEANS = """
    mean nanmean amax amin median nanmedian quantile detach contiguous clone avg_pool1d avg_pool2d
    avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
    adaptive_max_pool2d adaptive_max_pool3d max_pool1d max_pool2d max_pool3d
"""
_AS_GIVEN = frozenset(_MEANS.split())


def bounds(call: Call, result: Tensor) -> Bounds:
    """Bounds of the result of a call, by those of what it was given.

    Parameters
    ----------
    call : Call
    result : Tensor

    Examples
    --------
    >>> x = torch.randn(3)
    >>> bounds(Call("abs", torch.abs, (x,), {}, (Plain(low=-2.0, high=1.0),), False), x)
    (0.0, 2.0)
    """
    if result.dtype == torch.bool:
        return 0.0, 1.0
    low, high = _summed(call, result) if call.name in _SUMMED else _bounds(call)
    return NONE if math.isnan(low) or math.isnan(high) or low > high else (low, high)


def _bounds(call: Call) -> Bounds:
    name = call.name
    if name in _KNOWN:
        return _KNOWN[name]
    if name == "normalize" and isinstance(call.argument(1, "p", 2.0), (int, float)):
        return (-1.0, 1.0) if call.argument(1, "p", 2.0) >= 1 else NONE
    if not call.args or name not in _FOLLOWED:
        return NONE
    given = [_of(call, place) for place in range(min(len(call.args), 3))]
    if name in _ONE:
        return _ONE[name](given[0])
    if name in _AS_GIVEN:
        low, high = given[0]
        return (min(low, 0.0), max(high, 0.0)) if "avg_pool" in name else (low, high)
    if name in _CLAMPS:
        return _clamped(call, given[0])
    if name in _POWERS:
        return _power(given[0], call.number(1, "exponent"))
    if len(given) > 1 and name in _TWO:
        if call.args[0] is call.args[1] and _TWO[name] is _times:
            return _square(given[0])
        scale = call.kwargs.get("alpha", 1)
        other = _times(given[1], (float(scale), float(scale))) if scale != 1 else given[1]
        return NONE if call.kwargs.get("rounding_mode") else _TWO[name](given[0], other)
    if name == "where" and len(given) == 3:
        return min(given[1][0], given[2][0]), max(given[1][1], given[2][1])
    if name in ("masked_fill", "threshold") and len(given) == 3:
        return min(given[0][0], given[2][0]), max(given[0][1], given[2][1])
    return NONE


def _summed(call: Call, result: Tensor) -> Bounds:
    low, high = _of(call, 0) if call.args else NONE
    count = call.first.numel() / max(result.numel(), 1) if call.args else 0
    return _times((low, high), (count, count))


def _of(call: Call, place: int) -> Bounds:
    """Bounds of an argument: of a tensor that depends on the input, of a constant, of a number."""
    value = call.args[place]
    state = call.states[place] if place < len(call.states) else None
    if isinstance(state, (Meaning, Plain)):
        return state.low, state.high
    if isinstance(value, (bool, int, float)):
        return float(value), float(value)
    plain = type(value) in (Tensor, nn.Parameter) and not value.is_complex()
    if plain and 0 < value.numel() <= _MOST_CONSTANTS:
        return float(value.detach().min()), float(value.detach().max())
    return NONE


def _clamped(call: Call, given: Bounds) -> Bounds:
    usual = (-1.0, 1.0) if call.name == "hardtanh" else NONE
    low, high = usual
    if call.name == "clamp_max":
        high = _number(call, 1, "max", high)
    elif call.name == "hardtanh":
        low, high = _number(call, 1, "min_val", low), _number(call, 2, "max_val", high)
    else:
        low = _number(call, 1, "min", low)
        high = _number(call, 2, "max", high) if call.name != "clamp_min" else high
    return min(max(given[0], low), high), min(max(given[1], low), high)


def _number(call: Call, place: int, name: str, otherwise: float) -> float:
    if call.argument(place, name) is None:
        return otherwise
    value = call.number(place, name)
    return otherwise if value is None else float(value)


def _power(given: Bounds, exponent: float | None) -> Bounds:
    if exponent is None:
        return NONE
    if exponent < 0:
        return _inverse(_power(given, -exponent))
    if float(exponent).is_integer() and int(exponent) % 2 == 0:
        given = _size(given)
    elif given[0] < 0 and not float(exponent).is_integer():
        given = (0.0, max(given[1], 0.0))
    return _increasing(lambda value: float(value**exponent))(given)


def _plus(one: Bounds, other: Bounds) -> Bounds:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: Bounds, other: Bounds) -> Bounds:
    return one[0] - other[1], one[1] - other[0]


def _times(one: Bounds, other: Bounds) -> Bounds:
    ends = [0.0 if a == 0 or b == 0 else a * b for a in one for b in other]
    return min(ends), max(ends)


def _over(one: Bounds, other: Bounds) -> Bounds:
    return _times(one, _inverse(other))


def _turned(rule: Callable[[Bounds, Bounds], Bounds]) -> Callable[[Bounds, Bounds], Bounds]:
    return lambda one, other: rule(other, one)


_TWO: dict[str, Callable[[Bounds, Bounds], Bounds]] = {
    **dict.fromkeys(("add", "radd", "iadd"), _plus),
    **dict.fromkeys(("sub", "subtract", "isub"), _minus),
    "rsub": _turned(_minus),
    **dict.fromkeys(("mul", "multiply", "rmul", "imul"), _times),
    **dict.fromkeys(("div", "divide", "true_divide", "truediv", "itruediv", "idiv"), _over),
    **dict.fromkeys(("rdiv", "rtruediv"), _turned(_over)),
    **dict.fromkeys(("maximum", "fmax"), lambda a, b: (max(a[0], b[0]), max(a[1], b[1]))),
    **dict.fromkeys(("minimum", "fmin"), lambda a, b: (min(a[0], b[0]), min(a[1], b[1]))),
}
_SUMMED = {"sum", "nansum"}
_CLAMPS = {"clamp", "clip", "clamp_min", "clamp_max", "hardtanh"}
_POWERS = {"pow", "float_power", "ipow"}
_FOLLOWED = {*_ONE, *_AS_GIVEN, *_TWO, *_CLAMPS, *_POWERS, "where", "masked_fill", "threshold"}
