"""The same question of many inputs of one file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.model_input import ModelInput, references
from explainers.service.tasks.task import Answer, Task


class ExplainRows(Task, frozen=True):
    """Explain inputs that are spread evenly over the file of an explanation.

    Attributes
    ----------
    explanation : Explain
        What is asked of each; its own item and values do not matter.
    rows : int
        Of how many inputs, at most; those that lack a value are left out.
    part : (int, int)
        The k-th of n parts of them, from 0.

    The answer's facts: `signed`, `passes` an input, `seconds`. Its arrays, (M, …) each: the
    `scores`, and the `inputs` themselves.
    """

    explanation: Explain
    rows: int
    part: tuple[int, int] = (0, 1)

    @property
    def slopes(self) -> bool:
        """As the explanation's."""
        return self.explanation.slopes

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """The explanation once a row."""
        return self.rows * self.explanation.cost(shape, references) // self.part[1]

    def shards(self, most: int) -> Sequence[Task]:
        """Parts of consecutive rows."""
        count = max(1, min(most, self.rows)) if self.part == (0, 1) else 1
        return [self.replace(part=(k, count)) for k in range(count)] if count > 1 else [self]

    def merge(self, answers: Sequence[Answer]) -> Answer:
        """The rows of all shards, one after the other."""
        first, _ = answers[0]
        facts = {**first, "seconds": sum(facts["seconds"] for facts, _ in answers)}
        return facts, {
            name: np.concatenate([arrays[name] for _, arrays in answers])
            for name in ("scores", "inputs")
        }

    def run(self, context: TaskContext) -> Answer:
        """One call of `explain` for all rows of this part."""
        import torch

        from explainers.kinds import KINDS
        from explainers.service.parsing.upload_keys import file_key

        asked = self.explanation
        loaded = context.load(asked.model, asked.device)
        spec, kind = loaded.spec, KINDS[loaded.spec.kind]
        parsed = context.parsed(file_key(spec.kind, asked.input.file))
        rows = np.array_split(kind.some(parsed, spec, self.rows), self.part[1])[self.part[0]]
        x = torch.from_numpy(rows).to(asked.device)
        against = references(context, spec, asked.input, asked.baseline, x)
        given = ModelInput(context, loaded, x, against, kind.facts(parsed, spec))
        each = asked.cost(tuple(x.shape[1:]))
        answer = asked.attribution(given, loaded.model, progress=given.progress(0, len(x) * each))
        facts = {"signed": answer.signed, "passes": answer.passes, "seconds": answer.seconds}
        scores = answer.scores.float().cpu().numpy()
        return facts, {"scores": scores, "inputs": x.cpu().numpy()}
