"""The local backend: one worker process, which gets jobs in turn and is replaced when it dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from pathlib import Path

from explainers.service.backends.health import Health
from explainers.service.backends.job import DONE, WAITING, Job
from explainers.service.backends.worker_loop import WorkerLoop
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.context import ProgressReport


class LocalBackend(WorkerLoop):
    """One worker process, one queue, one store; see `Backend`. Safe to use from many threads."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        for thread in (threading.Thread(target=self.parsed.pool.warm, daemon=True), self._thread):
            thread.start()

    # What pages call

    @property
    def devices(self) -> dict[str, str]:
        """What tasks can run on; {} before the first worker has said so."""
        return self._worker.devices

    @property
    def worker_pid(self) -> int | None:
        """The worker's process, or None while there is none."""
        return self._worker.pid

    def submit(self, task: Task, visitor: str, turn: str = "") -> Job:
        """The visitor's job for this task; already done where the answer is in the store."""
        digest = task.digest()
        with self._lock:
            for job in [*self._parsing, *self._running, *self._queue]:
                if job.digest == digest and job.visitor == visitor and not job.cancel_requested:
                    job.touch()
                    return job
            job = Job(task, visitor, digest, turn=turn)
            if self.store.answer(digest) is not None:
                job.state = DONE
                return job
            self._queue.add(job)
        self._wake.set()
        return job

    def progress(self, job: Job) -> ProgressReport | None:
        """How far the job is; None before there is anything to tell."""
        return job.progress

    def result(self, job: Job) -> Answer | None:
        """The answer of a job that is done; None for others, and where it is no longer kept."""
        return self.store.answer(job.digest) if job.state == DONE else None

    def forget(self, uploads: Collection[str]) -> None:
        """Cancel all jobs about these uploads, whoever asked, before they are deleted."""
        with self._lock:
            for job in [*self._parsing, *self._running, *self._queue]:
                if any(key.digest in uploads for key in job.task.uploads()):
                    self.cancel(job)

    def jobs_before(self, job: Job) -> int:
        """How many jobs, the running one included, come before this waiting one."""
        with self._lock:
            if job.state != WAITING or job not in self._queue:
                return 0
            return self._queue.before(job) + len(self._running)

    def health(self) -> Health:
        """Whether jobs can be done and answers be kept, now."""
        worker = self._connection is not None
        missing = 0.0 if worker else time.monotonic() - self._without_worker
        return Health(
            engine=self._thread.is_alive() and not self._closed,
            worker=worker,
            store=self.store.is_writable(),
            seconds_without_worker=missing,
            beginning=not self._had_worker,
        )

    def close(self) -> None:
        """End the worker and everything that was started."""
        self._closed = True
        self._wake.set()
        self._worker.close()
        self._folder.release()
        self.parsed.pool.close()
