"""Which inputs matter to the model over many rows of a file, by several methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.importance import IMPORTANCE
from explainers.options import lookup, make_options
from explainers.service.tasks.context import LoadedModel, ProgressReport, TaskContext
from explainers.service.tasks.over_rows.asked_rows import asked_rows, groups_of
from explainers.service.tasks.predict_rows import PredictRows
from explainers.service.tasks.task import Answer, Task

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.attribution import Progress
    from explainers.importance.estimate import Importance as Table


FIRST_ROWS = 200
"""Of the first look."""
MOST_DRAWN = 80
"""Inputs, units and outputs of a network that is drawn."""


class Importance(Task, frozen=True):
    """Ask how much each feature matters; the fields are those of `explainers.explain_dataset`.

    Attributes
    ----------
    rows : PredictRows
        The model, the rows, and the column of truth.
    output : int
        Which output is explained.
    methods : tuple of str
        Keys of IMPORTANCE; () for all but those that train networks anew. Those that cannot be
        asked about the network or the data are left out, and the notes say why.
    options : dict of dict
        Each method's own, by its key.
    groups : dict of tuple of int
        Columns that count as one feature, by a name of theirs.
    classes : tuple of str
        Names given for the outputs, which a truth in words is compared with.
    seed : int

    Its answer is what `importance.tables.stored` makes of the table, and of small networks of
    dense layers what a diagram needs: the fact `diagram` (names, states, activations) and the
    arrays "diagram/layers", "diagram/starts", "diagram/ends", "diagram/weights".
    """

    rows: PredictRows
    output: int = 0
    methods: tuple[str, ...] = ()
    options: dict[str, dict[str, Any]] = {}
    groups: dict[str, tuple[int, ...]] = {}
    classes: tuple[str, ...] = ()
    seed: int = 0

    @property
    def asked(self) -> tuple[str, ...]:
        """The methods, also where none are named."""
        quick = tuple(key for key, m in IMPORTANCE.items() if "retraining" not in m.needs)
        return self.methods or quick

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """What the methods estimate, if there are as many rows as may be."""
        return max(1, sum(self.costs(self.rows.most_rows, shape[-1]).values()))

    def costs(self, rows: int, columns: int) -> dict[str, int]:
        """Method → about how many evaluations it takes for so many rows and columns."""
        features = columns - sum(len(group) - 1 for group in self.groups.values())
        found = {}
        for key in self.asked:
            method = lookup(IMPORTANCE, key, "method of importance")
            options: Any = make_options(method.options, self.options.get(key, {}), method.name)
            found[key] = int(method.estimate(options, rows, max(1, features)))
        return found

    def run(self, context: TaskContext) -> Answer:
        """One call of `explain_dataset`, which reports the table so far after each method."""
        from explainers.importance.dataset import explain_dataset
        from explainers.importance.tables.stored import so_far, stored

        asked = asked_rows(context, self.rows)
        facts, arrays, loaded, x = asked.facts, asked.arrays, asked.loaded, asked.inputs
        labels, note = self._labels(facts, arrays, loaded.class_names, loaded.spec.answers)
        last: dict[str, Any] = {"done": 0, "total": 0, "facts": {}}
        names = asked.names
        shared: dict[str, Any] = {
            "groups": groups_of(self.groups),
            "seed": self.seed,
            **asked.how,
        }

        def report(state: Progress) -> None:
            last.update(done=state.done, total=max(state.total, state.done))
            context.report(
                ProgressReport(state.done, last["total"], state.seconds_left, facts=last["facts"])
            )

        def partial(table: Table) -> None:
            last["facts"], map_so_far = so_far(table)
            context.report(
                ProgressReport(
                    last["done"], last["total"], 0.0, partial=map_so_far, facts=last["facts"]
                )
            )

        if facts["seconds_per_row"] * next(iter(self.costs(len(x), x.shape[-1]).values())) > 1:
            # A first look, at few rows: what follows is sharper.
            drawn = np.random.default_rng(self.seed).permutation(len(x))[:FIRST_ROWS]
            some = None if labels is None else labels[drawn]
            first = {"permutation": {"repeats": 1, "lags": False}}
            partial(
                explain_dataset(
                    loaded.model,
                    x[drawn],
                    some,
                    [*first],
                    names,
                    self.output,
                    options=first,
                    **shared,
                )
            )
        table = explain_dataset(
            loaded.model,
            x,
            labels,
            self.asked,
            names,
            self.output,
            options=self._options(loaded),
            strict=False,
            progress=report,
            partial=partial,
            **shared,
        )
        kept, numbers = stored(table)
        if note:
            kept["notes"] = [note, *kept["notes"]]
        if "connection_weights" in table.methods:
            _add_diagram(loaded.model, x, kept, numbers)
        return kept, numbers

    def _options(self, loaded: LoadedModel) -> dict[str, dict[str, Any]]:
        """Each asked method's own, with what trains the network anew where somebody gave it."""
        options = {key: dict(own) for key, own in self.options.items() if key in self.asked}
        if loaded.train is not None:
            for key in self.asked:
                if "retraining" in IMPORTANCE[key].needs:
                    options[key] = {"train": loaded.train, **options.get(key, {})}
        return options

    def _labels(
        self,
        facts: dict[str, Any],
        arrays: dict[str, np.ndarray],
        own_classes: tuple[str, ...],
        answers: str,
    ) -> tuple[np.ndarray | None, str]:
        from explainers.importance.reading.truth import labels_from

        if "truth" not in arrays:
            return None, ""
        return labels_from(
            arrays["truth"],
            facts["levels"],
            answers,
            facts["outputs"],
            self.classes or own_classes,
            self.rows.truth,
        )


def _add_diagram(
    model: Any, x: Tensor, facts: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Put what a diagram needs beside the table, where the network is small."""
    from explainers import eval_mode
    from explainers.errors import Problem
    from explainers.importance.dense import find_dense
    from explainers.importance.dense.diagram import diagram

    try:
        with eval_mode.evaluating(model):
            found = find_dense(model, x)
            drawn = diagram(found, [str(place) for place in range(found.inputs)])
    except Problem:
        return
    if len(drawn.units) > MOST_DRAWN:
        return
    facts["diagram"] = {
        "names": [unit.name for unit in drawn.units],
        "states": [unit.state for unit in drawn.units],
        "activations": list(drawn.activations),
    }
    arrays |= {
        "diagram/layers": np.array([unit.layer for unit in drawn.units]),
        "diagram/starts": np.array([line.start for line in drawn.connections]),
        "diagram/ends": np.array([line.end for line in drawn.connections]),
        "diagram/weights": np.array([line.weight for line in drawn.connections]),
    }
