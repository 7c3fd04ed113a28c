"""What the stories about importance ask: tables over all rows of a demo's file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.service.tasks import InputRef
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.predict_rows import PredictRows
from pages.state import cases
from pages.stories.examples import chosen_input
from pages.widgets import models

PAGE = "importance"
WAITING = "Asking over all rows"


def importance(
    model: str,
    methods: Sequence[str],
    output: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Importance:
    """The task that asks how much each input of a demo matters over all rows of its file.

    Parameters
    ----------
    model : str
        A key of `demos`; the card's target column is the truth.
    methods : sequence of str
        Keys of IMPORTANCE.
    output : int
    options : mapping of mappings, optional
        Each method's own, by its key.
    groups : mapping of sequences of int, optional
        Columns that count as one input, by name.
    """
    chosen = models.demo(model)
    rows = PredictRows(
        chosen.spec, InputRef(chosen_input(model, 0).data), demos()[model].card.get("target", "")
    )
    own = {key: dict(given) for key, given in (options or {}).items()}
    together = {name: tuple(columns) for name, columns in (groups or {}).items()}
    return Importance(rows, output, tuple(methods), own, together, chosen.classes)


def tables(tasks: Mapping[str, Importance]) -> dict[str, StoredTable] | None:
    """The tables by slot once all are there; until then None, and a bar or what went wrong."""
    found = cases.answers(tasks, WAITING)
    if found is None:
        return None
    return {slot: StoredTable.of(*answer) for slot, answer in found.items()}


def link(model: str, methods: Sequence[str], **choices: Any) -> dict[str, str]:
    """Query parameters of the Importance page that ask about the same demo by the same methods."""
    others = {name: str(value) for name, value in choices.items()}
    return {"model": model, "by": json.dumps(list(methods)), **others}
