"""From a model and a pair of points to multipliers and contributions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explainers.batch_plan import is_out_of_memory
from explainers.methods.deeplift import rules  # noqa: F401 - fills the registry of rules
from explainers.methods.deeplift.integral import integrate
from explainers.methods.deeplift.recorder import Recorder
from explainers.methods.deeplift.second_look import SecondLook, misses, times
from explainers.methods.deeplift.tape import Parts, Tape, Value


@dataclass(frozen=True)
class Contributions:
    """What one evaluation gives.

    Parameters
    ----------
    scores : Tensor, shape (n, …)
        Contributions C = m·Δ; their sum over (…) is the difference of the score.
    positive, negative : Tensor, shape (n, …)
        The contributions above and below zero; with `apart`, where the rule has parts, the
        contributions to the positive and to the negative part of the score's difference, at the
        price of a second way back. They add up to the scores.
    multipliers : Tensor, shape (n, …)
        m.
    notes : tuple of str
        Sentences on ties and fallbacks.
    """

    scores: Tensor
    positive: Tensor
    negative: Tensor
    multipliers: Tensor
    notes: tuple[str, ...]


def contributions(
    model: Callable[..., Any],
    score: Callable[[Tensor], Tensor],
    points: Tensor,
    reference: Tensor,
    rule: str = "rescale",
    fallback: str = "refuse",
    apart: bool = False,
) -> Contributions:
    """Share the difference of a score between points and reference among the entries of the points.

    Complete (summation-to-delta): Σ scores = score(points) − score(reference), for each row.

    Parameters
    ----------
    model : nn.Module or callable
        Only to name its layers in messages; `score` runs it.
    score : callable
        Runs the model on (n, …) and returns the explained score, shape (n,).
    points, reference : Tensor, shape (n, …)
    rule : {"rescale", "reveal_cancel", "genomics"}
    fallback : {"refuse", "integral"}
        What to do with an operation that has no rule.
    apart : bool
        Whether `positive` and `negative` are contributions to the parts of the difference.

    Returns
    -------
    Contributions

    Raises
    ------
    ModelProblem
        Where the model does what no rule can follow, or a rule does not add up.

    References
    ----------
    Shrikumar, Greenside & Kundaje 2017, arXiv:1704.02685.

    Examples
    --------
    >>> def saturated(x):
    ...     return 1 - torch.relu(1 - x.sum(1))
    >>> contributions(saturated, saturated, torch.ones(1, 2), torch.zeros(1, 2)).scores
    tensor([[0.5000, 0.5000]])
    """
    if reference.stride() != points.stride():
        reference = torch.empty_like(points).copy_(reference)
    last_resort = integrate if fallback == "integral" else None
    quick = Recorder(model, Tape(rule), last_resort)
    try:
        end, answer = _once(quick, score, points, reference, apart)
        if not misses(answer.scores, end.actual, end.reference):
            return answer
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        # Another error is met again by the second look, which says where.
    second_look = SecondLook()
    tape = Tape(rule, follow=second_look.follow, times=times)
    careful = Recorder(model, tape, last_resort, second_look)
    return _once(careful, score, points, reference, apart)[1]


def _once(
    recorder: Recorder,
    score: Callable[[Tensor], Tensor],
    points: Tensor,
    reference: Tensor,
    apart: bool,
) -> tuple[Value, Contributions]:
    """One evaluation there and back: the score's Value, and what it gives."""
    tape = recorder.tape
    start = tape.start(points, reference)
    end = recorder.record(score, start)
    one = torch.ones_like(end.actual)
    zeros = torch.zeros_like(points)
    positive: Tensor | None = None
    if not tape.keeps_parts:
        m = tape.backward(end, one, start)
        multipliers = zeros if m is None else m
        scores = multipliers * start.delta
    else:
        nothing = Parts(zeros, zeros)
        if apart:
            seed = Parts(one, torch.zeros_like(one))
            to_positive = tape.backward(end, seed, start, keep=True)
            positive = _contribution(to_positive or nothing, start)
        by_part = tape.backward(end, Parts(one, one), start) or nothing
        scores, multipliers = _contribution(by_part, start), tape.merge(by_part, start)
    if positive is not None:
        negative = scores - positive
    else:
        positive, negative = scores.clamp(min=0), scores.clamp(max=0)
    return end, Contributions(scores, positive, negative, multipliers, _notes(tape, recorder))


def _contribution(m: Parts, start: Value) -> Tensor:
    return m.plus * start.plus + m.minus * start.minus


def _notes(tape: Tape, recorder: Recorder) -> tuple[str, ...]:
    notes = list(recorder.notes)
    ties = int(sum(tape.ties)) if tape.ties else 0
    if ties:
        places = "one place" if ties == 1 else f"{ties:,} places"
        notes.append(
            f"In {places} inside the model the positive and the negative part "
            "cancel exactly. RevealCancel jumps there: a slightly different input may be explained "
            "differently."
        )
    return tuple(notes)
