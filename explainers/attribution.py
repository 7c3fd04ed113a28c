"""The result of `explain` (`Attribution`), which output it explains (`Target`), and `Progress`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from explainers.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from torch import Tensor


TargetLike: TypeAlias = (
    int | tuple[int, int] | Sequence[int] | Callable[["Tensor"], "Tensor"] | None
)
"""What `explain` takes as its target; see `Target.of`."""

TargetDescription: TypeAlias = list[int] | list[tuple[int, int]] | str
"""A target as plain data: the class of each input, their pairs, or the name of a function."""


@dataclass(frozen=True)
class Attribution:
    """How much every input value contributed to the explained output; what `explain` returns.

    Attributes
    ----------
    scores : Tensor, shape (N, …)
        Like the inputs: the attribution of every input value, in the method's `unit`.
    method : str
        A key of METHODS.
    target : list or str
        The class that was explained for each input, a pair of them for "a rather than b", or the
        name of a target function.
    output, baseline_output : Tensor, shape (N,)
        The explained score of the inputs, and of their baselines (the mean over R references).
    gap : Tensor, shape (N,), float64, or None
        Completeness gap, a share: (Σ scores − (output − baseline_output)) / |output −
        baseline_output|; None for methods that do not promise completeness.
    passes : int
        Forward and backward evaluations of the model per input, rounded up.
    seconds : float
        Wall-clock time.
    device, precision : str
        Where, and in which floating-point type, the model ran.
    signed : bool
        Whether the sign of a score means anything.
    positive, negative : Tensor, shape (N, …), or None
        The parts of the scores that support and oppose, where the method separates them.
    spread : Tensor, shape (N, …), or None
        The standard error of each score, for random methods.
    settings : dict
        All that is needed to run it again.
    notes : tuple of str
        Sentences for people: fallbacks, ties, a tolerance that was not reached.
    extra : dict of Tensor, shape (N, …)
        What else the method computes, by name.
    inputs, baseline : Tensor, shape (N, …), or None
        What was explained, and what it was compared with (the mean over R references).
    kind : str
        A key of KINDS where that was said, else "".

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> answer = explain(lambda x: x.prod(1), torch.tensor([[2.0, 3.0]]), "gradient_x_input")
    >>> answer.scores, answer.output, answer.baseline_output, answer.passes
    (tensor([[6., 6.]]), tensor([6.]), tensor([0.]), 4)
    """

    scores: Tensor
    method: str
    target: TargetDescription
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
    inputs: Tensor | None = field(default=None, repr=False)
    baseline: Tensor | None = field(default=None, repr=False)
    kind: str = ""

    def save(self, path: str | Path, **words: Any) -> Path:
        """Write it as .npz, .csv or .parquet; see `explainers.reports.saving.save`."""
        return _reports().save(self, path, **words)

    def plot(self, item: int = 0, **words: Any) -> Figure:
        """The picture of one of its inputs; see `explainers.reports.saving.plot`."""
        return _reports().plot(self, item, **words)

    def report(self, path: str | Path, item: int = 0, **words: Any) -> Path:
        """Write one page to send; see `explainers.reports.saving.report`."""
        return _reports().report(self, path, item, **words)

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""
        return _reports().in_notebook(self)


def _reports() -> Any:
    # The one arrow upwards: an answer is asked to write itself.
    return importlib.import_module("explainers.reports.saving")


@dataclass(frozen=True)
class Progress:
    """How far a running explanation is; a progress callback gets one after every pass.

    Attributes
    ----------
    done, total : int
        Forward evaluations of the model done, and expected in all.
    seconds : float
        Time since the start.
    partial : callable
        () → the scores so far, Tensor (N, …), or None; computed only when it is called.

    Examples
    --------
    >>> Progress(done=20, total=80, seconds=1.5).seconds_left
    4.5
    """

    done: int
    total: int
    seconds: float
    partial: Callable[[], Tensor | None] = lambda: None

    @property
    def seconds_left(self) -> float:
        """Expected seconds to the end, at the pace so far."""
        return self.seconds * max(self.total - self.done, 0) / max(self.done, 1)


@dataclass(frozen=True)
class Target:
    """Which number of the model's output is explained, for each of N inputs.

    Exactly one of `index` (with an optional `rather_than`) and `function` is set.

    Attributes
    ----------
    index : tuple of int, length N, or None
        The output (class) of each input.
    rather_than : int or None
        The output that is subtracted: "a rather than b".
    function : callable or None
        From the model's output (n, …) to one score each, (n,).
    """

    index: tuple[int, ...] | None = None
    rather_than: int | None = None
    function: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def of(cls, target: TargetLike, outputs: Tensor) -> Target:
        """The target that the argument `target` of `explain` means, given the model's output.

        Parameters
        ----------
        target : int, pair of int, sequence of N int, callable or None
            A class for all inputs; (a, b) for class a rather than b; one class each; a function
            (n, …) → (n,); None for the highest output of each.
        outputs : Tensor, shape (N, outputs); for a callable any (N, …)
            The model's output on the inputs.

        Raises
        ------
        Problem
            For a class that does not exist, a sequence of the wrong length, or an output of more
            dimensions without a callable.

        Examples
        --------
        >>> import torch
        >>> outputs = torch.tensor([[0.1, 0.9], [0.8, 0.2]])
        >>> Target.of(None, outputs).index
        (1, 0)
        >>> Target.of((0, 1), outputs).select(outputs, torch.tensor([0, 1]))
        tensor([-0.8000,  0.6000])
        """
        if callable(target):
            return cls(function=target)
        if outputs.ndim != 2:
            raise Problem(
                f"The model returns shape {tuple(outputs.shape)}; a class index needs "
                "(N, outputs). Give a callable target that turns the output into one number per "
                "input, for example lambda y: y[:, 3].flatten(1).mean(1)."
            )
        count, width = outputs.shape
        if target is None:
            return cls(index=tuple(outputs.argmax(1).tolist()))
        if isinstance(target, tuple):
            if len(target) != 2:
                raise Problem("A pair (a, b) asks for class a rather than class b; give two.")
            first, second = (_class_index(c, width) for c in target)
            return cls(index=(first,) * count, rather_than=second)
        if hasattr(target, "tolist"):
            target = target.tolist()
        if isinstance(target, Sequence):
            if len(target) != count:
                raise Problem(f"{len(target)} targets were given for {count} inputs.")
            return cls(index=tuple(_class_index(c, width) for c in target))
        return cls(index=(_class_index(target, width),) * count)

    def select(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """The explained score of model outputs.

        Parameters
        ----------
        outputs : Tensor, shape (n, outputs); for a function any (n, …)
        rows : Tensor, int64, shape (n,)
            Which of the N inputs each output belongs to.

        Returns
        -------
        Tensor, shape (n,)

        Raises
        ------
        Problem
            Where a target function does not return one number per input.
        """
        if self.function is not None:
            try:
                score = self.function(outputs)
            except Problem:
                raise
            except Exception as error:
                raise Problem(
                    f"The target function stopped with an error on outputs of shape "
                    f"{tuple(outputs.shape)}: {type(error).__name__}: {str(error)[:300]}. It gets "
                    "the whole output (N, …) and must return one number per input."
                ) from error
            shape = getattr(score, "shape", None)
            if shape != outputs.shape[:1]:
                given = f"a {type(score).__name__}" if shape is None else f"shape {tuple(shape)}"
                raise Problem(
                    f"The target function returned {given} for {len(outputs)} inputs; it must "
                    "return a tensor with one number per input."
                )
            return score
        if isinstance(each := self._numbers, int):
            score = outputs[:, each].contiguous()
        else:
            score = outputs.gather(1, each.to(rows.device)[rows, None]).squeeze(1)
        return score if self.rather_than is None else score - outputs[:, self.rather_than]

    def key_of(self, row: int) -> Hashable:
        """What is explained of one input, as a key of a cache."""
        return self.function or (self._classes()[row], self.rather_than)

    def described(self) -> TargetDescription:
        """The target as plain data.

        Examples
        --------
        >>> Target(index=(2, 0), rather_than=1).described()
        [(2, 1), (0, 1)]
        """
        if self.function is not None:
            return str(getattr(self.function, "__name__", "callable"))
        classes, other = list(self._classes()), self.rather_than
        return classes if other is None else [(index, other) for index in classes]

    @cached_property
    def _numbers(self) -> Tensor | int:
        import torch

        first, *others = dict.fromkeys(self._classes())
        return torch.tensor(self._classes()) if others else first

    def _classes(self) -> tuple[int, ...]:
        assert self.index is not None
        return self.index


def _class_index(index: Any, width: int) -> int:
    if isinstance(index, bool) or not hasattr(index, "__index__"):
        raise Problem(f"A target class is a whole number from 0 to {width - 1}, not {index!r}.")
    if not 0 <= int(index) < width:
        raise Problem(f"There is no class {index}: the model has outputs 0 to {width - 1}.")
    return int(index)
