"""The only place that runs a model forward or backward: batches, counting, progress, cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explainers import eval_mode, output_form
from explainers.attribution import Progress, Target
from explainers.errors import ModelProblem, Problem
from explainers.output_cache import OutputCache

# A batch between these is worth its overhead, and a cancel is still noticed soon.
SECONDS_TOO_SHORT, SECONDS_TOO_LONG = 0.2, 0.5
FIRST_BATCH, LARGEST_BATCH = 8, 512


@dataclass
class Plan:
    """How many points one pass takes; learned from the passes so far, halved when memory is out."""

    size: int = FIRST_BATCH
    ceiling: int = LARGEST_BATCH
    fixed: bool = False

    def learn(self, points: int, seconds: float) -> None:
        """Double or halve after a full pass of `points` that was too short or too long."""
        if self.fixed or points < self.size:
            return
        if seconds < SECONDS_TOO_SHORT:
            self.size = min(2 * self.size, self.ceiling)
        elif seconds > SECONDS_TOO_LONG:
            self.size = max(self.size // 2, 1)

    def halve(self, points: int) -> None:
        """After `points` did not fit into memory."""
        self.size = self.ceiling = max(1, points // 2)


class Passes:
    """One model, answering one question, with every evaluation counted.

    `points` below are rows of model input (n, …); `rows` (n,) says which of the N explained inputs
    each point belongs to, so that points of many inputs may share a batch.
    """

    def __init__(
        self,
        model: Callable,
        *,
        score: str = "output",
        centre: bool = False,
        batch_size: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        cache: OutputCache | None = None,
    ) -> None:
        self.model = model
        self.target: Target | None = None
        self.forward_rows = self.backward_rows = 0
        self.shares, self.share = 1, 0
        # Points that other explanations ask about too: the inputs and the baseline themselves.
        self.landmarks: tuple[Tensor, ...] = ()
        self.answer = output_form.with_form(model, score, centre)
        self._form, self._cache = (score, centre), cache or OutputCache()
        self._plan = Plan(batch_size, batch_size, True) if batch_size else Plan()
        self._progress = progress
        self._partial: Callable[[], Tensor | None] = lambda: None
        self._expected = 0
        self._started = time.perf_counter()

    # What methods ask

    def outputs(self, points: Tensor) -> Tensor:
        """The model's whole answer (n, …) in the asked form, without gradients."""

        def asked(points: Tensor) -> Tensor:
            parts = self.batches(len(points))
            return torch.cat([self._run(points[part], backward=False)[0] for part in parts])

        if not self._is_landmark(points):
            return asked(points)
        kinds = [self._form] * len(points)
        return self._cache.recall(kinds, points, lambda rows: (asked(points[rows]),))[0]

    def values(self, points: Tensor, rows: Tensor) -> Tensor:
        """The explained score (n,) of each point."""
        if self._is_landmark(points):
            return self.target.select(self.outputs(points), rows)
        return self._score(points, rows, backward=False)[0]

    def gradients(self, points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The explained score (n,) and its gradient with respect to the points (n, …)."""
        if not self._is_landmark(points):
            return self._score(points, rows, backward=True)
        kinds = [(self._form, self.target.asked_of(row)) for row in rows.tolist()]
        return self._cache.recall(
            kinds, points, lambda some: self._score(points[some], rows[some], backward=True)
        )

    def layer(self, name: str, points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score (n,), activations and gradients (n, …) at the output of the named module."""
        module = dict(self.model.named_modules())[name]
        kept: list[Tensor] = []

        def keep(_module, _inputs, output: Tensor) -> Tensor:
            # A clone goes on, so that an in-place operation behind the layer leaves ours alone.
            kept.append(output)
            return output.clone()

        parts = []
        for part in self.batches(len(points)):
            kept.clear()
            hook = module.register_forward_hook(keep)
            try:
                with torch.enable_grad():
                    leaf = points[part].detach().requires_grad_()
                    value = self.target.select(self._forward(leaf), rows[part])
                    total = value.sum()
            finally:
                hook.remove()
            if not kept:
                raise ModelProblem(f"The layer {name!r} is not used for this input.")
            (grad,) = torch.autograd.grad(total, kept[-1], allow_unused=True)
            grad = torch.zeros_like(kept[-1]) if grad is None else grad
            self._count(len(value), backward=True)
            parts.append((value.detach(), kept[-1].detach(), grad))
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))

    def pairs(self, work: Callable, points: Tensor, reference: Tensor, rows: Tensor) -> tuple:
        """work(points, reference, rows) → a tuple of tensors (n, …) or None, batch by batch.

        For methods that run the model (`answer`) at input and reference at once and find their own
        way back: two evaluations forward and one backward a row.
        """

        def counted(points: Tensor, reference: Tensor, rows: Tensor) -> tuple:
            found = work(points, reference, rows)
            self._count(len(points), backward=True)
            self._count(len(points), backward=False)
            return found

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
        """Tell the progress bar that so many more evaluations follow in this share of the work."""
        self._expected = self.forward_rows + evaluations * (self.shares - self.share)

    def show(self, partial: Callable[[], Tensor | None]) -> None:
        """Register how to read the scores found so far."""
        self._partial = partial

    # How it is done

    def _is_landmark(self, points: Tensor) -> bool:
        return any(points is landmark for landmark in self.landmarks)

    def _score(self, points: Tensor, rows: Tensor, backward: bool) -> tuple[Tensor, Tensor | None]:
        values, grads = [], []
        for part in self.batches(len(points)):
            value, grad = self._run(points[part], backward, rows[part])
            values.append(value)
            grads.append(grad)
        return torch.cat(values), torch.cat(grads) if backward else None

    def _run(self, points: Tensor, backward: bool, rows: Tensor | None = None):
        """One pass; split in two, as often as needed, where memory does not suffice."""
        return self._fitted(lambda points, rows: self._pass(points, backward, rows), points, rows)

    def _fitted(self, work: Callable, points: Tensor, *others: Tensor | None) -> tuple:
        """work(points, *others), a tuple of tensors; in halves where memory does not suffice."""
        started = time.perf_counter()
        try:
            result = work(points, *others)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
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

    def _pass(self, points: Tensor, backward: bool, rows: Tensor | None):
        if not backward:
            with torch.no_grad():
                output = self._forward(points)
                value = output if rows is None else self.target.select(output, rows)
            self._count(len(points), backward=False)
            return value, None
        with torch.enable_grad():
            leaf = points.detach().clone().requires_grad_()
            value = self.target.select(self._forward(leaf), rows)
            total = value.sum()
        if not value.requires_grad:
            raise ModelProblem(
                "No gradient flows from the model's answer back to its input. Use a method that "
                "needs none: occlusion, RISE or finite differences."
            )
        (grad,) = torch.autograd.grad(total, leaf, allow_unused=True)
        self._count(len(points), backward=True)
        return value.detach(), torch.zeros_like(leaf) if grad is None else grad

    def _forward(self, points: Tensor) -> Tensor:
        try:
            # The clone keeps a model that works in place from writing on the caller's data.
            output = self.answer(points.clone())
        except (Problem, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if _out_of_memory(error):
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


def _joined(parts: Iterable[tuple]) -> tuple:
    """Batches of results, column by column; a column of None stays None."""
    columns = zip(*parts, strict=True)
    return tuple(None if column[0] is None else torch.cat(column) for column in columns)


def _out_of_memory(error: Exception) -> bool:
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError)
        and any(words in text for words in ("out of memory", "can't allocate memory"))
    )


def last_convolution(model: nn.Module) -> str | None:
    """Name of the last convolution registered in the model, or None."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    names = [name for name, module in model.named_modules() if isinstance(module, kinds)]
    return names[-1] if names else None
