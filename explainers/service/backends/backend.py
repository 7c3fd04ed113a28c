"""What a backend gives: it takes tasks, and has their answers put into the store."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from explainers.service.backends.health import Health
from explainers.service.backends.job import Job
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.storage.store import Store
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.context import ProgressReport


class Backend(Protocol):
    """Where tasks run; safe to use from many threads.

    Attributes
    ----------
    store : Store
        Of uploads and answers.
    parsed : ParsedUploads
        Uploads as they were parsed.
    devices : dict
        What tasks can run on, best first, with a name for people; {} before that is known.
    """

    store: Store
    parsed: ParsedUploads

    @property
    def devices(self) -> dict[str, str]:
        """What tasks can run on."""

    def submit(self, task: Task, visitor: str, turn: str = "", *, background: bool = False) -> Job:
        """The visitor's job for this task; already done where the answer is in the store.

        It takes its turn among those of `turn`, by default the visitor's own; in the `background`
        after all others.

        Raises
        ------
        Problem
            When too many jobs wait.
        """

    def progress(self, job: Job) -> ProgressReport | None:
        """How far the job is; None before there is anything to tell."""

    def jobs_before(self, job: Job) -> int:
        """How many jobs, running ones included, come before this waiting one."""

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one ends within a second."""

    def forget(self, uploads: Collection[str]) -> None:
        """Cancel all jobs about these uploads, whoever asked, before they are deleted."""

    def result(self, job: Job) -> Answer | None:
        """The answer of a job that is done; None for others, and where it is no longer kept."""

    def health(self) -> Health:
        """Whether jobs can be done and answers be kept, now."""

    def close(self) -> None:
        """End everything that was started."""
