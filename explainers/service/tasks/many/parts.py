"""What the parts of a run over the inputs of a file have in common, whatever they ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Protocol, Self, TypeVar

import numpy as np

from explainers.kinds import ParsedFile
from explainers.many.answers.answers import Answers
from explainers.many.keeping.shards import Row, schema
from explainers.many.reading.completion import all_items, item_name
from explainers.many.reading.inputs import Input, input_of
from explainers.models.spec import ModelSpec
from explainers.service.tasks.context import ProgressReport, TaskContext

VALUES_AT_ONCE = 2**21
"""So many values of inputs share their passes."""


class Part(Protocol):
    """A task about the inputs start, …, stop − 1 of a file."""

    @property
    def start(self) -> int: ...

    @property
    def stop(self) -> int: ...

    def replace(self, *, start: int, stop: int) -> Self: ...


class OnDevice(Protocol):
    """A task that names a device."""

    @property
    def device(self) -> str: ...


Some = TypeVar("Some", bound=Part)


def split(part: Some, most: int) -> list[Some]:
    """At most so many parts of consecutive inputs."""
    ends = np.linspace(part.start, part.stop, min(most, part.stop - part.start) + 1).astype(int)
    pairs = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return [part.replace(start=start, stop=stop) for start, stop in pairs]


def asked_of_each(
    context: TaskContext, answers: Answers, inputs: Sequence[Input]
) -> list[tuple[Row, np.ndarray | None]]:
    """A row of each input, and its map where it has one; as many at once as share their passes."""
    found: list[tuple[Row, np.ndarray | None]] = []
    at_once = answers.at_once(VALUES_AT_ONCE)
    for place in range(0, len(inputs), at_once):
        done = ProgressReport(place, len(inputs))
        found += answers.each(inputs[place : place + at_once], partial(context.report, done))
    return found


def inputs_in(
    content: ParsedFile, spec: ModelSpec, file: str, start: int, stop: int
) -> Iterator[Input]:
    """The inputs start, …, stop − 1 of a file, each with values or with a sentence.

    Parameters
    ----------
    content : ParsedFile
        Of the file.
    spec : ModelSpec
        Of a network that takes them.
    file : str
        Its name in the store.
    start, stop : int
    """
    digest = file.partition(".")[0]
    for index, item in enumerate(all_items(content, spec)[start:stop].tolist(), start):
        yield input_of(content, spec, item, index, item_name(content, spec, item), digest)


def failed_rows(
    content: ParsedFile, spec: ModelSpec, file: str, part: Part, sentence: str
) -> list[Row]:
    """The rows of inputs that are set aside, for they end the process that works on them."""
    return [
        {"index": one.index, "name": one.name, "digest": one.digest, "error": sentence}
        for one in inputs_in(content, spec, file, part.start, part.stop)
    ]


def answered_in(untrusted_rows: object, part: Part) -> set[int] | None:
    """The inputs that have an answer; None where these are not a row an input, of right types."""
    import pyarrow as pa

    if not isinstance(untrusted_rows, list):
        return None
    try:
        told = pa.Table.from_pylist(untrusted_rows, schema()).select(["index", "name", "error"])
    except (pa.ArrowException, TypeError, ValueError, AttributeError, OverflowError):
        return None
    indices, names, errors = (column.to_pylist() for column in told.columns)
    if indices != list(range(part.start, part.stop)) or None in names:
        return None
    return {k for k, error in zip(indices, errors, strict=True) if error is None}


def chosen_device(wanted: str, asked: OnDevice, there: Collection[str]) -> str:
    """The wanted device, else the asked one if it is there, else the first that is."""
    return wanted or (asked.device if asked.device in there else next(iter(there)))
