"""Hands the shards of a run to a cluster's workers, one each, until all lie in the run's folder."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from explainers.errors import ModelProblem, Problem
from explainers.many.cluster.address import scheduler_address
from explainers.many.cluster.assignment import Ticket, assigned
from explainers.many.cluster.attempts import Attempts
from explainers.many.cluster.connection import KILLED, Connection, connected
from explainers.many.cluster.worker import DONE, PROBLEM, STOPPED, make_shard
from explainers.many.job import Job
from explainers.many.keeping.journal import Place
from explainers.many.keeping.manifest import shards_of
from explainers.many.work import Begun, begin

SECONDS_BETWEEN_LOOKS = 0.05
SECONDS_BETWEEN_COUNTS = 1.0
SECONDS_WITHOUT_WORKERS = 30.0
MOST_IN_VAIN = 5
SECONDS_TO_APPEAR = 10.0
"""A folder that is shared shows late what another machine wrote."""


def run_on_cluster(job: Job, backend: str, tell: Callable[[Place], None]) -> None:
    """Do what is left of a run, on the workers of a scheduler.

    Parameters
    ----------
    job : Job
    backend : str
        The scheduler's address; see `explainers.many.cluster.address.scheduler_address`.
    tell : callable
        Is given the place all the time; what it raises ends the work, on the workers as well.

    Raises
    ------
    Problem
        Where the run cannot go on, the scheduler cannot be reached or is lost, or no worker is
        there. What is written stays.
    """
    address = scheduler_address(backend)
    with connected(address) as connection:
        begun = begin(job, None)
        if begun.left:
            with assigned(job, begun) as ticket:
                _Hand(connection, ticket, begun, job, tell).give()


class _Hand:
    """Gives out shards: to each worker one, and another when it has ended."""

    def __init__(
        self,
        connection: Connection,
        ticket: Ticket,
        begun: Begun,
        job: Job,
        tell: Callable[[Place], None],
    ) -> None:
        self._connection, self._ticket, self._job, self._tell = connection, ticket, job, tell
        self._counts, self._left = begun.counts, deque(begun.left)
        self._asked = list(begun.left)
        self._running: dict[int, Any] = {}
        self._in_vain: Counter[tuple[object, ...]] = Counter()
        self._workers, self._counted, self._seen = 0, -math.inf, time.monotonic()

    def give(self) -> None:
        """Until all shards are made. Problem where they cannot be."""
        counts = self._counts
        while self._left or self._running:
            self._count_workers()
            while self._left and len(self._running) < self._workers:
                number = self._left.popleft()
                told = self._ticket.told
                self._running[number] = self._connection.submit(make_shard, *told, number)
            for number in self._connection.ended(self._running):
                self._take(number)
            self._tell(Place(done=counts.done, failed=counts.failed, total=counts.total))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        self._demand_there()

    def _take(self, number: int) -> None:
        """Count what became of a shard, or have it made again."""
        what, said, done, failed = self._connection.answer(self._running[number])
        if what == PROBLEM:
            raise Problem(said)
        if what == STOPPED:
            raise Problem(f"{self._job.folder} was changed while workers worked on it.")
        if what == KILLED:
            self._demand_headway(number)
        if what == DONE:
            self._counts.done += done
            self._counts.failed += failed
        else:
            self._left.append(number)
        del self._running[number]

    def _demand_headway(self, number: int) -> None:
        """Problem where workers end again and again at a shard, and none leaves a trace.

        Now and then one does because of another shard, behind which this one waited.
        """
        self._counted = -math.inf
        trace = (number, *Attempts(self._job.folder, number).trace)
        self._in_vain[trace] += 1
        if self._in_vain[trace] >= MOST_IN_VAIN:
            raise ModelProblem(
                f"Workers ended again and again at shard {number}, before they came to an input. "
                "See what their own log says, and whether their memory suffices."
            )

    def _count_workers(self) -> None:
        now = time.monotonic()
        if now - self._counted < SECONDS_BETWEEN_COUNTS:
            return
        self._counted = now
        self._workers = self._connection.workers()
        if self._workers:
            self._seen = now
        elif now - self._seen > SECONDS_WITHOUT_WORKERS:
            raise Problem(
                f"The scheduler has no workers, since {SECONDS_WITHOUT_WORKERS:.0f} seconds; where "
                "some were started, their own log says why they ended. What was written is kept. "
                "Start workers and the same again; it goes on from there."
            )

    def _demand_there(self) -> None:
        """Problem where shards that workers wrote are not in the folder."""
        until = time.monotonic() + SECONDS_TO_APPEAR
        while missing := set(self._asked) - shards_of(self._job.folder).done().keys():
            if time.monotonic() > until:
                raise Problem(
                    f"{len(missing):,} of the shards that the workers wrote are not in "
                    f"{self._job.folder}. Is it the same folder for all of them?"
                )
            time.sleep(SECONDS_BETWEEN_LOOKS)
