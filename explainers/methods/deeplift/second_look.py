"""A second look at an evaluation that did not add up: what is followed, and where it breaks.

Most evaluations never need one. Where contributions are not finite or miss the difference of the
score, the model is run once more, more carefully: a multiplier of zero stays zero, whatever it is
multiplied with (a branch that was not taken may hold log(−1)), and every step is checked against
summation-to-delta, so that the operation at fault is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.batch_plan import is_out_of_memory
from explainers.errors import ModelProblem, Problem
from explainers.methods.deeplift.tape import Multiplier, Multipliers, Parts, Step, Value, worth

# How much of all that goes in and out of a step its contributions may miss: rounding, not a rule.
_LOST = {
    torch.float64: 1e-7,
    torch.complex128: 1e-7,
    torch.float32: 1e-2,
    torch.complex64: 1e-2,
}


_ROUNDINGS = 100
"""Smallest steps of the numbers themselves that their difference may be off by: where two large
numbers are nearly the same, that is more than the difference."""


def times(m: Tensor, c: Any) -> Tensor:
    """m·c, and zero where either is zero, though the other be infinite or undefined.

    Examples
    --------
    >>> times(torch.tensor([0.0, 2.0]), torch.tensor([torch.nan, 3.0]))
    tensor([0., 6.])
    """
    product = m * c
    nothing = m == 0
    if isinstance(c, Tensor):
        nothing = nothing | (c == 0)
    return torch.where(nothing, torch.zeros((), dtype=product.dtype, device=m.device), product)


def misses(scores: Tensor, actual: Tensor, reference: Tensor) -> bool:
    """Whether the contributions of any row are not finite, or miss the difference by much.

    Parameters
    ----------
    scores : Tensor, shape (n, …)
    actual, reference : Tensor, shape (n,)
        The score at the input and at the reference.

    Returns
    -------
    bool

    Examples
    --------
    >>> misses(torch.tensor([[1.0, 2.0]]), torch.tensor([5.0]), torch.tensor([2.0]))
    False
    >>> misses(torch.tensor([[1.0, 2.0]]), torch.tensor([4.0]), torch.tensor([2.0]))
    True
    """
    difference = actual - reference
    rows = scores.reshape(len(scores), -1)
    lost, whole = (rows.sum(1) - difference).abs(), rows.abs().sum(1)
    close = 1e-9 if scores.dtype == torch.float64 else 1e-3
    allowed = close * (difference.abs() + whole / 10) + _rounding(actual, reference)
    return not bool((lost <= allowed).all())


def _rounding(actual: Tensor, reference: Tensor) -> Tensor:
    """How much their difference may be off by (…)."""
    if not (actual.is_floating_point() or actual.is_complex()):
        return torch.zeros_like(actual, dtype=torch.float32)
    return _ROUNDINGS * torch.finfo(actual.dtype).eps * (actual.abs() + reference.abs())


class SecondLook:
    """Checks every step of one evaluation, there and back.

    Where parts are kept they are made on the way there: `suspect` is the first step whose parts are
    not those of its difference.
    """

    def __init__(self) -> None:
        self.suspect = ""

    def met(self, step: Step) -> None:
        """Look at the parts of what a step has made."""
        for value in step.outputs:
            if self.suspect or value.parts is None or value.is_index:
                return
            lost = (value.delta - value.plus - value.minus).abs()
            size = value.delta.abs() + value.plus.abs() + value.minus.abs()
            fits = lost <= _LOST.get(value.delta.dtype, 1e-1) * size
            if bool((torch.isfinite(value.delta) & ~fits).any()):
                self.suspect = step.place

    def follow(self, step: Step, multipliers: Multipliers) -> Multipliers:
        """The multipliers of a step's inputs, which must be worth those of its outputs.

        Parameters
        ----------
        step : Step
        multipliers : sequence of Tensor, Parts or None
            One for each output.

        Returns
        -------
        sequence of Tensor, Parts or None
            One for each input.

        Raises
        ------
        ModelProblem
            Where the step has no derivative, meets what is not finite, or does not add up.
        """
        try:
            found = step.backward(*multipliers)
        except (Problem, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise ModelProblem(
                f"DeepLIFT cannot follow {step.place} back: PyTorch has no derivative for it "
                f"({str(error)[:200]}). Use a method that needs none, such as occlusion."
            ) from error
        came, went = _total(step.outputs, multipliers), _total(step.inputs, found)
        place = self.suspect or step.place
        if not torch.isfinite(came[0] + went[0]):
            raise ModelProblem(
                f"Between the input and the baseline {place} meets values that are infinite or "
                "undefined (NaN), so that DeepLIFT cannot share out what it does. Choose another "
                "baseline, or use another method."
            )
        lost = max(_LOST.get(v.delta.dtype, 1e-1) for v in (*step.inputs, *step.outputs))
        allowed = lost * float(came[1] + went[1]) + float(came[2] + went[2])
        if abs(float(came[0] - went[0])) > allowed:
            raise ModelProblem(
                f"DeepLIFT's contributions do not add up through {place}. Use another method, "
                "such as Integrated Gradients."
            )
        return found


def _total(values: Sequence[Value], multipliers: Multipliers) -> tuple[Tensor, Tensor, Tensor]:
    """Σ m Δ, Σ |m Δ|, and what of it may be rounding, over the Values."""
    pairs = [(v, m) for v, m in zip(values, multipliers, strict=True) if m is not None]
    if not pairs:
        nothing = torch.zeros(())
        return nothing, nothing, nothing
    total = torch.cat([_worth(v, m).flatten() for v, m in pairs])
    rounding = torch.cat([_may_be_rounding(v, m).flatten() for v, m in pairs])
    return total.sum(), total.abs().sum(), rounding.sum()


def _may_be_rounding(value: Value, m: Multiplier) -> Tensor:
    size = m.plus.abs() + m.minus.abs() if isinstance(m, Parts) else m.abs()
    return times(size, _rounding(value.actual, value.reference))


def _worth(value: Value, m: Multiplier) -> Tensor:
    if not isinstance(m, Parts):
        return worth(m, value.delta)
    parts = worth(m.plus, value.plus) + worth(m.minus, value.minus)
    return parts + worth((m.plus + m.minus) / 2, value.delta - value.plus - value.minus)
