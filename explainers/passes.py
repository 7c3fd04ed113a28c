"""The only place that runs a model forward or backward: batches, counting, progress, cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from explainers import eval_mode, output_form
from explainers.attribution import Progress, Target
from explainers.batch_plan import BatchPlan, is_out_of_memory
from explainers.errors import ModelProblem, Problem
from explainers.eval_mode import Model
from explainers.output_cache import OutputCache

Columns = tuple[Tensor | None, ...]
"""Tensors with one row a point, or None for what a method does not give."""


class Passes:
    """One model, with every evaluation counted.

    Below, `points` are rows of model input (n, …), and `rows` (n,) says which of the N explained
    inputs each point belongs to, so that points of many inputs may share a batch. `cached` points
    are those that other explanations need too: the inputs and the baselines themselves.

    Parameters
    ----------
    model : callable
        From (n, …) to (n, outputs) or (n,); a module must be in evaluation mode.
    score : str
        The form of the output, one of `output_form.OUTPUT_FORMS`.
    centre : bool
        Whether the mean over the outputs is subtracted.
    batch_size : int, optional
        Points a pass; planned by time and memory unless given.
    progress : callable, optional
        Called with a `Progress` after every pass; what it raises ends the call.
    cache : OutputCache, optional
        Of this model, shared by several explanations.

    Attributes
    ----------
    model : callable
        As it was given.
    answer : callable
        The model in the wanted form.
    forward_rows, backward_rows : int
        Evaluations so far, one a point.
    notes : list of str
        Sentences on the model that belong on the answer, each once; see `note`.

    Examples
    --------
    >>> passes, rows = Passes(lambda x: x**2), torch.tensor([0, 0])
    >>> passes.gradients(torch.tensor([[1.0], [3.0]]), Target(index=(0,)), rows)
    (tensor([1., 9.]), tensor([[2.],
            [6.]]))
    >>> passes.forward_rows, passes.backward_rows
    (2, 2)
    """

    def __init__(
        self,
        model: Model,
        *,
        score: str = "output",
        centre: bool = False,
        batch_size: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        cache: OutputCache | None = None,
    ) -> None:
        self.model = model
        self.forward_rows = self.backward_rows = 0
        self.notes: list[str] = []
        self._form, self._cache = (score, centre), cache or OutputCache()
        decided = self._cache.output_forms
        self.answer: Model = output_form.with_form(model, score, centre, self.note, decided)
        self._plan = BatchPlan(batch_size, batch_size, True) if batch_size else BatchPlan()
        self._progress = progress
        self._partial: Callable[[], Tensor | None] = lambda: None
        self._expected = 0
        self._started = time.perf_counter()

    def outputs(self, points: Tensor, cached: bool = False) -> Tensor:
        """The model's whole output (n, …) in the wanted form, without gradients."""

        def compute(points: Tensor) -> Tensor:
            parts = self.batches(len(points))
            return torch.cat([self._forward_only(points[part]) for part in parts])

        if not cached:
            return compute(points)
        keys = [self._form] * len(points)
        (outputs,) = self._cache.recall(keys, points, lambda rows: (compute(points[rows]),))
        return outputs

    def values(self, points: Tensor, target: Target, rows: Tensor) -> Tensor:
        """The explained score (n,) of each point."""
        return torch.cat(
            [
                self._forward_only(points[part], target, rows[part])
                for part in self.batches(len(points))
            ]
        )

    def gradients(
        self, points: Tensor, target: Target, rows: Tensor, cached: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The explained score (n,) and its gradient with respect to the points (n, …)."""

        def compute(points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
            values, slopes = _joined(
                self._fitted(
                    lambda points, rows: self._with_gradient(points, target, rows),
                    points[part],
                    rows[part],
                )
                for part in self.batches(len(points))
            )
            assert values is not None and slopes is not None
            return values, slopes

        if not cached:
            return compute(points, rows)
        keys = [(self._form, target.key_of(row)) for row in rows.tolist()]
        values, slopes = self._cache.recall(
            keys, points, lambda some: compute(points[some], rows[some])
        )
        return values, slopes

    def with_graph(self, leaf: Tensor, target: Target, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The whole output (n, …) of a leaf, and the sum of its explained scores.

        Both lead back to the leaf by autograd's graph; counts as one pass forward and one backward.
        """
        with torch.enable_grad():
            output = self._answer(leaf)
            total = target.select(output, rows).sum()
        self._count(len(leaf), backward=True)
        return output, total

    def pairs(
        self, work: Callable[..., Columns], points: Tensor, reference: Tensor, rows: Tensor
    ) -> Columns:
        """work(points, reference, rows) → tensors (n, …) or None, batch by batch.

        For methods that run the model (`answer`) at input and reference at once and find their own
        way back: two evaluations forward and one backward a row.
        """

        def counted(points: Tensor, reference: Tensor, rows: Tensor) -> Columns:
            columns = work(points, reference, rows)
            self._count(len(points), backward=True)
            self._count(len(points), backward=False)
            return columns

        return _joined(
            self._fitted(counted, points[part], reference[part], rows[part])
            for part in self.batches(len(points))
        )

    def batches(self, total: int) -> Iterator[slice]:
        """Slices that cover range(total), each as long as the plan then says."""
        start = 0
        while start < total:
            stop = min(start + self._plan.size, total)
            yield slice(start, stop)
            start = stop

    def expect(self, evaluations: int) -> None:
        """Tell the progress bar that so many more evaluations follow."""
        self._expected = self.forward_rows + evaluations

    def note(self, sentence: str) -> None:
        """Put a sentence on the answer, once however often it is said."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def show(self, partial: Callable[[], Tensor | None]) -> None:
        """Register how to read the scores so far."""
        self._partial = partial

    # How it is done

    def _forward_only(
        self, points: Tensor, target: Target | None = None, rows: Tensor | None = None
    ) -> Tensor:
        """The output (n, …), or the score (n,) of a target, without gradients."""

        def work(points: Tensor, rows: Tensor | None) -> Columns:
            with torch.no_grad():
                output = self._answer(points)
                if target is not None and rows is not None:
                    output = target.select(output, rows)
            self._count(len(points), backward=False)
            return (output,)

        (output,) = self._fitted(work, points, rows)
        assert output is not None
        return output

    def _with_gradient(self, points: Tensor, target: Target, rows: Tensor) -> Columns:
        with torch.enable_grad():
            leaf = points.detach().clone().requires_grad_()
            value = target.select(self._answer(leaf), rows)
            total = value.sum()
        if not value.requires_grad:
            raise ModelProblem(
                "No gradient flows from the model's answer back to its input. Use a method that "
                "needs none: occlusion, RISE or finite differences."
            )
        (grad,) = torch.autograd.grad(total, leaf, allow_unused=True)
        self._count(len(points), backward=True)
        return value.detach(), torch.zeros_like(leaf) if grad is None else grad

    def _fitted(
        self, work: Callable[..., Columns], points: Tensor, *others: Tensor | None
    ) -> Columns:
        """work(points, *others); in halves, as often as needed, where memory does not suffice."""
        started = time.perf_counter()
        try:
            result = work(points, *others)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if len(points) == 1:
                raise Problem(
                    "There is not enough memory for a single pass of this model on this input. "
                    "Use a smaller input, precision='bfloat16', or another device."
                ) from error
            result = None
        if result is None:  # outside the except block, where the failed pass still holds memory
            if points.is_cuda:
                torch.cuda.empty_cache()
            self._plan.halve(len(points))
            half = len(points) // 2
            return _joined(
                self._fitted(work, points[part], *(None if t is None else t[part] for t in others))
                for part in (slice(0, half), slice(half, None))
            )
        self._plan.learn(len(points), time.perf_counter() - started)
        return result

    def _answer(self, points: Tensor) -> Tensor:
        try:
            # The clone keeps a model that works in place from writing on the caller's data.
            output = self.answer(points.clone())
        except (Problem, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            lines = str(error).strip().splitlines()
            raise ModelProblem(
                f"The model stopped with an error on inputs of shape {tuple(points.shape)}: "
                f"{type(error).__name__}{': ' + lines[0][:300] if lines else ''}. "
                "Check the input's size and number of channels."
            ) from error
        return eval_mode.check_output(output, points)

    def _count(self, points: int, backward: bool) -> None:
        self.forward_rows += points
        self.backward_rows += points * backward
        if self._progress is not None:
            done = self.forward_rows
            seconds = time.perf_counter() - self._started
            self._progress(Progress(done, max(done, self._expected), seconds, self._partial))


def _joined(parts: Iterable[Columns]) -> Columns:
    """Batches of results, column by column; a column of None stays None."""
    columns = zip(*parts, strict=True)
    return tuple(None if column[0] is None else torch.cat(column) for column in columns)
