"""Why the model answers what it answers to one input: an attribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem
from explainers.kinds import fitting
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.models.times.part_times import TRIED, share_of_time
from explainers.options import lookup, make_options
from explainers.perturbation.part_limits import WORTH_IT
from explainers.service.settings import model_settings
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.model_input import ModelInput, prepare
from explainers.service.tasks.task import Answer, BaselineRef, InputRef, Task

if TYPE_CHECKING:
    from explainers.attribution import Attribution

WORTH_SAYING = 0.01


class Explain(Task, frozen=True):
    """Ask for an attribution; the fields are those of `explainers.explain`.

    Attributes
    ----------
    target, rather_than : int or None
        Class indices; target None: the model's own first choice.
    repeats : int
        Seeded runs that are averaged, of a model that draws random numbers.

    The answer's facts: `target`, `output`, `baseline_output`, `sum` of the scores, `gap`, `passes`,
    `seconds`, `device`, `precision`, `signed`, `notes`, `layer` ("" but for methods that look into
    one), `repeats` (0 of a model that draws no random numbers), `samples_taken` and
    `standard_error` (of methods that draw until they are certain; else 0), the `places` asked (see
    ModelInput), and what pages must know to draw the input.
    Its arrays, each of the shape of one input: `scores`, and where the method has them `positive`,
    `negative`, `spread` and its extras.
    """

    model: ModelSpec
    input: InputRef = InputRef()
    baseline: BaselineRef = BaselineRef()
    device: str = "cpu"
    method: str = "integrated_gradients"
    options: dict[str, Any] = {}
    target: int | None = None
    rather_than: int | None = None
    score: str = "logit"
    repeats: int = 1

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """What the method estimates, and the answers to input and baseline."""
        return self._evaluations(lookup(METHODS, self.method, "method").estimate, shape, references)

    def most(self, shape: tuple[int, ...], references: int = 1) -> int:
        """The same of a method that draws until it is certain and never is."""
        return self._evaluations(lookup(METHODS, self.method, "method").most, shape, references)

    def _evaluations(
        self,
        of_one: Callable[[Any, InputLayout], int],
        shape: tuple[int, ...],
        references: int,
    ) -> int:
        entry = lookup(METHODS, self.method, "method")
        shares = references if entry.uses_baseline and not entry.shares_draws else 1
        options: Any = make_options(entry.options, self.options, entry.name)
        layout = InputLayout.of(shape, self.model.kind)
        return self.repeats * shares * (of_one(options, layout) + 2)

    def seconds(self, facts: Mapping[str, Any]) -> float:
        """As of every task; of points that are mostly like the input, those of their parts."""
        whole, entry = super().seconds(facts), lookup(METHODS, self.method, "method")
        each, part = facts["seconds_per_pass"], facts.get("seconds_per_part", math.inf)
        if entry.changes is None or part >= each or whole < WORTH_IT:
            return whole
        layout = InputLayout.of(tuple(facts["shape"]), self.model.kind)
        options: Any = make_options(entry.options, self.options, entry.name)
        share = share_of_time(part / each, entry.changes(options, layout), layout.shape)
        return share * whole + min(TRIED * each, (1 - share) * whole)

    @property
    def slopes(self) -> bool:
        """Whether the method needs them."""
        return lookup(METHODS, self.method, "method").needs_gradient

    def prepare(self, context: TaskContext) -> ModelInput:
        """The model, its input and its baseline."""
        return prepare(context, self.model, self.input, self.baseline, self.device)

    def attribution(self, given: ModelInput, model: Any = None, **arguments: Any) -> Attribution:
        """The attribution of the loaded model, or of another one in its place."""
        from explainers.api import explain

        if model is None:
            arguments |= {"cache": given.loaded.cache, "precision": model_settings().precision}
            model = given.loaded.model
        return explain(
            model,
            given.x,
            self.method,
            given.baseline,
            self.question,
            score=given.form_of(self.score),
            kind=given.loaded.spec.kind,
            repeats=self.repeats,
            **arguments,
            **self.options,
        )

    @property
    def question(self) -> int | tuple[int, int] | None:
        """The target as `explain` takes it."""
        if self.rather_than is None or self.target is None:
            return self.target
        return self.target, self.rather_than

    def run(self, context: TaskContext) -> Answer:
        """One call of `explain`."""
        given = self.prepare(context)
        answer = self.attribution(given, progress=given.progress())
        target = answer.target[0]
        assert answer.baseline_output is not None
        facts = {
            "target": target[0] if isinstance(target, tuple) else target,
            "output": answer.output.item(),
            "baseline_output": answer.baseline_output.item(),
            "sum": answer.scores.double().sum().item(),
            "gap": None if answer.gap is None else answer.gap.item(),
            "passes": answer.passes,
            "seconds": answer.seconds,
            "device": answer.device,
            "precision": answer.precision,
            "signed": answer.signed,
            "notes": list(answer.notes),
            "layer": answer.settings.get("layer") or "",
            "repeats": answer.settings.get("repeats", 0),
            "samples_taken": answer.settings.get("samples_taken", [0])[0],
            "standard_error": answer.settings.get("standard_error", [0.0])[0],
            "places": given.places,
            **given.facts,
        }
        maps = {
            "scores": answer.scores,
            "spread": answer.spread,
            **answer.extra,
            "positive": answer.positive,
            "negative": answer.negative,
        }
        arrays = {
            name: values[0].float().cpu().numpy()
            for name, values in maps.items()
            if values is not None
        }
        if "padding" in given.facts:
            facts["notes"] += _cut_padding(arrays, given.facts["padding"])
            facts["sum"] = float(arrays["scores"].sum(dtype=np.float64))
        if not all(np.isfinite(values).all() for values in arrays.values()):
            reason = next((note for note in answer.notes if "NaN or infinite" in note), "")
            raise Problem(
                reason
                or "The explanation holds NaN or infinite values: the model's slopes are not "
                f"finite on this {given.kind.one}. Try another baseline, or a method without "
                "slopes, such as occlusion."
            )
        return facts, arrays


def _cut_padding(arrays: dict[str, np.ndarray], around: Sequence[int]) -> list[str]:
    """Take out of all maps what lies on a picture's padding, which is no evidence; sentences."""
    whole = np.abs(arrays["scores"]).sum(dtype=np.float64)
    for name, values in arrays.items():
        if values.ndim >= 2:
            arrays[name] = fitting.without_padding(values, around)
    outside = whole - np.abs(arrays["scores"]).sum(dtype=np.float64)
    notes = [fitting.padding_sentence(around)]
    if outside > WORTH_SAYING * whole:
        notes.append(
            f"{100 * outside / whole:.0f} % of this map's strength lay on the padding and is left "
            "out: the network answers to its edge, but nothing of the picture is there."
        )
    return notes
