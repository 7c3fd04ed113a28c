"""What the network answers to each of many inputs of a file, without a map."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from explainers.kinds import ParsedFile
from explainers.many.answers.predictions import Predictions
from explainers.many.networks import Network
from explainers.many.question import Question
from explainers.models.spec import ModelSpec
from explainers.service.parsing.upload_keys import file_key
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.many.parts import (
    answered_in,
    asked_of_each,
    chosen_device,
    failed_rows,
    inputs_in,
    split,
)
from explainers.service.tasks.task import Answer, InputRef, Task


class PredictMany(Task, frozen=True):
    """Ask what the network answers to some of the inputs of a file, one pass each.

    Attributes
    ----------
    input : InputRef
        Only its file matters.
    target : int or None
        The output that is told; None: the highest of each.
    start, stop : int
        The inputs start, …, stop − 1 of the file, in its order; see `inputs_in`.

    The answer's facts: `rows`, one an input (see `explainers.many.keeping.shards.schema`), with a
    sentence under "error" where there is no answer; `seconds`. It has no arrays.
    """

    model: ModelSpec
    input: InputRef
    device: str = "cpu"
    target: int | None = None
    start: int = 0
    stop: int = 0

    @property
    def file(self) -> str:
        """The name of the file in the store."""
        return self.input.file

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """A pass an input."""
        return max(1, self.stop - self.start)

    def shards(self, most: int) -> Sequence[Task]:
        """Parts of consecutive inputs."""
        return split(self, most) or (self,)

    def merge(self, answers: Sequence[Answer]) -> Answer:
        """The inputs of all parts, one after the other."""
        if len(answers) == 1:
            return answers[0]
        facts = [facts for facts, _ in answers]
        rows = [row for one in facts for row in one["rows"]]
        return {"rows": rows, "seconds": sum(one["seconds"] for one in facts)}, {}

    def fits(self, untrusted: Answer) -> bool:
        """Whether this may be the answer: a row an input, of the right types."""
        facts, arrays = untrusted
        right = answered_in(facts.get("rows"), self) is not None
        return right and not arrays and type(facts.get("seconds")) is float

    def on(self, device: str, there: Collection[str]) -> PredictMany:
        """The same on a device; "": on its own if it is there, else on the first that is."""
        return self.replace(device=chosen_device(device, self, there))

    def run(self, context: TaskContext) -> Answer:
        """As few passes as the inputs need."""
        started = time.perf_counter()
        loaded = context.load(self.model, self.device)
        content = context.parsed(file_key(self.kind, self.file))
        network = Network(loaded.model, loaded.spec, loaded.class_names, "", self.model.name)
        answers = Predictions(network, loaded.spec, Question(None, target=self.target))
        inputs = list(inputs_in(content, loaded.spec, self.file, self.start, self.stop))
        rows = [row for row, _ in asked_of_each(context, answers, inputs)]
        return {"rows": rows, "seconds": time.perf_counter() - started}, {}

    def failed(self, content: ParsedFile, sentence: str) -> Answer:
        """The answer of inputs that are set aside, for they end the process that works on them."""
        rows = failed_rows(content, self.model, self.file, self, sentence)
        return {"rows": rows, "seconds": 0.0}, {}
