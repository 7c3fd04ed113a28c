"""From a model and a pair of points to multipliers and contributions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.methods.deeplift import rules  # noqa: F401 - fills the rulebook
from explainers.methods.deeplift.integral import integrate
from explainers.methods.deeplift.pair import Recorder
from explainers.methods.deeplift.tape import Parts, Tape, Value


@dataclass(frozen=True)
class Answer:
    """What one evaluation tells.

    multipliers         like the points: m with contribution m·Δ.
    positive, negative  the contributions above and below zero; with `apart`, where the rule has
                        parts, the contributions to the positive and to the negative part of the
                        score's difference, at the price of a second way back. They add up to the
                        scores.
    notes               sentences on ties and fallbacks.
    """

    scores: Tensor
    positive: Tensor
    negative: Tensor
    multipliers: Tensor
    notes: tuple[str, ...]


def contributions(
    model: Callable,
    score: Callable[[Tensor], Tensor],
    points: Tensor,
    reference: Tensor,
    rule: str = "rescale",
    fallback: str = "refuse",
    apart: bool = False,
) -> Answer:
    """Contributions of points (n, …), against the reference (n, …), to score(points) (n,).

    `score` runs the model, which is told apart only to name its layers. Raises ModelProblem where
    the model does what no rule can follow.
    """
    if reference.stride() != points.stride():
        reference = torch.empty_like(points).copy_(reference)
    tape = Tape(rule)
    recorder = Recorder(model, tape, integrate if fallback == "integral" else None)
    start = tape.start(points, reference)
    end = recorder.record(score, start)
    one = torch.ones_like(end.now)
    nothing = torch.zeros_like(points)
    if not tape.parts:
        m = tape.backward(end, one, start)
        m = nothing if m is None else m
        scores = m * start.delta
    else:
        zero, none = torch.zeros_like(one), Parts(nothing, nothing)
        up = (tape.backward(end, Parts(one, zero), start, keep=True) or none) if apart else None
        both = tape.backward(end, Parts(one, one), start) or none
        scores, m = _worth(both, start), tape.chosen(both, start)
    if tape.parts and apart:
        positive = _worth(up, start)
        negative = scores - positive
    else:
        positive, negative = scores.clamp(min=0), scores.clamp(max=0)
    return Answer(scores, positive, negative, m, _notes(tape, recorder))


def _worth(m: Parts, start: Value) -> Tensor:
    return m.plus * start.plus + m.minus * start.minus


def _notes(tape: Tape, recorder: Recorder) -> tuple[str, ...]:
    notes = list(recorder.notes)
    tied = int(sum(tape.ties)) if tape.ties else 0
    if tied:
        places = "one place" if tied == 1 else f"{tied} places"
        notes.append(
            f"In {places} inside the model the positive and the negative part "
            "cancel exactly. RevealCancel jumps there: a slightly different input may be explained "
            "differently."
        )
    return tuple(notes)
