"""The work of a run: shard by shard, batch by batch; what cannot be explained becomes a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem
from explainers.many.answers import Answers, Question
from explainers.many.keeping import manifest
from explainers.many.keeping.journal import EXPLAINING, READING, WRITING, Journal, Place, SetAside
from explainers.many.keeping.shards import Row, Shards
from explainers.many.networks import Given, Network, opened
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Input, InputSource, Parse
from explainers.many.reading.members import Source
from explainers.many.reading.sources import inputs_of, words_of

if TYPE_CHECKING:
    from explainers.models.spec import ModelSpec

VALUES_AT_ONCE = 2**22
"""So many values of inputs share their passes, and are held at once."""


@dataclass(frozen=True)
class Job:
    """All that a process needs to do a run's work; fit to be pickled where its network is.

    Attributes
    ----------
    model, spec, classes
        See `explainers.many.networks.opened`.
    source : str, Path, or sequence of them
    question : Question
        What is asked of each input.
    folder : Path
        Where the run is kept.
    shard : int
        Inputs a shard.
    parse : callable
        Reads a file.
    """

    model: Given
    source: Source
    question: Question
    folder: Path
    spec: ModelSpec | None = None
    classes: tuple[str, ...] = ()
    shard: int = 256
    parse: Parse = parsed_file


@dataclass
class _Counts:
    done: int = 0
    failed: int = 0
    total: int = 0


@dataclass
class Work:
    """One process's work on a run; `run` does all that is left of it."""

    job: Job
    tell: Callable[[Place], None] = lambda place: None
    counts: _Counts = field(default_factory=_Counts)

    def run(self) -> None:
        """Do what is left. Raises Problem where the run cannot go on; what is written stays."""
        job = self.job
        self._journal = Journal(job.folder / "journal")
        self._at(Place())
        network = opened(job.model, job.spec, job.classes, job.question.device)
        inputs = inputs_of(job.source, network.spec, job.parse)
        asked = self._asked(network, inputs.spec)
        manifest.keep(job.folder, asked, words_of(job.source), inputs, network.classes)
        shards, aside = Shards(job.folder), SetAside.of(job.folder)
        done = self._done(shards, len(inputs))
        left = [k for k in range(-(-len(inputs) // job.shard)) if k not in done]
        if not left:
            return
        answers = Answers(network, inputs, job.question)
        for number in left:
            start = number * job.shard
            indices = range(start, min(start + job.shard, len(inputs)))
            rows: list[Row] = []
            maps: dict[int, np.ndarray] = {}
            for chunk in _chunks(indices, aside, answers.at_once(VALUES_AT_ONCE)):
                for row, scores in self._explained(chunk, inputs, answers, aside):
                    rows.append(row)
                    if scores is not None:
                        maps[row["index"]] = scores
                    self.counts.done += 1
                    self.counts.failed += row["error"] is not None
            self._at(Place(WRITING, indices[0], indices[-1] + 1))
            shards.write(number, rows, maps)

    def _asked(self, network: Network, spec: ModelSpec) -> dict[str, Any]:
        prepared = {k: v for k, v in asdict(spec).items() if k not in ("name", "weights")}
        return {
            "network": network.digest,
            "name": network.name,
            "prepared": prepared,
            **self.job.question.described(),
            "shard": self.job.shard,
        }

    def _done(self, shards: Shards, total: int) -> dict[int, int]:
        """The shards that are whole; counts what they hold."""
        done = shards.done()
        for number, rows in done.items():
            due = min(self.job.shard, total - number * self.job.shard)
            if rows != due:
                raise Problem(
                    f"Shard {number} of {self.job.folder} holds {rows} rows instead of {due}: the "
                    f"file was changed. Delete rows/{number:05d}.parquet; it is then made again."
                )
        failed = sum(row["error"] is not None for row in shards.rows(["error"]))
        self.counts = _Counts(sum(done.values()), failed, total)
        return done

    def _explained(
        self, chunk: Sequence[int], inputs: InputSource, answers: Answers, aside: SetAside
    ) -> list[tuple[Row, np.ndarray | None]]:
        """A row for each input of the chunk, and its map where there is one."""
        if len(chunk) == 1 and chunk[0] in aside.endings:
            index = chunk[0]
            digest = inputs.digests[inputs.file_of(index)]
            said = f"{aside.endings[index]} It is set aside."
            return [(answers.failed(Input(index, inputs.name(index), digest), said), None)]
        read = list(inputs.read(chunk, lambda index: self._at(Place(READING, index, index + 1))))
        given = [one for one in read if one.values is not None]
        self._at(Place(EXPLAINING, chunk[0], chunk[-1] + 1))
        found = {
            row["index"]: (row, scores)
            for row, scores in answers.of(given, lambda: self._at(self._place))
        }
        return [
            found[one.index] if one.index in found else (answers.failed(one, one.problem), None)
            for one in read
        ]

    def _at(self, place: Place) -> None:
        """Keep the place with the counts, and tell it."""
        self._place = Place(
            place.step,
            place.start,
            place.stop,
            self.counts.done,
            self.counts.failed,
            self.counts.total,
        )
        self._journal.write(self._place)
        self.tell(self._place)


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
