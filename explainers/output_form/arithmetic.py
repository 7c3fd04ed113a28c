"""Rules for arithmetic with probabilities and the like: what they are afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from explainers.output_form.activations import of_softmax
from explainers.output_form.calls import (
    UNKNOWN,
    Call,
    Exponent,
    Plain,
    State,
    is_finite,
    unchanged,
)
from explainers.output_form.meaning import ALL, Lazily, Meaning, joined, plus, times

Rule = Callable[[Call], State]
ARITHMETIC: dict[str, Rule] = {}
"""By name of the function; they are asked where an argument's meaning is known."""

_PAIRS = """
    add radd iadd sub subtract isub rsub mul multiply rmul imul div divide true_divide
    truediv itruediv idiv rdiv rtruediv maximum minimum fmax fmin lerp where log
"""
PAIRS = frozenset(_PAIRS.split())
"""Those that understand it where the first argument's meaning is not known."""


def arithmetic(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule under names of functions."""

    def register(rule: Rule) -> Rule:
        ARITHMETIC.update(dict.fromkeys(names, rule))
        return rule

    return register


@arithmetic("add", "radd", "iadd")
def _add(call: Call) -> State:
    return _sum(call, float(call.kwargs.get("alpha", 1)))


@arithmetic("sub", "subtract", "isub")
def _sub(call: Call) -> State:
    return _sum(call, -float(call.kwargs.get("alpha", 1)))


@arithmetic("rsub")
def _rsub(call: Call) -> State:
    if call.kwargs.get("alpha", 1) != 1:
        return UNKNOWN
    return _sum(call, -1.0, swapped=True)


def _sum(call: Call, sign: float, swapped: bool = False) -> State:
    places = (1, 0) if swapped else (0, 1)
    left, right = (call.states[place] for place in places)
    if isinstance(left, Meaning) and isinstance(right, Meaning):
        return plus(left, right, sign)
    if helped := _helped(call, left, right, sign):
        return helped
    if isinstance(left, Plain) or isinstance(right, Plain):
        return Plain()
    if isinstance(left, Meaning):
        value = call.number(places[1], "other")
        if value is None or not _fits(call, places[0], value):
            return UNKNOWN
        return left.affine(1, sign * value)
    value = call.number(places[0], "input")
    if isinstance(right, Meaning) and _fits(call, places[1], value):
        assert value is not None
        return right.affine(sign, value)
    return UNKNOWN


def _helped(call: Call, left: State, right: State, sign: float) -> State:
    """z − max z is shifted; z − logsumexp z is the logarithm of a softmax."""
    if sign != -1 or not isinstance(right, Plain) or not right.role:
        return None
    source, first = right.source, call.args[0]
    shifted = isinstance(left, Plain) and left.role == "shifted" and left.source is source
    if right.role == "max" and first is source:
        return Plain("shifted", source, right.dim)
    if right.role == "logsumexp" and (shifted if right.relative is not None else first is source):
        made = _whole(call, unchanged(source), right)
        return made.logarithm() if made else None
    return None


def _whole(call: Call, before: Lazily, total: Plain) -> Meaning | None:
    """The softmax along the dimension of a sum, where that sum stands along it."""
    values, sums = call.args[:2]
    sides = list(values.shape)
    if total.dim is None or total.relative not in (None, ALL, total.dim):
        return None
    sides[total.dim] = 1
    if list(sums.shape) not in (sides, list(values.shape)):
        return None
    return of_softmax(before, values.shape, total.dim)


def _fits(call: Call, place: int, value: float | None) -> bool:
    """Whether a number is one, and does not spread the tensor at that place over more entries."""
    if not is_finite(value):
        return False
    other = call.args[1 - place] if len(call.args) > 1 else None
    tensor = call.args[place]
    spread = isinstance(other, Tensor) and (
        other.ndim > tensor.ndim
        or any(a > b for a, b in zip(other.shape[::-1], tensor.shape[::-1], strict=False))
    )
    return not spread


@arithmetic("mul", "multiply", "rmul", "imul")
def _mul(call: Call) -> State:
    left, right = call.states[:2]
    if isinstance(left, Meaning) and isinstance(right, Meaning):
        return times(left, right)
    if isinstance(left, Plain) or isinstance(right, Plain):
        return Plain()  # a gate
    place = 0 if isinstance(left, Meaning) else 1
    known = call.states[place]
    value = call.number(1 - place, "other")
    if value is not None and _fits(call, place, value):
        return known.affine(value)
    return UNKNOWN


@arithmetic("div", "divide", "true_divide", "truediv", "itruediv", "idiv")
def _div(call: Call) -> State:
    left, right = call.states[:2]
    if call.kwargs.get("rounding_mode") is not None:
        return UNKNOWN
    if isinstance(left, Meaning) and isinstance(right, Meaning):
        return left.share_of(right)
    if isinstance(left, Meaning) and isinstance(right, Plain):
        same = right.role == "sum_exp" and right.source.source == left.source
        same = same and right.relative == left.relative
        made = _whole(call, left.before, right) if same and left.before else None
        return made or UNKNOWN
    if isinstance(left, Meaning):
        value = call.number(1, "other")
        return left.affine(1 / value) if value and _fits(call, 0, value) else UNKNOWN
    if isinstance(left, Plain):
        return Plain()
    return _over(call, 1, call.number(0, "input"))


@arithmetic("rdiv", "rtruediv")
def _rdiv(call: Call) -> State:
    return _over(call, 0, call.number(1, "other"))


def _over(call: Call, place: int, value: float | None) -> State:
    known = call.states[place]
    if not isinstance(known, Meaning) or value is None or not _fits(call, place, value):
        return UNKNOWN
    return known.reciprocal().affine(value)


@arithmetic("reciprocal")
def _reciprocal(call: Call) -> State:
    return call.states[0].reciprocal()


@arithmetic("pow", "float_power", "ipow")
def _pow(call: Call) -> State:
    known, value = call.states[0], call.number(1, "exponent")
    if not isinstance(known, Meaning) or value is None:
        return UNKNOWN
    if value == -1:
        return known.reciprocal()
    if value <= 0 or known.low < 0:
        return UNKNOWN
    return known if value == 1 else known.bounded(known.low**value, known.high**value)


@arithmetic("square")
def _square(call: Call) -> State:
    return times(call.states[0], call.states[0])


@arithmetic("sqrt", "abs", "absolute", "relu")
def _bounds_kept(call: Call) -> State:
    known: Meaning = call.states[0]
    if known.low >= 0 and call.name != "sqrt":
        return known
    high = max(known.high, -known.low if call.name.startswith("abs") else 0.0)
    return known.bounded(0.0, math.sqrt(max(high, 0.0)) if call.name == "sqrt" else high)


@arithmetic("neg", "negative")
def _neg(call: Call) -> State:
    return call.states[0].affine(-1)


@arithmetic("log")
def _log(call: Call) -> State:
    known = call.states[0]
    if isinstance(known, Meaning):
        return known.logarithm()
    if known.role == "sum_exp" and isinstance(known.source.source, Exponent):
        return Plain("logsumexp", known.source.source.entered, known.dim, known.relative)
    return Plain()


@arithmetic("logit")
def _logit(call: Call) -> State:
    return Plain()


@arithmetic("round", "floor", "ceil", "trunc")
def _rounded(call: Call) -> State:
    known: Meaning = call.states[0]
    ends = (
        function(end) if math.isfinite(end) else end
        for function, end in ((math.floor, known.low), (math.ceil, known.high))
    )
    return known.bounded(*ends)


@arithmetic("maximum", "minimum", "fmax", "fmin", "lerp")
def _hull(call: Call) -> State:
    pieces = [state for state in call.states[:2] if isinstance(state, Meaning)]
    return joined(pieces, None) if len(pieces) == 2 else UNKNOWN


@arithmetic("where")
def _where(call: Call) -> State:
    one, other = call.states[1:3]
    if isinstance(one, Meaning) and isinstance(other, Meaning):
        condition = call.args[0]
        return joined([one, other], lambda parts: call.function(condition, *parts))
    known, place = (one, 2) if isinstance(one, Meaning) else (other, 1)
    value = call.number(place, "other")
    if isinstance(known, Meaning) and value is not None:
        return known.bounded(min(known.low, value), max(known.high, value))
    return UNKNOWN


@arithmetic("masked_fill")
def _masked_fill(call: Call) -> State:
    known, value = call.states[0], call.number(2, "value")
    if not isinstance(known, Meaning) or value is None:
        return UNKNOWN
    return known.bounded(min(known.low, value), max(known.high, value))


@arithmetic("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout")
def _dropout(call: Call) -> State:
    training = call.argument(2, "training", True)
    return UNKNOWN if training else call.states[0]
