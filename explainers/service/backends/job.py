"""A job: one task of one visitor, and how far it is."""

from __future__ import annotations

import logging
import math
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
    background : bool
        Whether it only runs while no other job waits; nobody needs to look at it.
    silent, held_up : bool
        Whether it was ended since a single pass of it held up others; whether others went to
        another worker since `heard`, when the worker last said something of it.
    alone, put_off : bool, float or None
        Whether it may interrupt no other; since when it is to give way to the one that it has
        interrupted, for longer than that should be.
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
    background: bool = False
    parsed: bool = False
    started: float = 0.0
    cancel_requested: float | None = None
    took_too_long: bool = False
    silent: bool = False
    held_up: bool = False
    alone: bool = False
    put_off: float | None = None
    heard: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    asked: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.turn = self.turn or self.visitor
        if self.background:
            self.seen = math.inf

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
        return self.cancel_requested is None and now - self.heard > self._patience

    @property
    def _patience(self) -> float:
        """Seconds without a word: its network, once loaded, reports after every few passes."""
        return limits().load_seconds if self.progress is None else limits().pass_seconds

    def does_not_heed(self, now: float, cancelled: float, put_off: float) -> bool:
        """Whether it goes on, so many seconds after it was cancelled, or asked to give way."""
        if self.cancel_requested is not None:
            return now - self.cancel_requested > cancelled
        return self.put_off is not None and now - self.put_off > put_off

    def stopped(self) -> None:
        """It was cancelled: by somebody, or because it took too long."""
        self.state = FAILED if self.took_too_long or self.silent else CANCELLED
        if self.silent:
            self.message = (
                f"One step of this took more than {self._patience:.0f} seconds while others "
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
        self.progress = self.with_map = self.put_off = None
        self.held_up = False

    def put_aside(self) -> None:
        """It waits once more, until it need interrupt no other."""
        self.attempts -= 1
        self.alone = True
        self.again("This takes long, and others wait: it goes on when there is room for it.")

    def touch(self) -> None:
        """Somebody still looks at it."""
        self.seen = time.monotonic()

    def log(self) -> None:
        """What an operator needs of a job that ran: nothing of what the visitor gave."""
        took, what = time.monotonic() - self.started, type(self.task).__name__
        words = "%s %s %s after %.2f s, attempt %d"
        logger.info(words, what, self.digest[:16], self.state, took, self.attempts)
