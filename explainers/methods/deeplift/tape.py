"""What is remembered of one evaluation: activations at input and reference, and the way back.

A `Value` is a tensor of the model seen twice, at the input and at the reference. A `Step` is one
operation on Values; its `backward` turns multipliers of its outputs into multipliers of its inputs,
so that they chain like derivatives (section 3.2 of arXiv:1704.02685). RevealCancel keeps the
positive and the negative part of every difference as well (section 3.4), and a multiplier for each:
then `Parts` stand where Rescale has one tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import torch
from torch import Tensor

Source: TypeAlias = Literal["convolution", "dense"]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Two tensors of one shape, for the positive and for the negative part of a difference.

    Either the parts themselves, Δ⁺ and Δ⁻, or the multipliers m⁺ and m⁻ of each.

    Parameters
    ----------
    plus, minus : Tensor, shape (…)
    """

    plus: Tensor
    minus: Tensor

    def __add__(self, other: Parts) -> Parts:
        return Parts(self.plus + other.plus, self.minus + other.minus)


# What goes back for one Value: one tensor of its shape (Rescale), or one for each part.
Multiplier: TypeAlias = Tensor | Parts
_Multiplier = TypeVar("_Multiplier", Tensor, Parts)
# (a multiplier or None for each output) → the same for each input. Of the kind that came, Tensors
# from Tensors and Parts from Parts, which no annotation of a variadic function says.
Backward: TypeAlias = Callable[..., Sequence[Any]]


class Value:
    """A tensor of the model, seen at the input (`actual`) and at the reference (`reference`).

    Parameters
    ----------
    actual, reference : Tensor, shape (…)
        The activation t and the reference activation t⁰ of the paper; one shape and type.
    parts : Parts, optional
        Δ⁺ and Δ⁻ with Δ⁺ + Δ⁻ = Δ, where the rule keeps them.
    source : {"convolution", "dense"}, optional
        What made it, for the genomics rule.
    is_index : bool
        Whether it holds places, which have an order but no differences.

    Examples
    --------
    >>> import torch
    >>> value = Value(torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0]))
    >>> value.delta, value.middle
    (tensor([2., 0.]), tensor([2., 1.]))
    """

    __slots__ = ("_delta", "actual", "is_index", "parts", "reference", "source")

    def __init__(
        self,
        actual: Tensor,
        reference: Tensor,
        parts: Parts | None = None,
        source: Source | None = None,
        is_index: bool = False,
    ) -> None:
        self.actual, self.reference, self.parts = actual, reference, parts
        self.source, self.is_index = source, is_index
        self._delta: Tensor | None = None

    @property
    def delta(self) -> Tensor:
        """Δ = actual − reference, a number also for truth values; kept where the parts are."""
        if self._delta is not None:
            return self._delta
        delta = _number(self.actual) - _number(self.reference)
        if self.parts is not None:
            self._delta = delta
        return delta

    @property
    def middle(self) -> Tensor:
        """(actual + reference) / 2."""
        return (_number(self.actual) + _number(self.reference)) / 2

    @property
    def plus(self) -> Tensor:
        """Δ⁺; only where the parts are kept."""
        assert self.parts is not None
        return self.parts.plus

    @property
    def minus(self) -> Tensor:
        """Δ⁻; only where the parts are kept."""
        assert self.parts is not None
        return self.parts.minus


def worth(m: Tensor, delta: Tensor) -> Tensor:
    """What each entry of a difference contributes, m·Δ, shape (…); nothing where m is nothing.

    A complex number counts as two: with m = m_re + i·m_im it contributes m_re Δ_re + m_im Δ_im,
    the real part of the conjugate of m times Δ, as derivatives by a complex number are written in
    PyTorch.

    Examples
    --------
    >>> worth(torch.tensor([2 + 1j]), torch.tensor([1 + 3j]))
    tensor([5.])
    >>> worth(torch.tensor([2.0, 0.0]), torch.tensor([3.0, torch.inf]))
    tensor([6., 0.])
    """
    product = m.conj() * delta if m.is_complex() else m * delta
    return torch.where(m == 0, 0, product.real if product.is_complex() else product)


def _number(tensor: Tensor) -> Tensor:
    if tensor.is_floating_point() or tensor.is_complex():
        return tensor
    return tensor.to(torch.get_default_dtype())


@dataclass
class Step:
    """One operation: its Values, and backward(multipliers of outputs) → multipliers of inputs.

    `place`, its name and where it stands in the user's model, is known in a second look only.
    """

    inputs: Sequence[Value]
    outputs: Sequence[Value]
    backward: Backward
    place: str = ""


Multipliers: TypeAlias = Sequence[Any]


def follow(step: Step, multipliers: Multipliers) -> Multipliers:
    """The multipliers of a step's inputs, from those of its outputs."""
    return step.backward(*multipliers)


@dataclass
class Tape:
    """The steps of one evaluation, in the order they ran.

    Parameters
    ----------
    rule : {"rescale", "reveal_cancel", "genomics"}
    steps : list of Step
    ties : list of Tensor, each of shape ()
        How many entries of a Value had parts that cancel exactly, counted as they are met.
    follow : callable
        How a step is followed back; a second look (`second_look`) also checks it.
    times : callable
        How a multiplier meets a coefficient; in a second look what is not used stays zero.
    """

    rule: str = "rescale"
    steps: list[Step] = field(default_factory=list)
    ties: list[Tensor] = field(default_factory=list)
    follow: Callable[[Step, Multipliers], Multipliers] = follow
    times: Callable[[Tensor, Any], Tensor] = torch.mul

    @property
    def keeps_parts(self) -> bool:
        """Whether positive and negative parts are kept apart."""
        return self.rule != "rescale"

    def constant(self, tensor: Tensor) -> Value:
        """A tensor that does not depend on the input, as a Value without a difference."""
        nothing = torch.zeros_like(tensor) if self.keeps_parts else None
        return Value(tensor, tensor, None if nothing is None else Parts(nothing, nothing))

    def start(self, inputs: Tensor, reference: Tensor) -> Value:
        """The model's input: its positive part is where it exceeds the reference."""
        return self.split(Value(inputs, reference))

    def split(self, value: Value) -> Value:
        """Give the value the parts max(Δ, 0) and min(Δ, 0), where parts are kept."""
        if self.keeps_parts and not value.is_index:
            delta = value.delta
            numbers = torch.view_as_real(delta) if delta.is_complex() else delta
            parts = numbers.clamp(min=0), numbers.clamp(max=0)
            if delta.is_complex():  # as two numbers
                parts = torch.view_as_complex(parts[0]), torch.view_as_complex(parts[1])
            value.parts = Parts(*parts)
        return value

    def add(self, inputs: Sequence[Value], outputs: Sequence[Value], backward: Backward) -> None:
        """Remember a step."""
        self.steps.append(Step(inputs, outputs, backward))

    def merge(self, m: Parts, value: Value) -> Tensor:
        """One multiplier of a value that is used as a whole: that of the part its Δ lies in.

        Complete for a value split by sign: Σ merged·Δ = Σ m⁺·max(Δ, 0) + m⁻·min(Δ, 0). Where Δ = 0
        it is the mean of the two.

        Parameters
        ----------
        m : Parts of shape (…)
            The multipliers of the value's parts.
        value : Value of shape (…)

        Returns
        -------
        Tensor, shape (…)

        Examples
        --------
        >>> import torch
        >>> value = Value(torch.tensor([1.0, -1.0, 0.0]), torch.zeros(3))
        >>> Tape("reveal_cancel").merge(Parts(torch.full((3,), 2.0), torch.zeros(3)), value)
        tensor([2., 0., 1.])
        """
        delta = value.delta
        if delta.is_complex():  # as two numbers
            m = Parts(torch.view_as_real(m.plus), torch.view_as_real(m.minus))
            sign = torch.view_as_real(delta.resolve_conj()).sign()
            return torch.view_as_complex((m.plus * (1 + sign) + m.minus * (1 - sign)) / 2)
        sign = delta.sign()
        return (m.plus * (1 + sign) + m.minus * (1 - sign)) / 2

    def count_ties(self, value: Value, off: bool = True) -> None:
        """Count where the parts of a value cancel though both are there: the rule jumps there.

        Without `off`, values that are zero at both points are left out: behind a relu that is off
        at both, Δ stays zero nearby, and nothing jumps.
        """
        if value.parts is not None:
            tied = (value.delta == 0) & (value.parts.plus != 0)
            self.ties.append(torch.count_nonzero(tied if off else tied & (value.actual != 0)))

    def backward(
        self, end: Value, seed: _Multiplier, start: Value, keep: bool = False
    ) -> _Multiplier | None:
        """Multipliers of `start` from those of `end`, by the chain rule m_x = Σ_y m_{x→y} m_y.

        Parameters
        ----------
        end : Value of shape (n,)
            The explained score.
        seed : Tensor or Parts, shape (n,)
            Its multipliers; Parts where the rule keeps parts.
        start : Value of shape (n, …)
            The model's input.
        keep : bool
            Whether the steps are kept for another seed. Otherwise they are dropped on the way.

        Returns
        -------
        Tensor or Parts of shape (n, …), or None
            None where no step leads from one to the other.
        """
        reached: dict[int, _Multiplier] = {id(end): seed}
        steps = list(self.steps)
        if not keep:
            self.steps.clear()
        while steps:
            step = steps.pop()
            multipliers = [reached.pop(id(value), None) for value in step.outputs]
            if all(m is None for m in multipliers):
                continue
            for value, m in zip(step.inputs, self.follow(step, multipliers), strict=True):
                if m is not None:
                    known = reached.get(id(value))
                    reached[id(value)] = m if known is None else known + m
        return reached.get(id(start))
