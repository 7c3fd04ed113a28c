"""A job: one task of one visitor, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from explainers.service.limits import limits
from explainers.service.tasks import Task
from explainers.service.tasks.context import ProgressReport

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
MOST_RETURNS = 20


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
    parsed: bool = False
    started: float = 0.0
    cancel_requested: float | None = None
    took_too_long: bool = False
    seen: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (DONE, FAILED, CANCELLED)

    @property
    def given_up(self) -> bool:
        """Whether somebody cancelled it; it may still take a moment to end."""
        return self.cancel_requested is not None and not self.took_too_long

    @property
    def settled(self) -> bool:
        """Whether whoever waits for it need not wait any longer: it is over, or given up."""
        return self.over or self.given_up

    def stopped(self) -> None:
        """It was cancelled: by somebody, or because it took too long."""
        self.state = FAILED if self.took_too_long else CANCELLED
        if self.took_too_long:
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
