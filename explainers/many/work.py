"""The work of a run in one process: opened, then shard by shard until nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from explainers.many.cluster import attempts
from explainers.many.job import Job
from explainers.many.keeping import manifest
from explainers.many.keeping.journal import LISTING, Journal, Place, SetAside
from explainers.many.keeping.shards import Row
from explainers.many.networks import Network, opened
from explainers.many.reading.inputs import InputSource
from explainers.many.reading.sources import inputs_of, words_of
from explainers.many.shard_maker import ShardMaker


@dataclass
class Counts:
    """Inputs that have a row, those of them that failed, and all."""

    done: int = 0
    failed: int = 0
    total: int = 0


@dataclass(frozen=True)
class Begun:
    """A run whose network is open, whose source is listed, and whose folder fits both.

    Attributes
    ----------
    network : Network
    inputs : InputSource
    maker : ShardMaker
    left : list of int
        The numbers of the shards that are still to be made.
    counts : Counts
        What the others hold.
    """

    network: Network
    inputs: InputSource
    maker: ShardMaker
    left: list[int]
    counts: Counts


def begin(job: Job, device: str | None) -> Begun:
    """Open a run, new or begun before. Problem where it cannot go on.

    Parameters
    ----------
    job : Job
    device : str, optional
        Where the network is put in this process.
    """
    network = opened(job.model, job.spec, job.classes, device)
    inputs = inputs_of(job.source, network.spec, job.parse)
    asked = job.asked(network, inputs.spec)
    maker = ShardMaker(job, network, inputs)  # refuses what it cannot keep
    manifest.keep(job.folder, asked, words_of(job.source), inputs, network.classes)
    maker.shards.clear_parts()
    attempts.clear(job.folder)  # of a cluster, where the call that asked it was killed
    left = maker.left()
    errors = [row["error"] for row in maker.shards.rows(["error"])]
    failed = sum(error is not None for error in errors)
    return Begun(network, inputs, maker, left, Counts(len(errors), failed, len(inputs)))


@dataclass
class Work:
    """One process's work on a run; `run` does all that is left of it."""

    job: Job
    tell: Callable[[Place], None] = lambda place: None
    counts: Counts = field(default_factory=Counts)

    def run(self) -> None:
        """Do what is left. Raises Problem where the run cannot go on; what is written stays."""
        self._journal = Journal(self.job.journal)
        self.at(LISTING)
        begun = begin(self.job, self.job.question.device)
        self.counts, aside = begun.counts, SetAside.of(self.job.folder)
        for number in begun.left:
            begun.maker.make(number, aside, self)

    def at(self, step: int, start: int = 0, stop: int = 0) -> None:
        """Keep the place with the counts, and tell it."""
        counts = self.counts
        place = Place(step, start, stop, counts.done, counts.failed, counts.total)
        self._journal.write(place)
        self.tell(place)

    def counted(self, row: Row) -> None:
        """An input has its row."""
        self.counts.done += 1
        self.counts.failed += row["error"] is not None
