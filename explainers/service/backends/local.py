"""The local backend: worker processes, which get jobs in turn and are replaced when they die."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from pathlib import Path

from explainers.service.backends.board import Board
from explainers.service.backends.health import Health
from explainers.service.backends.job import DONE, WAITING, Job
from explainers.service.backends.worker_loop import WorkerLoop
from explainers.service.limits import limits
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.context import ProgressReport


class LocalBackend:
    """A few worker processes, one queue, one store; see `Backend`. Safe to use from many threads.

    The first worker does everything; another is started when it is held up.

    Parameters
    ----------
    folder : str or Path
        Of the store.
    workers : int, optional
        At most so many; by default the server's limit.
    shared : bool
        Whether the store is another backend's, who looks after it.
    """

    def __init__(
        self, folder: str | Path, workers: int | None = None, shared: bool = False
    ) -> None:
        self._board = board = Board(folder, shared)
        self.store, self.parsed = board.store, board.parsed
        self._loops = [WorkerLoop(board) for _ in range(workers or limits().workers)]
        self._first = self._loops[0]
        self._threads = [threading.Thread(target=loop.serve, daemon=True) for loop in self._loops]
        for thread in (threading.Thread(target=self.parsed.pool.warm, daemon=True), *self._threads):
            thread.start()

    @property
    def devices(self) -> dict[str, str]:
        """What tasks can run on; {} before the first worker has said so."""
        return self._first.worker.devices

    @property
    def worker_pid(self) -> int | None:
        """The first worker's process, or None while there is none."""
        return self._first.worker.pid

    def submit(
        self,
        task: Task,
        visitor: str,
        turn: str = "",
        digest: str = "",
        *,
        background: bool = False,
    ) -> Job:
        """The visitor's job for this task; already done where the answer is in the store.

        It is kept under `digest`, by default the task's own; in the `background` it runs while no
        other waits.
        """
        digest = digest or task.digest()
        with self._board.lock:
            for job in self._board.jobs():
                if job.digest == digest and job.visitor == visitor and not job.cancel_requested:
                    job.touch()
                    return job
        job = Job(task, visitor, digest, turn=turn, background=background)
        if self.store.answer(digest) is not None:
            job.state = DONE
        else:
            self._board.add(job)
        return job

    def progress(self, job: Job) -> ProgressReport | None:
        """How far the job is; None before there is anything to tell."""
        return job.progress

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one ends within a second."""
        self._board.cancel(job)

    def result(self, job: Job) -> Answer | None:
        """The answer of a job that is done; None for others, and where it is no longer kept."""
        return self.store.answer(job.digest) if job.state == DONE else None

    def forget(self, uploads: Collection[str]) -> None:
        """Cancel all jobs about these uploads, whoever asked, before they are deleted."""
        with self._board.lock:
            for job in self._board.jobs():
                if any(key.digest in uploads for key in job.task.uploads()):
                    self.cancel(job)

    def jobs_before(self, job: Job) -> int:
        """How many jobs, running ones included, come before this waiting one."""
        with self._board.lock:
            if job.state != WAITING or job not in self._board.queue:
                return 0
            return self._board.queue.before(job) + len(self._board.running())

    def health(self) -> Health:
        """Whether jobs can be done and answers be kept, now."""
        first = self._first
        missing = 0.0 if first.has_worker else time.monotonic() - first.without_worker
        return Health(
            engine=all(thread.is_alive() for thread in self._threads) and not self._board.closed,
            worker=first.has_worker,
            store=self.store.is_writable(),
            seconds_without_worker=missing,
            beginning=not first.had_worker,
        )

    def close(self) -> None:
        """End the workers and everything that was started."""
        self._board.close()
