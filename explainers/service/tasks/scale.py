"""Whether the columns of a table have to be standardised for a network."""

from __future__ import annotations

from typing import ClassVar

from explainers.models.spec import ModelSpec
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.task import Answer, InputRef, Task

ROWS = 100


class Scale(Task, frozen=True):
    """Ask for signs that a network was trained on standardised columns.

    Attributes
    ----------
    model : ModelSpec
        With its columns, and without a scale.
    input : InputRef
        Its file is the table; rows that are spread over it are tried.

    The answer's facts are those of `reliability.scale_doubt.ScaleDoubt`: `column`, `share`,
    `same_class`.
    """

    brief: ClassVar[bool] = True

    model: ModelSpec
    input: InputRef
    device: str = "cpu"

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """Two passes a column and row."""
        return 2 * ROWS * (1 + shape[0])

    def run(self, context: TaskContext) -> Answer:
        """Ask it about rows as they are, and once standardised."""
        from explainers.importance.reliability.scale_doubt import scale_doubt
        from explainers.kinds import KINDS
        from explainers.kinds.scaling import scale_of
        from explainers.service.parsing.upload_keys import file_key

        loaded = context.load(self.model, self.device)
        spec = loaded.spec
        parsed = context.parsed(file_key(spec.kind, self.input.file))
        rows = KINDS[spec.kind].some(parsed, spec, ROWS).astype("float64")
        doubt = scale_doubt(loaded.model, rows, *scale_of(rows), spec.answers == "classes")
        return doubt._asdict(), {}
