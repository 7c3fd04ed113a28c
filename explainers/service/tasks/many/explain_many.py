"""An explanation of each of many inputs of a file: rows as `explainers.many` keeps them; maps."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from explainers.kinds import ParsedFile
from explainers.many.answers.explanations import Explanations, padding_of
from explainers.many.checking.map_checks import check_cost, demand_checks
from explainers.many.networks import Network
from explainers.many.question import Question
from explainers.many.reading.inputs import Input
from explainers.models.spec import AS_THEY_ARE
from explainers.service.parsing.upload_keys import file_key
from explainers.service.tasks.context import LoadedModel, TaskContext
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.parts import (
    answered_in,
    asked_of_each,
    chosen_device,
    failed_rows,
    inputs_in,
    split,
)
from explainers.service.tasks.model_input import references
from explainers.service.tasks.task import Answer, Task

if TYPE_CHECKING:
    from torch import Tensor


class ExplainMany(Task, frozen=True):
    """Explain some of the inputs of a file, that come one after the other.

    Attributes
    ----------
    explanation : Explain
        What is asked of each; of its input only the file matters. Without a target each is asked
        for its own first choice.
    start, stop : int
        The inputs start, …, stop − 1 of the file, in its order; see `inputs_in`.
    checks : tuple of str
        Of each map, see `explainers.many.checking.map_checks.CHECKS`.

    The answer's facts: `rows`, one an input (see `explainers.many.keeping.shards.schema`), with a
    sentence under "error" where there is no answer; `signed`; `seconds`. Its arrays: `mapped` (M,),
    the indices of those that have a map, and `maps` (M, …), float32: of pictures one number a
    pixel, of others every value's score.
    """

    explanation: Explain
    start: int
    stop: int
    checks: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of the file in the store."""
        return self.explanation.input.file

    @property
    def slopes(self) -> bool:
        """As the explanation's; checks are the smaller part where there are slopes."""
        return self.explanation.slopes

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """The explanation and the checks once an input."""
        asked = self.explanation
        checks = sum(check_cost(one, asked.method, shape, asked.kind) for one in self.checks)
        return (self.stop - self.start) * (asked.cost(shape, references) + checks)

    def shards(self, most: int) -> Sequence[Task]:
        """Parts of consecutive inputs."""
        return split(self, most)

    def merge(self, answers: Sequence[Answer]) -> Answer:
        """The inputs of all parts, one after the other."""
        if len(answers) == 1:
            return answers[0]
        facts = [facts for facts, _ in answers]
        maps = [arrays["maps"] for _, arrays in answers if len(arrays["maps"])]
        return {
            "rows": [row for one in facts for row in one["rows"]],
            "signed": any(one["signed"] for one in facts),
            "seconds": sum(one["seconds"] for one in facts),
        }, {
            "mapped": np.concatenate([arrays["mapped"] for _, arrays in answers]),
            "maps": np.concatenate(maps) if maps else np.zeros((0, 0), np.float32),
        }

    def fits(self, untrusted: Answer) -> bool:
        """Whether this may be the answer: a row an input, of the right types, and their maps."""
        facts, arrays = untrusted
        rows, mapped, maps = facts.get("rows"), arrays.get("mapped"), arrays.get("maps")
        answered = answered_in(rows, self)
        if answered is None or mapped is None or maps is None:
            return False
        return (
            type(facts.get("signed")) is bool
            and type(facts.get("seconds")) is float
            and arrays.keys() == {"mapped", "maps"}
            and mapped.dtype == np.int64
            and maps.dtype == np.float32
            and mapped.ndim == 1
            and len(mapped) == len(maps)
            and mapped.tolist() == sorted(answered & set(mapped.tolist()))
            and bool(np.isfinite(maps).all())
        )

    def on(self, device: str, there: Collection[str]) -> ExplainMany:
        """The same on a device; "": on its own if it is there, else on the first that is."""
        asked = self.explanation
        return self.replace(explanation=asked.replace(device=chosen_device(device, asked, there)))

    def run(self, context: TaskContext) -> Answer:
        """As many calls of `explain` as the inputs need that share their passes."""
        started, asked = time.perf_counter(), self.explanation
        demand_checks(self.checks)
        loaded = context.load(asked.model, asked.device)
        content = context.parsed(file_key(self.kind, self.file))
        answers = _StoredAnswers(context, loaded, asked, self.checks)
        inputs = list(inputs_in(content, loaded.spec, self.file, self.start, self.stop))
        found = asked_of_each(context, answers, inputs)
        maps = [one for _, one in found if one is not None]
        facts = {
            "rows": [row for row, _ in found],
            "signed": any(bool((one < 0).any()) for one in maps),
            "seconds": time.perf_counter() - started,
        }
        return facts, {
            "mapped": np.array([r["index"] for r, one in found if one is not None], np.int64),
            "maps": np.stack(maps).astype(np.float32) if maps else np.zeros((0, 0), np.float32),
        }

    def failed(self, content: ParsedFile, sentence: str) -> Answer:
        """The answer of inputs that are set aside, for they end the process that works on them."""
        rows = failed_rows(content, self.explanation.model, self.file, self, sentence)
        return {"rows": rows, "signed": False, "seconds": 0.0}, {
            "mapped": np.zeros(0, np.int64),
            "maps": np.zeros((0, 0), np.float32),
        }


class _StoredAnswers(Explanations):
    """Rows and maps of inputs of an upload, with the baseline that a task names."""

    def __init__(
        self, context: TaskContext, loaded: LoadedModel, asked: Explain, checks: tuple[str, ...]
    ) -> None:
        as_they_are = loaded.spec.answers in AS_THEY_ARE
        question = Question(
            asked.method,
            "zeros",
            asked.question,
            "output" if as_they_are else asked.score,
            None,
            asked.options,
            checks,
        )
        names = loaded.class_names
        network = Network(loaded.model, loaded.spec, names, "", asked.model.name)
        super().__init__(network, loaded.spec, question)
        self._context, self._asked = context, asked

    def references(self, x: Tensor, inputs: Sequence[Input]) -> Tensor:
        """As one explanation has them; padding is compared with itself."""
        from explainers.references import with_padding

        asked = self._asked
        against = references(self._context, self._spec, asked.input, asked.baseline, x)
        around = padding_of(inputs)
        return with_padding(against, x, around) if any(around) else against
