"""How the wanted form is got from an output, by what its numbers are and by the numbers."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from explainers.output_form.calls import Overwritten
from explainers.output_form.meaning import ALMOST, Meaning
from explainers.output_form.numbers import (
    are_probabilities,
    far_from_scores,
    in_unit,
    of_another_dimension,
    spread,
)

LARGE_CAP = 10.0
"""A tanh that is scaled by as much only keeps scores from growing without end."""


class Plan(NamedTuple):
    """How the wanted form is got from the output, decided on the first inputs.

    Attributes
    ----------
    way : str
        "before" (what entered the activation), "exp", "softmax", "sigmoid", or "output".
    note : str
        What people must know of it, or "".
    by_numbers : bool
        Whether only the numbers told that these are probabilities.
    """

    way: str
    note: str = ""
    by_numbers: bool = False


def reads_as(score: str, output: Tensor, meaning: Meaning | None, seen: bool = True) -> Plan:
    """How a form is got from an output of that meaning, by these values of it.

    Parameters
    ----------
    score : str
        "logit" or "probability".
    output : Tensor, shape (n, …)
        On inputs that are explained.
    meaning : Meaning or None
    seen : bool
        As `observe` gives them.

    Examples
    --------
    >>> import torch
    >>> reads_as("probability", torch.tensor([[3.0, -1.0]]), None)
    Plan(way='softmax', note='', by_numbers=False)
    """
    meaning = None if meaning is not None and _capped(meaning) else meaning
    return (_logit if score == "logit" else _probability)(output, meaning, seen)


def _logit(output: Tensor, meaning: Meaning | None, seen: bool) -> Plan:
    real = type(output) is Tensor
    if meaning is not None and meaning.logit is not None and _complete(output, meaning):
        return Plan("before", _elsewhere(output, meaning))
    probable = real and (in_unit(output) if not seen else are_probabilities(output))
    if meaning is None and not probable:
        return Plan("output")
    return Plan(
        "output",
        f"The answers are explained as they are{_range(output)}: they come from no one softmax or "
        "sigmoid whose scores could be explained in their place.",
    )


def _probability(output: Tensor, meaning: Meaning | None, seen: bool) -> Plan:
    real = type(output) is Tensor
    if meaning is not None and meaning.canonical and meaning.form.startswith("log_"):
        return Plan("exp")
    if meaning is not None and meaning.unit and (not real or in_unit(output)):
        return Plan("output", _elsewhere(output, meaning))
    if real and are_probabilities(output):
        return Plan("output", by_numbers=True)
    if meaning is not None or (real and not seen and in_unit(output)):
        return Plan(
            "output",
            f"The answers are explained as they are{_range(output)}: whether they are "
            "probabilities is not known, and they are no scores before a softmax.",
        )
    single = output.ndim == 1 or output.shape[1] == 1
    note = ""
    if real and far_from_scores(output):
        note = (
            f"The answers{_range(output)} are far from what scores before a softmax usually are. "
            "If they are quantities, these percentages mean nothing: explain the output as it is."
        )
    return Plan("sigmoid" if single else "softmax", note)


def _complete(output: Tensor, meaning: Meaning) -> bool:
    """Whether the score of every output can be had: none was overwritten or left unwritten."""
    assert meaning.logit is not None
    try:
        before = meaning.logit()
    except Overwritten:
        return False
    if before.shape != output.shape:
        return False
    return type(output) is not Tensor or not bool((before.isnan() & ~output.isnan()).any())


def _elsewhere(output: Tensor, meaning: Meaning) -> str:
    """A sentence where a softmax is over something else than the outputs; else ""."""
    wrong = meaning.form == "softmax" and meaning.canonical and type(output) is Tensor
    if not (wrong and of_another_dimension(output)):
        return ""
    return (
        "The network's softmax is over another dimension than its outputs: its answers to one "
        "input do not sum to 1 and are no probabilities of classes."
    )


def _capped(meaning: Meaning) -> bool:
    """Whether a tanh only keeps scores within wide bounds."""
    symmetric = abs(meaning.scale + 2 * meaning.shift) < ALMOST * meaning.scale
    return meaning.form == "sigmoid" and symmetric and meaning.scale >= LARGE_CAP


def _range(output: Tensor) -> str:
    """Where the numbers lie, in words; "" where they cannot be read."""
    if type(output) is not Tensor:
        return ""
    low, high = spread(output)
    return f", {low:,.4g} to {high:,.4g}".replace("-", "−")
