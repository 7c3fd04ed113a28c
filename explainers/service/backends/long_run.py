"""A run over many inputs: what is asked, how far it is, and where its parts go."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.task import Answer

RUNNING, PAUSED, FINISHED, STOPPED = "running", "paused", "finished", "stopped"


@dataclass(eq=False)
class LongRun:
    """A run on its way; pages read it, `LongRuns` writes it.

    Attributes
    ----------
    plan : ManyPlan
    owner : str
        Whose turn its parts take.
    state : str
        RUNNING, PAUSED, FINISHED, or STOPPED with a `message`.
    done, failed : int
        Inputs that have a row, and those of them without an answer.
    began_with : int
        How many had one when it started.
    wanted, discarded : bool
        Whether it is to go on; whether what it has done is to be deleted.
    started : float
        When, by `time.monotonic`.
    where, note : str
        What works on it, where that is not this machine: "4 workers of the cluster"; a sentence why
        a cluster does not, where there is one.
    """

    plan: ManyPlan
    owner: str
    state: str = RUNNING
    message: str = ""
    done: int = 0
    failed: int = 0
    began_with: int = 0
    started: float = field(default_factory=time.monotonic)
    wanted: bool = True
    discarded: bool = False
    where: str = ""
    note: str = ""

    def count(self, answer: Answer) -> None:
        """One more part is answered."""
        rows = answer[0]["rows"]
        self.done += len(rows)
        self.failed += sum(row["error"] is not None for row in rows)

    @property
    def rate(self) -> float:
        """Inputs a second since it started; 0 before that can be told."""
        seconds = time.monotonic() - self.started
        return (self.done - self.began_with) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds to the end, or None where it cannot be told yet."""
        return (self.plan.count - self.done) / self.rate if self.rate > 0 else None
