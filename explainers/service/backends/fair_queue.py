"""The queue of jobs, which takes them in turn between visitors."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator

from explainers.errors import Problem
from explainers.service.backends.job import Job
from explainers.service.limits import limits

SECONDS_APART = 600.0
SECONDS_QUIET = 2.0
"""Who has just asked mostly asks again: what is in the background waits so long, and need not be
stopped."""


class FairQueue:
    """Waiting jobs; visitors take turns, and each visitor's own jobs keep their order.

    Jobs in the background, whose turn is their own, come when no other waits or has just come.
    """

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[Job]] = OrderedDict()
        self._apart: dict[str, float] = {}
        self._asked = -math.inf

    def keep_apart(self, visitor: str) -> None:
        """Let no job of a visitor whose job ended the worker interrupt another, for a while."""
        now = time.monotonic()
        self._apart = {who: until for who, until in self._apart.items() if until > now}
        self._apart[visitor] = now + SECONDS_APART

    def demand_room(self, turn: str, besides: Collection[Job] = ()) -> None:
        """Problem where so many jobs wait, here or `besides`, that no other may.

        Those in the background do not count.
        """
        waiting = [job for job in (*self, *besides) if not job.background]
        own = sum(job.turn == turn for job in waiting)
        if own >= limits().jobs_per_visitor:
            raise Problem(
                f"You have {own} explanations waiting, as many as one visitor may. Wait for "
                "some, or cancel them."
            )
        if len(waiting) >= limits().jobs_waiting:
            raise Problem("Too many explanations are waiting here. Try again in a minute.")

    def add(self, job: Job, first: bool = False, again: bool = False) -> None:
        """Queue a job; Problem when the queue is full.

        One that is tried again comes `first` of all, without another turn of its visitor's; one
        that comes `again` has had its place among the visitor's own and needs no room.
        """
        if not (first or again or job.background):
            self.demand_room(job.turn)
        if not job.background:
            self._asked = time.monotonic()
        queue = self._queues.setdefault(job.turn, deque())
        if first:
            queue.appendleft(job)
            self._queues.move_to_end(job.turn, last=False)
        else:
            queue.append(job)

    def add_parsed(self, job: Job) -> None:
        """Queue a job whose uploads were parsed, before what its visitor asked after it."""
        self.add(job, again=True)
        queue = self._queues[job.turn]
        while (place := queue.index(job)) and queue[place - 1].asked > job.asked:
            queue[place - 1], queue[place] = job, queue[place - 1]

    def next(
        self, beside: Job | None = None, may: Callable[[Job], bool] = lambda job: True
    ) -> Job | None:
        """Take the next job out, or None; with `beside`, only one that may interrupt that job.

        Another visitor's job may, and a task that is brief. `may` says which else are wanted.
        """
        job = self.seen(beside, may)
        if job is not None:
            self._queues.move_to_end(job.turn)
            self._queues[job.turn].remove(job)
        return job

    def seen(
        self, beside: Job | None = None, may: Callable[[Job], bool] = lambda job: True
    ) -> Job | None:
        """What `next` would take out."""
        for visitor in [visitor for visitor, queue in self._queues.items() if not queue]:
            del self._queues[visitor]
        quiet = time.monotonic() - self._asked >= SECONDS_QUIET
        for queue in sorted(self._queues.values(), key=_in_background):
            if _in_background(queue) and not quiet:
                return None
            if (beside is None or self._may_interrupt(queue[0], beside)) and may(queue[0]):
                return queue[0]
        return None

    def _may_interrupt(self, job: Job, other: Job) -> bool:
        if job.alone or job.background or self._apart.get(job.turn, 0.0) > time.monotonic():
            return False
        return job.digest != other.digest and (job.turn != other.turn or job.task.brief)

    def others_than(self, turn: str) -> bool:
        """Whether jobs of others wait, and not only in the background."""
        return any(job.turn != turn and not job.background for job in self)

    def remove(self, job: Job) -> None:
        """Take a waiting job out."""
        self._queues[job.turn].remove(job)

    def before(self, job: Job) -> int:
        """How many waiting jobs come before this one."""
        visitors = list(self._queues)
        turn, place = visitors.index(job.turn), self._queues[job.turn].index(job)
        total = place
        for index, queue in enumerate(self._queues.values()):
            if index == turn or not queue or _in_background(queue) > job.background:
                continue
            sooner = _in_background(queue) < job.background
            total += len(queue) if sooner else min(len(queue), place + (index < turn))
        return total

    def __iter__(self) -> Iterator[Job]:
        return (job for queue in list(self._queues.values()) for job in list(queue))

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())


def _in_background(queue: deque[Job]) -> bool:
    return queue[0].background
