"""What is remembered of one evaluation: values at the input and the reference, and the way back.

A `Value` is a tensor of the model seen twice, `now` at the input and `before` at the reference.
A `Step` is one operation on values; its `back` turns multipliers of what it made into multipliers
of what it took. RevealCancel keeps the positive and the negative part of every difference as well,
and a multiplier for each: then `Parts` stand where Rescale has one tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor


class Parts(NamedTuple):
    """The multipliers of the positive and of the negative part of a difference."""

    plus: Tensor
    minus: Tensor

    def __add__(self, other: Parts) -> Parts:
        return Parts(self.plus + other.plus, self.minus + other.minus)


class Value:
    """A tensor at the input (`now`) and at the reference (`before`); with parts, plus + minus = Δ.

    `source` is "convolution" or "dense" where that made it, for the genomics rule.
    """

    __slots__ = ("_delta", "before", "minus", "now", "plus", "source")

    def __init__(self, now, before, plus=None, minus=None, source=None) -> None:
        self.now, self.before, self.plus, self.minus = now, before, plus, minus
        self.source, self._delta = source, None

    @property
    def delta(self) -> Tensor:
        """Δ = now − before, a number also for truth values; kept where the parts are kept."""
        if self._delta is not None:
            return self._delta
        delta = _number(self.now) - _number(self.before)
        if self.plus is not None:
            self._delta = delta
        return delta

    @property
    def middle(self) -> Tensor:
        """(now + before) / 2."""
        return (_number(self.now) + _number(self.before)) / 2


def _number(tensor: Tensor) -> Tensor:
    if tensor.is_floating_point() or tensor.is_complex():
        return tensor
    return tensor.to(torch.get_default_dtype())


@dataclass
class Step:
    """One operation: what it took, what it made, and back(multipliers of made) → of taken."""

    taken: Sequence[Value]
    made: Sequence[Value]
    back: Callable[..., Sequence]


@dataclass
class Tape:
    """The steps of one evaluation, in the order they ran.

    rule   "rescale", "reveal_cancel" or "genomics".
    ties   places where positive and negative parts cancelled exactly, counted as they are met.
    """

    rule: str = "rescale"
    steps: list[Step] = field(default_factory=list)
    ties: list[Tensor] = field(default_factory=list)

    @property
    def parts(self) -> bool:
        """Whether positive and negative parts are kept apart."""
        return self.rule != "rescale"

    def constant(self, tensor: Tensor) -> Value:
        """A tensor that does not depend on the input."""
        nothing = torch.zeros_like(tensor) if self.parts else None
        return Value(tensor, tensor, nothing, nothing)

    def start(self, inputs: Tensor, reference: Tensor) -> Value:
        """The model's input: its positive part is where it exceeds the reference."""
        value = Value(inputs, reference)
        if self.parts:
            value.plus, value.minus = value.delta.clamp(min=0), value.delta.clamp(max=0)
        return value

    def split(self, value: Value) -> Value:
        """Give the value the parts max(Δ, 0) and min(Δ, 0)."""
        if self.parts:
            value.plus, value.minus = value.delta.clamp(min=0), value.delta.clamp(max=0)
        return value

    def add(self, taken: Sequence[Value], made: Sequence[Value], back: Callable) -> None:
        """Remember a step."""
        self.steps.append(Step(taken, made, back))

    def chosen(self, m: Parts, value: Value) -> Tensor:
        """One multiplier of a value that is used as a whole: that of the part its Δ lies in.

        Σ chosen·Δ = Σ m⁺·max(Δ, 0) + m⁻·min(Δ, 0); where Δ = 0 it is the mean of the two.
        """
        sign = value.delta.sign()
        return (m.plus * (1 + sign) + m.minus * (1 - sign)) / 2

    def meet(self, value: Value, off: bool = True) -> None:
        """Count where the parts of a value cancel though both are there: the rule jumps there.

        Without `off`, values that are zero at both points are left out: behind a relu that is off
        at both, Δ stays zero nearby, and nothing jumps.
        """
        if value.plus is not None:
            tied = (value.delta == 0) & (value.plus != 0)
            self.ties.append(torch.count_nonzero(tied if off else tied & (value.now != 0)))

    def backward(self, end: Value, seed: Tensor | Parts, start: Value, keep: bool = False):
        """Multipliers of `start`, from those of `end`; None where no step leads from one to other.

        They chain like derivatives: m_x = Σ_y m_{x→y} m_y. Steps are dropped on the way unless
        they are to be kept for another seed.
        """
        reached = {id(end): seed}
        steps = list(self.steps)
        if not keep:
            self.steps.clear()
        while steps:
            step = steps.pop()
            multipliers = [reached.pop(id(value), None) for value in step.made]
            if all(m is None for m in multipliers):
                continue
            for value, m in zip(step.taken, step.back(*multipliers), strict=True):
                if m is not None:
                    known = reached.get(id(value))
                    reached[id(value)] = m if known is None else known + m
        return reached.get(id(start))
