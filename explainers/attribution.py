"""The answer (`Attribution`), the question (`Target`) and how far a job is (`Progress`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Attribution:
    """What one call of `explain` found.

    scores          (N, …) like the inputs: the contribution of every input value.
    positive, negative  the parts that support and oppose, where the method separates them.
    output, baseline_output  (N,): the explained score of the inputs and of the baseline.
    gap             (N,): (Σ scores − (output − baseline_output)) / |output − baseline_output|,
                    for methods that promise completeness; else None.
    spread          like scores: standard error of a random method; else None.
    extra           what else the method found, by name: tensors (N, …).
    signed          whether the sign of a score means anything.
    passes          forward and backward evaluations of the model per input, rounded up.
    settings        all that is needed to run it again.
    notes           sentences for the person: fallbacks, ties, tolerance not reached.
    """

    scores: Tensor
    method: str
    target: Any
    output: Tensor
    baseline_output: Tensor | None
    gap: Tensor | None
    passes: int
    seconds: float
    device: str
    precision: str
    signed: bool = True
    positive: Tensor | None = None
    negative: Tensor | None = None
    spread: Tensor | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far a job is: evaluations done and expected, seconds so far, and the map so far.

    `partial()` returns the scores found so far, or None; it is called only by who wants to look.
    """

    done: int
    total: int
    seconds: float
    partial: Callable[[], Tensor | None] = lambda: None

    @property
    def seconds_left(self) -> float:
        """Expected seconds to the end, at the pace so far."""
        return self.seconds * max(self.total - self.done, 0) / max(self.done, 1)


def completeness_gap(scores: Tensor, output: Tensor, baseline_output: Tensor) -> Tensor:
    """(Σ scores − (output − baseline_output)) / |output − baseline_output|, (N,) in float64.

    scores (N, …); output and baseline_output (N,), the explained score of inputs and baseline.
    0 is complete, −0.1 means that a tenth of the difference is missing. Where there is no
    difference the gap is infinite, or NaN if the scores sum to zero as they should.
    """
    difference = output.double() - baseline_output.double()
    summed = scores.double().flatten(1).sum(1)
    return (summed - difference) / difference.abs()


Question = int | tuple[int, int] | Sequence[int] | Callable[["Tensor"], "Tensor"] | None


@dataclass(frozen=True)
class Target:
    """Which number of the model's output is explained, for each of N inputs.

    Exactly one of `index` (with an optional `rather_than`) and `function` is set.
    """

    index: tuple[int, ...] | None = None
    rather_than: int | None = None
    function: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def of(cls, question: Question, outputs: Tensor) -> Target:
        """The target that `question` means for `outputs` (N, outputs); see `explain`.

        Raises Problem for a class that does not exist or a list of the wrong length.
        """
        if callable(question):
            return cls(function=question)
        if outputs.ndim != 2:
            raise Problem(
                f"The model returns shape {tuple(outputs.shape)}; a class index needs "
                "(N, outputs). Give a callable target that turns the output into one number per "
                "input, for example lambda y: y[:, 3].mean(-1)."
            )
        count, width = outputs.shape
        if question is None:
            return cls(index=tuple(outputs.argmax(1).tolist()))
        if isinstance(question, tuple):
            if len(question) != 2:
                raise Problem("A pair (a, b) asks for class a rather than class b; give two.")
            first, second = (_checked(c, width) for c in question)
            return cls(index=(first,) * count, rather_than=second)
        if hasattr(question, "tolist"):
            question = question.tolist()
        if isinstance(question, Sequence):
            if len(question) != count:
                raise Problem(f"{len(question)} targets were given for {count} inputs.")
            return cls(index=tuple(_checked(c, width) for c in question))
        return cls(index=(_checked(question, width),) * count)

    def select(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """The explained score (n,) of `outputs` (n, …), whose k-th row belongs to input rows[k]."""
        if self.function is not None:
            score = self.function(outputs)
            if score.shape != outputs.shape[:1]:
                raise Problem(
                    f"The target function returned shape {tuple(score.shape)} for "
                    f"{outputs.shape[0]} inputs; it must return one number per input."
                )
            return score
        index = rows.new_tensor(self.index)[rows].unsqueeze(1)
        score = outputs.gather(1, index).squeeze(1)
        return score if self.rather_than is None else score - outputs[:, self.rather_than]

    def asked_of(self, row: int) -> Any:
        """What is asked of one input, as something that can be compared and hashed."""
        return self.function or (self.index[row], self.rather_than)

    def described(self) -> Any:
        """The target as plain data: a list of indices, of pairs, or the function's name."""
        if self.function is not None:
            return getattr(self.function, "__name__", "callable")
        if self.rather_than is not None:
            return [(i, self.rather_than) for i in self.index]
        return list(self.index)


def _checked(index: Any, width: int) -> int:
    if isinstance(index, bool) or not hasattr(index, "__index__"):
        raise Problem(f"A target class is a whole number from 0 to {width - 1}, not {index!r}.")
    if not 0 <= int(index) < width:
        raise Problem(f"There is no class {index}: the model has outputs 0 to {width - 1}.")
    return int(index)
