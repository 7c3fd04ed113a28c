"""Whether a model's slopes over the rows of a file have the expected signs and sizes."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from explainers.importance.reading.expectations import Expectation, read_expectations
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.over_rows.asked_rows import asked_rows, groups_of, reported
from explainers.service.tasks.predict_rows import PredictRows
from explainers.service.tasks.task import Answer, Task


class Plausibility(Task, frozen=True):
    """Hold expectations of slopes against every row; see `importance.reliability.plausibility`.

    Attributes
    ----------
    rows : PredictRows
        The model and the rows.
    expected : tuple of dict
        "input" with "sign", "low", "high" or "output" each, as `read_expectations` takes them.
    output : int
        Which output those are about that name none.
    groups : dict of tuple of int
        Columns that count as one feature, by a name of theirs.
    seed : int

    The answer's facts: `checks`, a dict each of name, sign, low, high (None: no bound), output,
    flat; `notes`. Its arrays, of check k: "slopes/k" (N,), float32, and "violated/k", the places
    of the rows among those asked about, the worst first.
    """

    rows: PredictRows
    expected: tuple[dict[str, Any], ...]
    output: int = 0
    groups: dict[str, tuple[int, ...]] = {}
    seed: int = 0

    OF_ROW: ClassVar[int] = 8
    """Evaluations of a row: its slopes, and other rows' values where nothing may matter."""

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """Slopes of every row, and of what must not matter five exchanges."""
        return self.rows.most_rows * self.OF_ROW

    def run(self, context: TaskContext) -> Answer:
        """One call of `plausibility`."""
        from explainers.importance.reliability.plausibility import plausibility

        asked = asked_rows(context, self.rows)
        found = plausibility(
            asked.loaded.model,
            asked.inputs,
            list(self.expected),
            asked.names,
            self.output,
            groups_of(self.groups),
            self.seed,
            progress=reported(context),
            **asked.how,
        )
        facts = {
            "checks": [
                {
                    "name": check.expectation.name,
                    "sign": check.expectation.sign,
                    "low": _bound(check.expectation.low),
                    "high": _bound(check.expectation.high),
                    "output": check.output,
                    "flat": check.flat,
                }
                for check in found.checks
            ],
            "notes": list(found.notes),
        }
        arrays: dict[str, np.ndarray] = {}
        for place, check in enumerate(found.checks):
            arrays[f"slopes/{place}"] = check.slopes.numpy().astype(np.float32)
            arrays[f"violated/{place}"] = check.rows.numpy()
        return facts, arrays


def expectation_of(check: dict[str, Any]) -> Expectation:
    """The expectation of one of an answer's `checks`.

    Examples
    --------
    >>> expectation_of({"name": "rain", "sign": "+", "low": None, "high": 2.0, "output": None}).high
    2.0
    """
    given = {"input": check["name"], **{key: check[key] for key in ("sign", "low", "high")}}
    (found,) = read_expectations([given | {"output": check["output"]}])
    return found


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None
