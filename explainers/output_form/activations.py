"""Rules for the functions that make probabilities and the like: what their results are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import Tensor

from explainers.output_form.calls import UNKNOWN, Call, Exponent, Plain, State, unchanged
from explainers.output_form.meaning import ALL, Lazily, Meaning

Rule = Callable[[Call], State]
ACTIVATIONS: dict[str, Rule] = {}
"""By name of the function; its first argument may be anything."""


def activation(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule under names of functions."""

    def register(rule: Rule) -> Rule:
        ACTIVATIONS.update(dict.fromkeys(names, rule))
        return rule

    return register


def _input(call: Call) -> Lazily:
    """What enters an activation, in the precision that it asks for."""
    kind = call.kwargs.get("dtype")
    read = unchanged(call.first)
    return (lambda: read().to(kind)) if kind is not None else read


@activation("sigmoid", "expit")
def _sigmoid(call: Call) -> State:
    return Meaning(0.0, 1.0, "sigmoid", _input(call))


@activation("log_sigmoid", "logsigmoid")
def _log_sigmoid(call: Call) -> State:
    return Meaning(-math.inf, 0.0, "log_sigmoid", _input(call))


@activation("softmax")
def _softmax(call: Call) -> State:
    return of_softmax(_input(call), call.first.shape, call.dim())


@activation("softmin")
def _softmin(call: Call) -> State:
    read = _input(call)
    return of_softmax(lambda: -read(), call.first.shape, call.dim())


def of_softmax(before: Lazily, shape: Sequence[int], dim: int | None) -> Meaning:
    """Softmax along a dimension of what `before` computes, of that shape."""

    def odds() -> Tensor:
        assert dim is not None
        values = before()
        return values - values.flip(dim)

    two = dim is not None and dim < len(shape) and shape[dim] == 2
    return Meaning(0.0, 1.0, "softmax", before, odds if two else None)


@activation("log_softmax")
def _log_softmax(call: Call) -> State:
    return of_softmax(_input(call), call.first.shape, call.dim()).logarithm()


@activation("tanh")
def _tanh(call: Call) -> State:
    read = _input(call)
    return Meaning(0.0, 1.0, "sigmoid", lambda: 2 * read()).affine(2, -1)


@activation("exp")
def _exp(call: Call) -> State:
    given = call.states[0]
    if isinstance(given, Meaning):
        made = given.exponential()
        if made.form:
            return made
    entered, relative = call.first, None
    if isinstance(given, Plain) and given.role == "shifted":
        entered, relative = given.source, ALL if given.dim is None else given.dim
    source, high = Exponent(entered), math.inf
    if given is not None and given.high < 700:
        high = math.exp(given.high)
    return Meaning(0.0, high, "exp", unchanged(entered), relative=relative, source=source)


@activation("softplus")
def _softplus(call: Call) -> State:
    usual = call.number(1, "beta", 1) == 1
    return Meaning(0.0, math.inf, "softplus" if usual else "", _input(call) if usual else None)


@activation("max", "amax")
def _max(call: Call) -> State:
    if isinstance(call.states[0], Meaning):
        return None
    if len(call.args) > 1 and isinstance(call.args[1], Tensor):
        return Plain()
    return Plain("max", call.first, call.dim())


@activation("logsumexp")
def _logsumexp(call: Call) -> State:
    return Plain("logsumexp", call.first, call.dim())


@activation("hardsigmoid", "ndtr", "gumbel_softmax")
def _between_0_and_1(call: Call) -> State:
    return Meaning(0.0, 1.0)


@activation("erf", "sin", "cos", "softsign")
def _between_minus_1_and_1(call: Call) -> State:
    return Meaning(-1.0, 1.0)


@activation("atan", "arctan")
def _arctangent(call: Call) -> State:
    return Meaning(-math.pi / 2, math.pi / 2)


@activation("clamp", "clip", "clamp_min", "clamp_max", "hardtanh")
def _clamp(call: Call) -> State:
    low, high = _limits(call)
    given = call.states[0]
    if low is None or high is None:
        return UNKNOWN if isinstance(given, Meaning) else Plain()
    if isinstance(given, Meaning):
        return given.clamped(low, high)
    return Meaning(low, high) if low >= 0 and high <= 1 else Plain()


def _limits(call: Call) -> tuple[float | None, float | None]:
    if call.name == "clamp_min":
        return call.number(1, "min"), math.inf
    if call.name == "clamp_max":
        return -math.inf, call.number(1, "max")
    names = ("min_val", "max_val") if call.name == "hardtanh" else ("min", "max")
    usual = (-1.0, 1.0) if call.name == "hardtanh" else (-math.inf, math.inf)
    ends = []
    for place, (name, otherwise) in enumerate(zip(names, usual, strict=True), 1):
        absent = call.argument(place, name) is None
        ends.append(otherwise if absent else call.number(place, name))
    return ends[0], ends[1]
