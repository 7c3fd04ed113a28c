"""A worker's side: one shard of a run, by its number; what was opened for it is kept for the next.

Light to import: Dask's scheduler does so, too.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

from explainers.errors import Cancelled, Problem, typed_line

if TYPE_CHECKING:
    from explainers.many.cluster.assignment import Assignment, Ticket
    from explainers.many.cluster.attempts import Attempts
    from explainers.many.keeping.shards import Row
    from explainers.many.networks import Network
    from explainers.many.shard_maker import ShardMaker

DONE, PROBLEM, STOPPED = "done", "problem", "stopped"
Answer: TypeAlias = tuple[str, str, int, int]
"""DONE, PROBLEM or STOPPED; a sentence; inputs; those of them that failed."""

SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_REQUESTS = 0.5, 2.0
"""Whether the call that asked still goes on: on a disk, in an object store."""
MOST_NETWORKS = 2
"""So many a worker keeps open, and one run."""

_networks: OrderedDict[tuple[object, ...], Network] = OrderedDict()
_makers: dict[str, ShardMaker] = {}


def make_shard(folder: str, token: str, digest: str, needs: dict[str, str], number: int) -> Answer:
    """Make a shard of a run, on a worker.

    Parameters
    ----------
    folder, token, digest, needs
        See `explainers.many.cluster.assignment.Ticket`.
    number : int
        Of the shard.

    Returns
    -------
    tuple
        See `Answer`. Rows and maps lie in the run's folder.
    """
    from distributed import get_worker

    worker = get_worker()
    try:
        from explainers.many.cluster.assignment import Ticket

        demand_fit(worker, needs)
        return _made(Ticket(folder, token, digest, needs), number)
    except Cancelled:
        return STOPPED, "", 0, 0
    except Problem as problem:
        return PROBLEM, f"The worker {worker.address} says: {problem}", 0, 0
    except Exception as error:
        return PROBLEM, f"The worker {worker.address} was stopped by {typed_line(error)}.", 0, 0


def demand_fit(worker: Any, needs: dict[str, str]) -> None:
    """Problem where a worker has other versions, several threads, or is open to others.

    Parameters
    ----------
    worker : distributed.Worker
    needs : dict of str to str
        See `explainers.many.cluster.assignment.Ticket`.
    """
    from explainers.many.cluster.address import demand_private
    from explainers.many.cluster.assignment import demand_alike

    demand_alike(needs)
    demand_private(str(worker.listen_address), "worker")
    if worker.state.nthreads != 1:
        raise Problem(
            f"it has {worker.state.nthreads} threads, which would share a network. Start it "
            "with --nthreads 1, and a process for each processor or device."
        )


def _made(ticket: Ticket, number: int) -> Answer:
    from explainers.many.cluster.attempts import Attempts
    from explainers.many.keeping.manifest import shards_of
    from explainers.many.remote.location import location

    folder = location(ticket.folder)
    if not ticket.wanted:
        ticket.read()  # says why it is not found
    errors = shards_of(folder).errors(number)
    if errors is None:
        attempts = Attempts(folder, number)
        aside = attempts.begin()
        watch = _Watch(ticket, attempts)
        try:
            _maker(ticket).make(number, aside, watch)
        finally:
            attempts.end()
        errors = watch.errors
    return DONE, "", len(errors), sum(error is not None for error in errors)


class _Watch:
    """Keeps the place of an attempt, and ends it where nobody waits for it any more."""

    def __init__(self, ticket: Ticket, attempts: Attempts) -> None:
        from explainers.many.remote.location import is_remote

        self._ticket, self._attempts = ticket, attempts
        self._place, self._looked = (-1, 0, 0), time.monotonic()
        remote = is_remote(ticket.path)
        self._between = SECONDS_BETWEEN_REQUESTS if remote else SECONDS_BETWEEN_LOOKS
        self.errors: list[str | None] = []

    def at(self, step: int, start: int = 0, stop: int = 0) -> None:
        from explainers.many.keeping.journal import WRITING, Place

        if (step, start, stop) != self._place:
            self._place = step, start, stop
            self._attempts.at(Place(step, start, stop))
        now = time.monotonic()
        if step == WRITING or now - self._looked > self._between:
            self._looked = now
            if not self._ticket.wanted:
                raise Cancelled

    def counted(self, row: Row) -> None:
        self.errors.append(row["error"])


def _maker(ticket: Ticket) -> ShardMaker:
    """What makes the shards of the ticket's run, opened once."""
    from explainers.many.reading.sources import inputs_of
    from explainers.many.shard_maker import ShardMaker

    if ticket.digest not in _makers:
        _makers.clear()
        told = ticket.read()
        network, job = _network(told), told.job
        inputs = inputs_of(job.source, network.spec, job.parse, told.listing)
        _makers[ticket.digest] = ShardMaker(job, network, inputs)
    return _makers[ticket.digest]


def _network(told: Assignment) -> Network:
    """The network of an assignment, on its device."""
    import torch

    from explainers.many.networks import opened

    job = told.job
    key = told.network, told.classes, repr(told.listing.spec), job.question.device
    if key not in _networks:
        while len(_networks) >= MOST_NETWORKS:
            _networks.popitem(last=False)
        torch.set_num_threads(1)
        network = opened(job.model, job.spec, job.classes, job.question.device)
        if (network.digest, network.classes) != (told.network, told.classes):
            raise Problem("the network that it opens has other weights or classes than yours.")
        _networks[key] = network
    _networks.move_to_end(key)
    return _networks[key]
