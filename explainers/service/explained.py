"""The answer to an `Explain` with the names in the input's file: what files are written from."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from explainers.figures.text.labels import value_text
from explainers.kinds import Facts, ParsedFile, encoding
from explainers.kinds import sequence as sequence_kind
from explainers.kinds import series as series_kind
from explainers.reports.explanation import CHANNELS, Explanation, Feature
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.task import Answer


def explained(
    task: Explain, prediction: Answer, answer: Answer, content: ParsedFile | None, /, **words: Any
) -> Explanation:
    """The answer as plain arrays with names.

    Parameters
    ----------
    task : Explain
    prediction, answer : Answer
        Of a `Predict` of the same input, and of the task.
    content : ParsedFile or None
        What is in the input's file.
    **words
        Other fields of `Explanation`: `about`, `title`, `sentence`, `photo`, …
    """
    (facts, arrays), given = answer, prediction[1]["input"]
    names, steps, features = _names(task, given, content)
    kind, start = task.model.kind, 0
    if kind == "sequence" and content is not None:
        start = sequence_kind.place_of(content, task.input.item)[1]
    return Explanation(
        kind,
        task.method,
        arrays["scores"],
        facts["signed"],
        output=facts["output"],
        baseline_output=facts["baseline_output"],
        gap=facts["gap"],
        input=given,
        baseline=prediction[1]["baseline"],
        names=names,
        steps=steps,
        features=features,
        parts={name: part for name, part in arrays.items() if name != "scores"},
        start=start,
        region=tuple(prediction[0].get("region", (0.0, 0.0, 1.0, 1.0))),
        settings=msgspec.to_builtins(task),
        notes=tuple(facts["notes"]),
        depth=task.model.depth,
        **words,
    )


def _names(
    task: Explain, given: np.ndarray, content: ParsedFile | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Feature, ...]]:
    """Names of channels, features or variables; of steps; and a table's bars."""
    kind, columns = task.model.kind, tuple(task.model.columns)
    if task.model.depth:
        return _slices(len(given) // task.model.depth, task.model.depth), (), ()
    if kind == "picture":
        usual = CHANNELS.get(len(given), ())
        return usual or tuple(f"channel {at + 1}" for at in range(len(given))), (), ()
    if kind == "series":
        steps = [str(step + 1) for step in range(len(given))]
        if content is not None:
            _, start = series_kind.place_of(content, task.input.item)
            steps = content[0]["steps"][start : start + len(given)]
        variables = columns or tuple(f"variable {i + 1}" for i in range(given.shape[1]))
        return variables, tuple(steps), ()
    if kind == "table":
        columns = columns or tuple(f"feature {i + 1}" for i in range(len(given)))
        facts: Facts = {"columns": list(columns), "levels": {}}
        return columns, (), _features(facts if content is None else content[0], columns, given)
    return (), (), ()


def _slices(channels: int, depth: int) -> tuple[str, ...]:
    """Names of a volume's slices, channel by channel.

    Examples
    --------
    >>> _slices(1, 2), _slices(2, 1)
    (('slice 1', 'slice 2'), ('channel 1, slice 1', 'channel 2, slice 1'))
    """
    return tuple(
        f"channel {channel + 1}, slice {at + 1}" if channels > 1 else f"slice {at + 1}"
        for channel in range(channels)
        for at in range(depth)
    )


def _features(facts: Facts, columns: tuple[str, ...], row: np.ndarray) -> tuple[Feature, ...]:
    """The bars of a table: what one column of text became is one of them."""
    found = []
    for group in encoding.groups(facts, columns):
        inputs = [columns[at] for at in group]
        value = value_text(encoding.shown(facts, inputs, row[group]))
        found.append(Feature(encoding.source(facts, inputs[0])[0], value, tuple(group)))
    return tuple(found)
