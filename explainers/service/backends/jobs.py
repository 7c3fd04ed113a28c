"""Jobs, and the queue that takes them in turn between visitors."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from explainers.errors import Problem
from explainers.service.limits import limits
from explainers.service.tasks.request import Request

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"


@dataclass
class Job:
    """One request of one visitor, and how far it is; pages read it, the engine writes it."""

    request: Request
    visitor: str
    digest: str
    state: str = WAITING
    message: str = ""
    progress: dict[str, Any] = field(default_factory=dict)
    partial: dict[str, Any] | None = None
    attempts: int = 0
    prepared: bool = False
    started: float = 0.0
    cancel_asked: float | None = None
    took_too_long: bool = False
    seen: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (DONE, FAILED, CANCELLED)

    def stopped(self) -> None:
        """It was cancelled: by somebody, or because it took too long."""
        self.state = FAILED if self.took_too_long else CANCELLED
        if self.took_too_long:
            self.message = (
                f"This took more than {limits().job_seconds / 60:.0f} minutes, the limit of this "
                "server. Ask for fewer passes, or run it from Python: “As code” shows how."
            )

    def touch(self) -> None:
        """Somebody still looks at it."""
        self.seen = time.monotonic()


class FairQueue:
    """Waiting jobs; visitors take turns, and each visitor's own jobs keep their order."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Job]] = OrderedDict()

    def add(self, job: Job, first: bool = False) -> None:
        """Queue a job, in front for one that is tried again; Problem when the queue is full."""
        line = self._lines.setdefault(job.visitor, deque())
        if first:
            line.appendleft(job)
            self._lines.move_to_end(job.visitor, last=False)
            return
        if len(line) >= limits().jobs_per_visitor:
            raise Problem(
                f"You have {len(line)} explanations waiting, as many as one visitor may. Wait for "
                "some, or cancel them."
            )
        if len(self) >= limits().jobs_waiting:
            raise Problem("Too many explanations are waiting here. Try again in a minute.")
        line.append(job)

    def next(self, beside: Job | None = None) -> Job | None:
        """Take the next job out, or None; with `beside`, only one that may interrupt that job.

        Another visitor's job may, and a question for the model's answer, which is short.
        """
        for visitor, line in list(self._lines.items()):
            if not line:
                del self._lines[visitor]
            elif beside is None or self._may_interrupt(line[0], beside):
                self._lines.move_to_end(visitor)
                return line.popleft()
        return None

    def _may_interrupt(self, job: Job, other: Job) -> bool:
        return job.digest != other.digest and (
            job.visitor != other.visitor or not (job.request.method or job.request.check)
        )

    def remove(self, job: Job) -> None:
        """Take a waiting job out."""
        self._lines[job.visitor].remove(job)

    def before(self, job: Job) -> int:
        """How many waiting jobs come before this one."""
        visitors = list(self._lines)
        turn, place = visitors.index(job.visitor), self._lines[job.visitor].index(job)
        return place + sum(
            min(len(line), place + (index < turn))
            for index, line in enumerate(self._lines.values())
            if index != turn
        )

    def __iter__(self) -> Iterator[Job]:
        return (job for line in list(self._lines.values()) for job in list(line))

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())
