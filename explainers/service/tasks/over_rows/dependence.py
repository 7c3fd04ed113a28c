"""What a model answers as one feature runs and every row of a file keeps its other values."""

from __future__ import annotations

import numpy as np

from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.over_rows.asked_rows import asked_rows, groups_of, reported
from explainers.service.tasks.predict_rows import PredictRows
from explainers.service.tasks.task import Answer, Task


class Dependence(Task, frozen=True):
    """Ask for the partial dependence on one feature, and the rows' own curves.

    Attributes
    ----------
    rows : PredictRows
        The model and the rows.
    feature : int
        Its number, where groups count as one.
    output : int
    groups : dict of tuple of int
        Columns that count as one feature, by a name of theirs.
    points : int
        Of each curve.
    seed : int

    The answer's fact `shares`: whether the grid holds shares of the ranges of several values. Its
    arrays, float32: `grid`, `mean`, `low`, `high` (points,), and `curves` (N, points) in the order
    of the rows.
    """

    rows: PredictRows
    feature: int
    output: int = 0
    groups: dict[str, tuple[int, ...]] = {}
    points: int = 20
    seed: int = 0

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """Every row at every point."""
        return self.rows.most_rows * self.points

    def run(self, context: TaskContext) -> Answer:
        """One call of `dependence`."""
        from explainers.importance.dependence import dependence
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
            data.passes.expect(len(asked.inputs) * self.points)
            mask = data.features.mask(self.feature)
            found = dependence(data.evaluate, data.inputs, mask, self.points, self.seed)
        arrays = {
            name: getattr(found, name).numpy().astype(np.float32)
            for name in ("grid", "curves", "mean", "low", "high")
        }
        return {"shares": int(mask.sum()) > 1}, arrays
