"""What a method of importance works with: the rows, the features, and the model's answers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from explainers.attribution import Target
from explainers.batch_plan import POINTS_AT_ONCE
from explainers.errors import ModelProblem, Problem
from explainers.eval_mode import Model
from explainers.importance.dense import DenseNetwork, find_dense
from explainers.importance.features import Features
from explainers.importance.reading.labels import Labels
from explainers.importance.reading.question import no_output
from explainers.importance.uncertainty.resampling import Resampling
from explainers.kinds.layout import InputLayout
from explainers.passes import Passes
from explainers.running.differences import slopes_by_differences


@dataclass(frozen=True)
class DatasetContext:
    """One data set and one model, for all methods of a call.

    A feature may be a column, a variable at all steps, a region, or a group of these: methods ask
    for it by its number, and never index columns. Below, `points` are rows of model input (M, …)
    on the model's device. Answers are float64 on the CPU. Everything is seeded by `seed` and a key
    of the method's own, so that no method depends on which others run.

    Attributes
    ----------
    passes : Passes
        The model; every evaluation goes through it and is counted.
    inputs : Tensor, shape (N, …)
    features : Features
        Names, and which values of an input belong to each.
    layout : InputLayout
        Of one input.
    outputs : Tensor, shape (N, outputs…)
        The model's whole output on the inputs.
    target : Target or None
        Which output is explained; None where there are several and nobody chose.
    labels : Labels or None
        The truth.
    seed : int
    resampling : Resampling
        Draws of rows, the same for every method.
    """

    passes: Passes
    inputs: Tensor
    features: Features
    layout: InputLayout
    outputs: Tensor
    target: Target | None
    labels: Labels | None
    seed: int
    resampling: Resampling
    _sentences: list[str] = field(default_factory=list)

    # What there is

    @property
    def model(self) -> Model:
        """The model itself, for methods that look into it."""
        return self.passes.model

    @property
    def names(self) -> tuple[str, ...]:
        """Of the F features."""
        return self.features.names

    @property
    def column_names(self) -> list[str]:
        """The names of all columns, also of those in groups."""
        names = [""] * self.layout.columns
        for name, columns in zip(self.features.names, self.features.columns, strict=True):
            for column in columns:
                names[column] = name if len(columns) == 1 else f"{name}/{column}"
        return names

    @property
    def rows(self) -> int:
        """N."""
        return len(self.inputs)

    @property
    def explained(self) -> Target:
        """The target; Problem where there are several outputs and nobody chose."""
        if self.target is None:
            raise no_output(self.outputs)
        return self.target

    @cached_property
    def values(self) -> Tensor:
        """The explained output of the inputs: (N,)."""
        return self.selected(self.outputs)

    @cached_property
    def errors(self) -> Tensor:
        """The error of each row (N,); Problem without labels."""
        labels = self._labels()
        return labels.error(self.outputs, labels.values, self.target)

    @cached_property
    def deviation(self) -> Tensor:
        """Standard deviation of every value over the rows, of the shape of one input.

        Of a series all steps of a variable have one, over rows and steps.
        """
        values = self.inputs.detach().double()
        if self.layout.kind == "series":
            apart = values.flatten(0, 1).std(0, unbiased=False)
            return apart.expand(self.layout.shape).cpu()
        return values.std(0, unbiased=False).cpu()

    @cached_property
    def scale(self) -> Tensor:
        """Standard deviation of each feature (F,): the root mean square of its values'."""
        labels = self.features.labels.flatten().cpu()
        squares = self.deviation.square().flatten()
        sums = torch.zeros(len(self.features), dtype=torch.float64).index_add_(0, labels, squares)
        return (sums / labels.bincount()).sqrt()

    # What the model says

    def evaluate(self, points: Tensor) -> Tensor:
        """The explained output (M,) of points, in full batches, without gradients."""
        return self.selected(self.passes.outputs(points))

    def all_outputs(self, points: Tensor) -> Tensor:
        """All outputs (M, outputs…) of points."""
        return self.passes.outputs(points).detach().to("cpu", torch.float64)

    def selected(self, outputs: Tensor) -> Tensor:
        """The explained output (M,) of all outputs (M, outputs…); Problem where nobody chose it."""
        rows = torch.zeros(len(outputs), dtype=torch.int64, device=outputs.device)
        return self.explained.select(outputs, rows).detach().to("cpu", torch.float64)

    def losses(self, points: Tensor, rows: Tensor | slice = slice(None)) -> Tensor:
        """The error (M,) at points, each compared with the label of its row."""
        labels = self._labels()
        return labels.error(self.passes.outputs(points), labels.values[rows], self.target)

    def error(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The error (M,) of outputs (M, outputs…) against labels, rows of `labels.values`."""
        return self._labels().error(outputs, labels, self.target)

    def each(
        self, count: int, make: Callable[[int], Tensor], ask: Callable[[Tensor], Tensor]
    ) -> Iterator[tuple[int, Tensor]]:
        """(i, ask(make(i))) for i in range(count), several at once where they are small.

        Parameters
        ----------
        count : int
        make : callable
            i → points (M, …), the same M for all.
        ask : callable
            points (M, …) → Tensor (M, …), such as `evaluate`.
        """
        done = 0
        while done < count:
            block = [make(done)]
            size = len(block[0])
            many = max(1, POINTS_AT_ONCE // max(size, 1))
            block += [make(i) for i in range(done + 1, min(done + many, count))]
            answers = ask(torch.cat(block)).split(size)
            yield from enumerate(answers, done)
            done += len(block)

    def slopes(self, points: Tensor) -> Tensor:
        """The gradient (M, …) of the explained output; by differences where there is none.

        `note` says so, and how far these depend on their step.
        """
        target = self.explained
        if self.has_gradient:
            rows = torch.zeros(len(points), dtype=torch.int64, device=points.device)
            return self.passes.gradients(points, target, rows)[1].to("cpu", torch.float64)
        wide = points.double() if self._takes_double else points
        size = torch.where(self.deviation > 0, self.deviation, torch.ones_like(self.deviation))
        slopes, sentence = slopes_by_differences(self.evaluate, wide, size)
        self.note(sentence)
        return slopes

    @cached_property
    def input_slopes(self) -> Tensor:
        """`slopes` at the inputs (N, …); computed once for all methods."""
        return self.slopes(self.inputs)

    @cached_property
    def has_gradient(self) -> bool:
        """Whether a gradient of the explained output leads back to the inputs."""
        rows = torch.zeros(1, dtype=torch.int64, device=self.inputs.device)
        try:
            self.passes.gradients(self.inputs[:1], self.explained, rows)
        except ModelProblem:
            return False
        return True

    @cached_property
    def dense(self) -> DenseNetwork:
        """The network's dense layers, for methods that read weights; Problem where it has none."""
        try:
            return find_dense(self.model, self.inputs)
        finally:
            if self.passes.state is not None:
                self.passes.state.restore()

    # Points to ask about

    def with_feature(self, points: Tensor, index: int, values: Tensor) -> Tensor:
        """Points (M, …) whose feature has the values that it has in other rows.

        Parameters
        ----------
        points : Tensor, shape (M, …)
        index : int
        values : Tensor, shape (M, …), or one that broadcasts to it
        """
        return torch.where(self.features.mask(index), values.to(points), points)

    def donors(self, count: int, key: str) -> Tensor:
        """For each of `count` points and each feature a row to take it from: int64 (count, F).

        Each feature's rows come in their own random order, all once before any comes again.
        """
        generator, orders = self.generator(key), -(-count // self.rows)
        columns = [
            torch.cat([torch.randperm(self.rows, generator=generator) for _ in range(orders)])
            for _ in range(len(self.features))
        ]
        return torch.stack([column[:count] for column in columns], 1)

    def assembled(self, donors: Tensor) -> Tensor:
        """Points (count, …) whose features come from the rows of `donors` (count, F)."""
        where = donors[:, self.features.labels.flatten().cpu()].to(self.inputs.device)
        return self.inputs.flatten(1).gather(0, where).view(-1, *self.inputs.shape[1:])

    def draw_independent(self, count: int, key: str) -> Tensor:
        """Points (count, …) whose features are drawn independently from the rows."""
        return self.assembled(self.donors(count, key))

    def generator(self, key: str) -> torch.Generator:
        """Random numbers of the seed and a key, such as "permutation/2"; on the CPU."""
        # Of a seed only the lower 32 bits count.
        return torch.Generator().manual_seed(zlib.crc32(f"{self.seed}/{key}".encode()))

    # What to say

    def note(self, sentence: str) -> None:
        """Put a sentence on the answer, once however often it is said."""
        if sentence not in self._sentences:
            self._sentences.append(sentence)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Those noted so far."""
        return tuple(self._sentences)

    # How it is done

    def _labels(self) -> Labels:
        if self.labels is None:
            raise Problem("This is about the error, so it needs labels: the truth of every row.")
        return self.labels

    @cached_property
    def _takes_double(self) -> bool:
        if self.inputs.device.type == "mps":
            return False
        try:
            self.passes.outputs(self.inputs[:1].double())
        except ModelProblem:
            return False
        return True
