"""The local backend: one worker process, which gets jobs in turn and is replaced when it dies."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from explainers.service.backends.fair_queue import FairQueue
from explainers.service.backends.job import CANCELLED, DONE, RUNNING, WAITING, Job
from explainers.service.limits import limits
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.storage.store import Store
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.context import ProgressReport
from explainers.service.worker import protocol
from explainers.service.worker.connection import Received, WorkerConnection
from explainers.service.worker.process import WorkerProcess

# A worker that does not heed a cancel between two passes is killed after this long.
SECONDS_TO_HEED = 0.6
# A job that has run so long lets one of another visitor's, or a brief one, run in between.
SECONDS_ALONE = 2.0
# A job that no page has looked at for so long is cancelled: its tab was closed.
SECONDS_UNSEEN = 45
ATTEMPTS = 2
logger = logging.getLogger(__name__)


class LocalBackend:
    """One worker process, one queue, one store; see `Backend`. Safe to use from many threads."""

    def __init__(self, folder: str | Path) -> None:
        self.store = Store(folder)
        self.parsed = ParsedUploads(self.store, ParserPool())
        self._queue = FairQueue()
        # What the worker does; the second job, if there is one, interrupts the first.
        self._running: list[Job] = []
        # Jobs whose uploads are being parsed, each by a thread that waits for the parser process.
        self._parsing: list[Job] = []
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closed = False
        self._worker = WorkerProcess(self.store.folder, self._wake.set)
        for work in (self.parsed.pool.warm, self._serve):
            threading.Thread(target=work, daemon=True).start()

    # What pages call

    @property
    def devices(self) -> dict[str, str]:
        """What tasks can run on; {} before the first worker has said so."""
        return self._worker.devices

    @property
    def worker_pid(self) -> int | None:
        """The worker's process, or None while there is none."""
        return self._worker.pid

    def submit(self, task: Task, visitor: str) -> Job:
        """The visitor's job for this task; already done where the answer is in the store."""
        digest = task.digest()
        with self._lock:
            for job in [*self._parsing, *self._running, *self._queue]:
                if job.digest == digest and job.visitor == visitor and not job.cancel_requested:
                    job.touch()
                    return job
            job = Job(task, visitor, digest)
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

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one ends within a second."""
        with self._lock:
            if job.state == WAITING and job in self._queue:
                self._queue.remove(job)
                job.state = CANCELLED
            elif job.state == RUNNING and job.cancel_requested is None:
                job.cancel_requested = time.monotonic()
        self._wake.set()

    def jobs_before(self, job: Job) -> int:
        """How many jobs, the running one included, come before this waiting one."""
        with self._lock:
            if job.state != WAITING or job not in self._queue:
                return 0
            return self._queue.before(job) + len(self._running)

    def close(self) -> None:
        """End the worker and everything that was started."""
        self._closed = True
        self._wake.set()
        self._worker.close()
        self.parsed.pool.close()

    # The thread that owns the worker

    def _serve(self) -> None:
        connection = None
        failures = 0
        while not self._closed:
            if connection is None:
                connection = self._worker.start()
                failures = 0 if connection is not None else failures + 1
                if failures >= 3:
                    self._fail_all("The worker process cannot be started; see the server's log.")
                    failures = 0
                continue
            self._wake.wait(0.1)
            self._wake.clear()
            try:
                while (received := connection.receive()) is not None:
                    self._take(received)
                    self._schedule(connection)
            except (EOFError, protocol.ProtocolError) as error:
                self._worker.kill()
                connection.close()
                connection = None
                self._lost_worker(isinstance(error, protocol.ProtocolError))
                continue
            self._schedule(connection)

    def _schedule(self, connection: WorkerConnection) -> None:
        """Give the worker its next job, pass on a cancel, kill it where it does not heed one."""
        now = time.monotonic()
        with self._lock:
            for job in [*self._queue, *self._running, *self._parsing]:
                if now - job.seen > SECONDS_UNSEEN:
                    self.cancel(job)
            for job in self._running:
                if now - job.started > limits().job_seconds and job.cancel_requested is None:
                    job.took_too_long = True
                    self.cancel(job)
                if job.cancel_requested is not None:
                    connection.send(protocol.cancel_request(job.digest))
                    if now - job.cancel_requested > SECONDS_TO_HEED:
                        self._worker.kill()
            first = self._running[0] if self._running else None
            if len(self._running) > 1 or (first and now - first.started < SECONDS_ALONE):
                return
            while (job := self._queue.next(beside=first)) is not None:
                if self.store.answer(job.digest) is not None:
                    job.state = DONE
                    continue
                job.state, job.started = RUNNING, now
                if not (job.parsed or self.parsed.ready(job.task)):
                    self._parsing.append(job)
                    threading.Thread(target=self._parse, args=(job,), daemon=True).start()
                    continue
                job.attempts += 1
                self._running.append(job)
                connection.send(protocol.run_request(job.digest, job.task))
                return

    def _parse(self, job: Job) -> None:
        """Have the job's uploads parsed, then put it in front of its visitor's others."""
        failure = self.parsed.failure(
            job.task, lambda: self._closed or job.cancel_requested is not None
        )
        with self._lock:
            self._parsing.remove(job)
            job.parsed = True
            if job.cancel_requested:
                job.state, job.message = CANCELLED, failure
            elif failure:
                job.fail(failure)
            else:
                job.state = WAITING
                self._queue.add(job, first=True)
        self._wake.set()

    def _take(self, received: Received) -> None:
        """What the worker says of one of its jobs; of others nothing is believed."""
        message, partial = received
        if isinstance(message, protocol.Ready):
            return
        with self._lock:
            job = next((job for job in self._running if job.digest == message.job), None)
            if job is None:
                return
            if isinstance(message, protocol.Progress):
                job.progress = protocol.report_of(message, partial)
                if partial is not None:
                    job.with_map = job.progress
                return
            self._running.remove(job)
            if isinstance(message, protocol.Cancelled):
                job.stopped()
            elif isinstance(message, protocol.Failed):
                job.fail(message.sentence)
            elif not self.store.has_answer(job.digest):
                job.fail("The worker said that it was done, but left no answer. Run it again.")
            else:
                job.state, job.message = DONE, ""
            _log(job)

    def _lost_worker(self, lied: bool) -> None:
        """The worker ended: a cancelled job is over, another is tried once more.

        Not where it sent what no worker sends, for then a network may have taken it over.
        """
        logger.warning("the worker %s", "sent what no worker sends" if lied else "ended")
        with self._lock:
            jobs, self._running, self._worker.pid = self._running, [], None
            for job in jobs:
                if job.cancel_requested is not None:
                    job.stopped()
                elif lied:
                    job.fail(
                        "The worker process sent what no worker sends while it worked on this, so "
                        "it was ended and replaced. The network may have done that; otherwise run "
                        "it again."
                    )
                elif job.attempts < ATTEMPTS:
                    job.again("The worker process ended and was started again; trying once more.")
                    self._queue.add(job, first=True)
                else:
                    job.fail(
                        "The worker process ended twice while it worked on this, perhaps for want "
                        "of memory. Try a smaller model or picture."
                    )
                _log(job)

    def _fail_all(self, sentence: str) -> None:
        with self._lock:
            while (job := self._queue.next()) is not None:
                job.fail(sentence)


def _log(job: Job) -> None:
    """What an operator needs of a job that ran: nothing of what the visitor gave."""
    logger.info(
        "%s %s %s after %.2f s, attempt %d",
        type(job.task).__name__,
        job.digest[:16],
        job.state,
        time.monotonic() - job.started,
        job.attempts,
    )
