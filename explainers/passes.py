"""The only place that runs a model forward or backward: batches, counting, progress, cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from explainers import batch_plan, eval_mode, output_form
from explainers.attribution import Progress, Target
from explainers.batch_plan import BatchPlan, Columns, fitted, is_out_of_memory, joined
from explainers.errors import ModelProblem
from explainers.eval_mode import Answer, Model
from explainers.output_cache import OutputCache
from explainers.running.behaviour import Behaviour
from explainers.running.failures import forward_of_model, way_back
from explainers.running.jacobians import Jacobians
from explainers.running.slopes import score_and_slopes
from explainers.running.state import State


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
    state : State, optional
        What the model holds.

    Attributes
    ----------
    model : callable
        As it was given.
    answer : callable
        The model in the wanted form.
    forward_rows, backward_rows : int
        Evaluations so far, one a point.
    expected : int
        How many forward there will be, as far as it is known; see `expect`.
    notes : list of str
        Sentences on the model that belong on the answer, each once; see `note`.
    plan : BatchPlan
        How many points a pass takes.
    behaviour : Behaviour
        What is known of the model; set by `behave`.
    singular : Tensor of bool, of one input's shape, or None
        Which values met a slope that is not finite; there it counts as 0.

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
        state: State | None = None,
    ) -> None:
        self.model = model
        self.forward_rows = self.backward_rows = 0
        self.notes: list[str] = []
        self.behaviour, self.state = Behaviour(), state
        self.singular: Tensor | None = None
        self._form, self._cache = (score, centre), cache or OutputCache()
        decided = self._cache.output_forms
        self.answer: Model = output_form.with_form(model, score, centre, self.note, decided)
        self.plan = BatchPlan(batch_size, batch_size, True) if batch_size else BatchPlan()
        self._progress, self.expected = progress, 0
        self._partial: Callable[[], Tensor | None] = lambda: None
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

    def values(
        self, points: Tensor, target: Target, rows: Tensor, answer: Answer | None = None
    ) -> Tensor:
        """The explained score (n,) of each point; `answer` may know a shorter way to the output."""
        parts = self.batches(len(points))
        found = [self._forward_only(points[p], target, rows[p], answer) for p in parts]
        return found[0] if len(found) == 1 else torch.cat(found)

    def gradients(
        self, points: Tensor, target: Target, rows: Tensor, cached: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The explained score (n,) and its gradient with respect to the points (n, …)."""

        def compute(points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
            work, parts = partial(self._with_gradient, target), self.batches(len(points))
            values, slopes = joined(self._fitted(work, points[p], rows[p]) for p in parts)
            assert values is not None and slopes is not None
            return values, slopes

        if not cached:
            return compute(points, rows)
        keys = [(self._form, target.key_of(row)) for row in rows.tolist()]
        values, slopes = self._cache.recall(
            keys, points, lambda some: compute(points[some], rows[some])
        )
        return values, slopes

    def jacobian(self, points: Tensor, generators: Sequence[object] = ()) -> Tensor:
        """The slopes (n, outputs…, …) of all outputs; one pass, or one backward pass an output."""
        slopes = Jacobians(self._answer, self.behaviour.random, generators)

        def work(points: Tensor) -> Columns:
            with way_back():
                found, singular = slopes(points)
            self._count(len(points), backward=True)
            self._saw(singular)
            return (found,)

        parts = [self._fitted(work, points[part])[0] for part in self.batches(len(points))]
        return torch.cat([part for part in parts if part is not None])

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
            with way_back("This method cannot follow the model"):
                columns = work(points, reference, rows)
            self._count(len(points), backward=True)
            self._count(len(points), backward=False)
            return columns

        parts = self.batches(len(points))
        return joined(self._fitted(counted, points[p], reference[p], rows[p]) for p in parts)

    def batches(self, total: int, whole: int = 1) -> Iterator[slice]:
        """Slices of range(total) as the plan then says, in multiples of `whole` where that fits."""
        start = 0
        while start < total:
            stop = min(start + self.plan.points(whole), total)
            yield slice(start, stop)
            start = stop

    def behave(self, behaviour: Behaviour) -> None:
        """Run the model as its behaviour asks for. ModelProblem where it cannot be explained."""
        if behaviour.refusal:
            raise ModelProblem(behaviour.refusal)
        self.behaviour = behaviour
        if behaviour.remembers and self.state is not None:
            self.state.forget()
        if behaviour.mixes or behaviour.one_row:
            self.plan = BatchPlan(1, 1, True)
        if behaviour.mixes or behaviour.random:
            self.forget()

    def allow(self, most: int, least: int = 1) -> None:
        """Let passes grow to so many points, and not shrink below, where their size is planned."""
        self.plan.allow(most, least)

    def forget(self) -> None:
        """Use no answers from before this."""
        self._cache = OutputCache()

    def ask(self, points: Tensor) -> Tensor:
        """The model's output (n, …) on all points in one pass that is not counted."""
        try:
            return self._answer(points)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise batch_plan.out_of_memory(error, f"{len(points)} inputs") from error
        finally:
            self._settle()

    def expect(self, evaluations: int) -> None:
        """Tell the progress bar that so many more evaluations follow."""
        self.expected = self.forward_rows + evaluations

    def worked(self, evaluations: int) -> None:
        """Count evaluations of other networks, trained beside the model; may end the call."""
        self._count(evaluations, backward=False)

    def note(self, sentence: str) -> None:
        """Put a sentence on the answer, once however often it is said."""
        self.notes += [sentence] * (sentence not in self.notes)

    def show(self, partial: Callable[[], Tensor | None]) -> None:
        """Register how to read the scores so far."""
        self._partial = partial

    # How it is done

    def _forward_only(
        self,
        points: Tensor,
        target: Target | None = None,
        rows: Tensor | None = None,
        answer: Answer | None = None,
    ) -> Tensor:
        """The output (n, …), or the score (n,) of a target, without gradients."""

        def work(points: Tensor, rows: Tensor | None) -> Columns:
            asked = None if answer is None or rows is None else lambda p: answer(p, rows)
            with torch.no_grad():
                output = self._answer(points, asked)
                if target is not None and rows is not None:
                    output = target.select(output, rows)
            self._count(len(points), backward=False)
            return (output,)

        (output,) = self._fitted(work, points, rows)
        assert output is not None
        return output

    def _with_gradient(self, target: Target, points: Tensor, rows: Tensor) -> Columns:
        values, slopes, singular = score_and_slopes(self._answer, points, target, rows)
        self._count(len(points), backward=True)
        self._saw(singular)
        return values, slopes

    def _saw(self, singular: Tensor | None) -> None:
        if singular is not None:
            self.singular = singular if self.singular is None else self.singular | singular

    def _fitted(
        self, work: Callable[..., Columns], points: Tensor, *others: Tensor | None
    ) -> Columns:
        """work(points, *others); in halves, as often as needed, where memory does not suffice."""
        try:
            return fitted(self.plan, work, points, *others)
        finally:
            self._settle()

    def _answer(self, points: Tensor, asked: Model | None = None) -> Tensor:
        with forward_of_model(points):
            # The clone keeps a model that works in place from writing on the caller's data.
            output = self.answer(points.clone()) if asked is None else asked(points)
        return eval_mode.check_output(output, points)

    def _settle(self) -> None:
        if self.state is not None:
            self.state.settle()

    def _count(self, points: int, backward: bool) -> None:
        self.forward_rows += points
        self.backward_rows += points * backward
        if self._progress is not None:
            done = self.forward_rows
            seconds = time.perf_counter() - self._started
            self._progress(Progress(done, max(done, self.expected), seconds, self._partial))
