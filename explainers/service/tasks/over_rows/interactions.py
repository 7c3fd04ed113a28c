"""How much every two features of a file's rows do together in a model's answers."""

from __future__ import annotations

import numpy as np

from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.over_rows.asked_rows import asked_rows, groups_of, reported
from explainers.service.tasks.predict_rows import PredictRows
from explainers.service.tasks.task import Answer, Task


class Interactions(Task, frozen=True):
    """Ask for the total interaction index of every pair of some features.

    Attributes
    ----------
    rows : PredictRows
        The model and the rows.
    features : tuple of int
        Their numbers, where groups count as one; () for all.
    output : int
    groups : dict of tuple of int
        Columns that count as one feature, by a name of theirs.
    samples : int
        Draws of each pair.
    seed : int

    The answer's facts: `names` of the features, `notes`. Its arrays, float32 (K, K): `index`,
    shares of the output's variance; `low`, `high`, their 95 % intervals; `error`, the standard
    error of drawing.
    """

    rows: PredictRows
    features: tuple[int, ...] = ()
    output: int = 0
    groups: dict[str, tuple[int, ...]] = {}
    samples: int = 4096
    seed: int = 0

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """Every draw, with each feature and each pair of another row."""
        count = len(self.features) or shape[-1]
        return self.samples * (1 + count * (count + 1) // 2)

    def run(self, context: TaskContext) -> Answer:
        """One call of `interactions`."""
        from explainers.importance.interactions import interactions
        from explainers.importance.opening import open_dataset

        asked = asked_rows(context, self.rows)
        with open_dataset(
            asked.loaded.model,
            asked.inputs,
            None,
            asked.names,
            self.output,
            groups_of(self.groups),
            self.seed,
            progress=reported(context),
            **asked.how,
        ) as (data, _):
            chosen = self.features or tuple(range(len(data.features)))
            data.passes.expect(self.cost((len(chosen),)))
            found = interactions(data, chosen, self.samples)
        arrays = {
            name: getattr(found, name).numpy().astype(np.float32)
            for name in ("index", "low", "high", "error")
        }
        return {"names": list(found.names), "notes": list(found.notes)}, arrays
