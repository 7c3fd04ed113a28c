"""How a shard of a run is made, in whatever process: read, ask, keep; failures become rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from explainers.errors import Problem
from explainers.many.answers.answers import Answers
from explainers.many.answers.explanations import Explanations
from explainers.many.answers.predictions import Predictions
from explainers.many.job import Job
from explainers.many.keeping.journal import EXPLAINING, PREDICTING, READING, WRITING, SetAside
from explainers.many.keeping.shards import Row, Shards
from explainers.many.keeping.zarr_maps import ZarrMaps
from explainers.many.networks import Network
from explainers.many.reading.inputs import Input, InputSource
from explainers.many.summary.labels import labels_from_names

VALUES_AT_ONCE = 2**22
"""So many values of inputs share their passes, and are held at once."""


class Watch(Protocol):
    """Who is told how far a shard is; what it raises ends the work."""

    def at(self, step: int, start: int = 0, stop: int = 0) -> None:
        """What is done with the inputs start, …, stop − 1; see `Place`.

        Of inputs that are worked on together it is called with all of them first.
        """

    def counted(self, row: Row) -> None:
        """An input has its row."""


class ShardMaker:
    """Makes shards of a run, one after the other.

    Parameters
    ----------
    job : Job
    network : Network
        The job's, opened.
    inputs : InputSource
        Of its source.
    """

    def __init__(self, job: Job, network: Network, inputs: InputSource) -> None:
        self._job, self._network, self._inputs = job, network, inputs
        self._answers: Answers | None = None
        self._labels: list[str | None] | None = None
        if inputs.spec.kind == "picture":  # a file an input
            self._labels = labels_from_names(inputs.files, network.classes)
        maps = None
        if job.maps == "zarr":
            maps = ZarrMaps.of(job.folder, inputs.spec, len(inputs), job.shard)
        self.shards = Shards(job.folder, maps, job.question.checks)
        self._explained = Shards(job.folder, maps)

    def indices(self, number: int) -> range:
        """The inputs of a shard."""
        start = number * self._job.shard
        return range(start, min(start + self._job.shard, len(self._inputs)))

    def left(self) -> list[int]:
        """The numbers of the shards that are still to be made.

        Raises
        ------
        Problem
            Where a shard holds another number of rows than it must.
        """
        done = self.shards.done()
        for number, rows in self._explained.done().items():
            if rows != len(self.indices(number)):
                raise Problem(
                    f"Shard {number} of {self._job.folder} holds {rows} rows instead of "
                    f"{len(self.indices(number))}: the file was changed. Delete "
                    f"rows/{number:05d}.parquet; it is then made again."
                )
        return [k for k in range(-(-len(self._inputs) // self._job.shard)) if k not in done]

    def make(self, number: int, aside: SetAside, watch: Watch) -> None:
        """Ask the question of a shard's inputs, and keep it.

        Parameters
        ----------
        number : int
        aside : SetAside
            Inputs that are suspected, each asked about alone, and those that are not worked on.
        watch : Watch

        Raises
        ------
        Problem
            Where the run cannot go on.
        """
        predicts = self._job.question.method is None
        if self._answers is None:
            asked = self._network, self._inputs.spec, self._job.question
            self._answers = (
                Predictions(*asked) if predicts else Explanations(*asked, self._inputs.sample)
            )
        kept = self._explained.rows_of(number)
        if kept is not None and isinstance(self._answers, Explanations):
            return self._check(number, kept, self._answers, aside, watch)
        indices = self.indices(number)
        rows: list[Row] = []
        maps: dict[int, np.ndarray] = {}
        for chunk in _chunks(indices, aside, self._answers.at_once(VALUES_AT_ONCE)):
            for row, scores in self._answered(chunk, self._answers, aside, watch):
                label = self._labels[row["index"]] if self._labels is not None else None
                rows.append(row | {"label": label})
                if scores is not None:
                    maps[row["index"]] = scores
                watch.counted(row)
        watch.at(WRITING, indices[0], indices[-1] + 1)
        self.shards.write(number, rows, None if predicts else maps)

    def _check(
        self,
        number: int,
        rows: list[Row],
        answers: Explanations,
        aside: SetAside,
        watch: Watch,
    ) -> None:
        """Check the maps of a shard that was explained before, by what its rows lack."""
        indices, maps = self.indices(number), self._explained.maps_of(number)
        done = self._explained.checks_of(number)
        checks = [one for one in self._job.question.checks if one not in done]
        for chunk in _chunks(indices, aside, answers.at_once(VALUES_AT_ONCE)):
            of = {index: rows[index - indices[0]] for index in chunk}
            if len(chunk) == 1 and chunk[0] in aside.endings and chunk[0] in maps:
                of[chunk[0]]["unchecked"] = f"{aside.endings[chunk[0]]} It is set aside."
                maps.pop(chunk[0])
            mapped = [index for index in chunk if index in maps]
            watch.at(READING, chunk[0], chunk[-1] + 1)
            read = self._inputs.read(mapped, lambda index: watch.at(READING, index, index + 1))
            kept = [(one, of[one.index], maps[one.index]) for one in read]

            def alive(chunk: list[int] = chunk) -> None:
                watch.at(EXPLAINING, chunk[0], chunk[-1] + 1)

            if kept:
                alive()
                answers.check(kept, checks, alive)
            for row in of.values():
                watch.counted(row)
        watch.at(WRITING, indices[0], indices[-1] + 1)
        self.shards.write_rows(number, rows)

    def _answered(
        self, chunk: Sequence[int], answers: Answers, aside: SetAside, watch: Watch
    ) -> list[tuple[Row, np.ndarray | None]]:
        """A row for each input of the chunk, and its map where there is one."""
        inputs = self._inputs
        if len(chunk) == 1 and chunk[0] in aside.endings:
            index = chunk[0]
            digest = inputs.digests[inputs.file_of(index)]
            said = f"{aside.endings[index]} It is set aside."
            return [(answers.failed(Input(index, inputs.name(index), digest), said), None)]
        watch.at(READING, chunk[0], chunk[-1] + 1)
        read = list(inputs.read(chunk, lambda index: watch.at(READING, index, index + 1)))

        step = PREDICTING if self._job.question.method is None else EXPLAINING

        def alive() -> None:
            watch.at(step, chunk[0], chunk[-1] + 1)

        alive()
        return answers.each(read, alive)


def _chunks(indices: range, aside: SetAside, most: int) -> list[list[int]]:
    """Inputs that are asked about at once; those that are suspected each alone."""
    chunks: list[list[int]] = []
    for index in indices:
        alone = index in aside.tries or index in aside.endings
        joins = chunks and not alone and len(chunks[-1]) < most
        if joins and chunks[-1][-1] not in aside.tries | aside.endings:
            chunks[-1].append(index)
        else:
            chunks.append([index])
    return chunks
