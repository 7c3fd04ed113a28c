"""A job: one task of one visitor, and how far it is."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from explainers.service.limits import limits
from explainers.service.tasks import Task
from explainers.service.tasks.context import ProgressReport

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
MOST_RETURNS = 20
logger = logging.getLogger(__name__)
LIED = (
    "The worker process sent what no worker sends while it worked on this, so it was ended and "
    "replaced. The network may have done that; otherwise run it again."
)
ENDED_TWICE = (
    "The worker process ended twice while it worked on this, perhaps for want of memory. Try a "
    "smaller model or picture."
)


@dataclass(eq=False)
class Job:
    """Pages read it, the backend writes it.

    Attributes
    ----------
    digest : str
        Of the task, under which the store keeps the answer.
    state : str
        WAITING, RUNNING, DONE, FAILED or CANCELLED.
    message : str
        A sentence for the visitor; "" where there is nothing to say.
    turn : str
        Whose turn it takes, since one person may have many tabs; by default the visitor's.
    silent : bool
        Whether it was ended since a single pass of it held up others; `heard` is when the worker
        last said something of it.
    progress, with_map : ProgressReport or None
        The latest report, and the latest that came with a map.
    """

    task: Task
    visitor: str
    digest: str
    state: str = WAITING
    message: str = ""
    progress: ProgressReport | None = None
    with_map: ProgressReport | None = None
    attempts: int = 0
    returned: int = 0
    turn: str = ""
    parsed: bool = False
    started: float = 0.0
    cancel_requested: float | None = None
    took_too_long: bool = False
    silent: bool = False
    heard: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.turn = self.turn or self.visitor

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (DONE, FAILED, CANCELLED)

    @property
    def given_up(self) -> bool:
        """Whether somebody cancelled it; it may still take a moment to end."""
        return self.cancel_requested is not None and not (self.took_too_long or self.silent)

    @property
    def settled(self) -> bool:
        """Whether whoever waits for it need not wait any longer: it is over, or given up."""
        return self.over or self.given_up

    def is_silent(self, now: float) -> bool:
        """Whether the worker has said nothing of it for too long, and nobody has cancelled it."""
        return self.cancel_requested is None and now - self.heard > limits().pass_seconds

    def stopped(self) -> None:
        """It was cancelled: by somebody, or because it took too long."""
        self.state = FAILED if self.took_too_long or self.silent else CANCELLED
        if self.silent:
            self.message = (
                f"One step of this took more than {limits().pass_seconds:.0f} seconds while others "
                "waited, so it was ended. Try a smaller model or input, or run it from Python: “As "
                "code” shows how."
            )
        elif self.took_too_long:
            self.message = (
                f"This took more than {limits().job_seconds / 60:.0f} minutes, the limit of this "
                "server. Ask for fewer passes, or run it from Python: “As code” shows how."
            )

    def fail(self, sentence: str) -> None:
        """It has no answer, and the sentence says why."""
        self.state, self.message = FAILED, sentence

    def give_back(self, sentence: str) -> None:
        """It waits once more, for no fault of its own; not for ever, since a worker may lie."""
        self.attempts -= 1
        self.returned += 1
        if self.returned > MOST_RETURNS:
            self.fail("The worker gave this back again and again. Run it again later.")
        else:
            self.again(sentence)

    def again(self, sentence: str) -> None:
        """It waits once more, as if it had not run."""
        self.state, self.message = WAITING, sentence
        self.progress = self.with_map = None

    def touch(self) -> None:
        """Somebody still looks at it."""
        self.seen = time.monotonic()

    def log(self) -> None:
        """What an operator needs of a job that ran: nothing of what the visitor gave."""
        took, what = time.monotonic() - self.started, type(self.task).__name__
        words = "%s %s %s after %.2f s, attempt %d"
        logger.info(words, what, self.digest[:16], self.state, took, self.attempts)
