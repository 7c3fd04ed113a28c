"""How a shard of a run is made, in whatever process: read, explain, keep; failures become rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from explainers.errors import Problem
from explainers.many.answers import Answers
from explainers.many.job import Job
from explainers.many.keeping.journal import EXPLAINING, READING, WRITING, SetAside
from explainers.many.keeping.shards import Row, Shards
from explainers.many.networks import Network
from explainers.many.reading.inputs import Input, InputSource

VALUES_AT_ONCE = 2**22
"""So many values of inputs share their passes, and are held at once."""


class Watch(Protocol):
    """Who is told how far a shard is; what it raises ends the work."""

    def at(self, step: int, start: int = 0, stop: int = 0) -> None:
        """The inputs start, …, stop − 1 are being read, explained or written; see `Place`."""

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
        self.shards = Shards(job.folder)

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
        for number, rows in done.items():
            if rows != len(self.indices(number)):
                raise Problem(
                    f"Shard {number} of {self._job.folder} holds {rows} rows instead of "
                    f"{len(self.indices(number))}: the file was changed. Delete "
                    f"rows/{number:05d}.parquet; it is then made again."
                )
        return [k for k in range(-(-len(self._inputs) // self._job.shard)) if k not in done]

    def make(self, number: int, aside: SetAside, watch: Watch) -> None:
        """Explain a shard's inputs and keep it.

        Parameters
        ----------
        number : int
        aside : SetAside
            Inputs that are suspected, each explained alone, and those that are not worked on.
        watch : Watch

        Raises
        ------
        Problem
            Where the run cannot go on.
        """
        if self._answers is None:
            self._answers = Answers(
                self._network, self._inputs.spec, self._job.question, self._inputs.sample
            )
        indices = self.indices(number)
        rows: list[Row] = []
        maps: dict[int, np.ndarray] = {}
        for chunk in _chunks(indices, aside, self._answers.at_once(VALUES_AT_ONCE)):
            for row, scores in self._explained(chunk, self._answers, aside, watch):
                rows.append(row)
                if scores is not None:
                    maps[row["index"]] = scores
                watch.counted(row)
        watch.at(WRITING, indices[0], indices[-1] + 1)
        self.shards.write(number, rows, maps)

    def _explained(
        self, chunk: Sequence[int], answers: Answers, aside: SetAside, watch: Watch
    ) -> list[tuple[Row, np.ndarray | None]]:
        """A row for each input of the chunk, and its map where there is one."""
        inputs = self._inputs
        if len(chunk) == 1 and chunk[0] in aside.endings:
            index = chunk[0]
            digest = inputs.digests[inputs.file_of(index)]
            said = f"{aside.endings[index]} It is set aside."
            return [(answers.failed(Input(index, inputs.name(index), digest), said), None)]
        read = list(inputs.read(chunk, lambda index: watch.at(READING, index, index + 1)))

        def alive() -> None:
            watch.at(EXPLAINING, chunk[0], chunk[-1] + 1)

        alive()
        return answers.each(read, alive)


def _chunks(indices: range, aside: SetAside, most: int) -> list[list[int]]:
    """Inputs that are explained at once; those that are suspected each alone."""
    chunks: list[list[int]] = []
    for index in indices:
        alone = index in aside.tries or index in aside.endings
        joins = chunks and not alone and len(chunks[-1]) < most
        if joins and chunks[-1][-1] not in aside.tries | aside.endings:
            chunks[-1].append(index)
        else:
            chunks.append([index])
    return chunks
