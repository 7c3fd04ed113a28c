"""The loop that owns the worker: gives it jobs in turn, hears it, and replaces it when it dies."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from explainers.errors import Problem
from explainers.service.backends.fair_queue import FairQueue
from explainers.service.backends.job import (
    CANCELLED,
    DONE,
    ENDED_TWICE,
    LIED,
    RUNNING,
    WAITING,
    Job,
)
from explainers.service.limits import limits
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.storage.folder import UNWRITABLE, HeldFolder, Unwritable
from explainers.service.storage.store import Store
from explainers.service.worker import protocol
from explainers.service.worker.connection import Received, WorkerConnection
from explainers.service.worker.process import WorkerProcess

# A worker that does not heed a cancel between two passes is killed after this long.
SECONDS_TO_HEED = 0.6
# A job that has run so long lets one of another visitor's, or a brief one, run in between.
SECONDS_ALONE = 2.0
# A job that no page has looked at for so long is cancelled: its tab was closed.
SECONDS_UNSEEN = 45
ATTEMPTS, SECONDS_BETWEEN_LOOKS = 2, 1.0
NOT_STARTED = "This could not be started; see the server's log. Change a setting, or run it again."
logger = logging.getLogger(__name__)


class WorkerLoop:
    """The inner half of `LocalBackend`: one worker process, one queue, one store."""

    def __init__(self, folder: str | Path) -> None:
        self.store = Store(folder)
        self.parsed = ParsedUploads(self.store, ParserPool())
        self._queue = FairQueue()
        # What the worker does; the second job, if there is one, interrupts the first.
        self._running: list[Job] = []
        # Jobs whose uploads are being parsed, each by a thread that waits for the parser process.
        self._parsing: list[Job] = []
        self._connection: WorkerConnection | None = None
        self._failures = 0
        # Where the store could not be written, until it can; and the folder that the worker has.
        self._unwritable = self._blameless = False
        self._folder, self._looked = HeldFolder(self.store.folder), 0.0
        self._without_worker, self._had_worker = time.monotonic(), False
        self.store.sweep()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closed = False
        self._worker = WorkerProcess(self.store.folder, self._wake.set)

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one ends within a second."""
        with self._lock:
            if job.state == WAITING and job in self._queue:
                self._queue.remove(job)
                job.state = CANCELLED
            elif job.state == RUNNING and job.cancel_requested is None:
                job.cancel_requested = time.monotonic()
                if job in self._running[:-1]:  # another has interrupted it, and goes on
                    job.stopped()
        self._wake.set()

    def _serve(self) -> None:
        """Serve until the end, whatever one job, file or message makes go wrong."""
        while not self._closed:
            try:
                self._serve_once()
            except Exception:
                logger.exception("the engine goes on after an error")
                time.sleep(0.5)

    def _serve_once(self) -> None:
        """Start a worker where there is none; else hear it, and give it what comes next."""
        if self._connection is None:
            if not self.store.is_writable():  # where no worker could be shut in
                self._wait_for_store(True)
                time.sleep(0.5)
                return
            self._connection = self._worker.start()
            self._failures = 0 if self._connection is not None else self._failures + 1
            self._had_worker = self._had_worker or self._connection is not None
            if self._failures and self._failures % 3 == 0:
                self._fail_all("The worker process cannot be started; see the server's log.")
            return
        self._wake.wait(0.1)
        self._wake.clear()
        try:
            while (received := self._connection.receive()) is not None:
                self._take(received)
                self._schedule(self._connection)
        except (EOFError, protocol.ProtocolError) as error:
            self._worker.kill()
            self._connection.close()
            self._connection, self._without_worker = None, time.monotonic()
            self._lost_worker(isinstance(error, protocol.ProtocolError))
            return
        self._look_after_the_store()
        self._schedule(self._connection)

    def _look_after_the_store(self) -> None:
        """Go on when it can be written again; replace a worker whose folder was replaced.

        A worker can write only to the very folder that was there when it was shut in.
        """
        now = time.monotonic()
        if now - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = now
        replaced = self._folder.was_replaced()
        if not (replaced or self._unwritable or self._running or len(self._queue)):
            return
        writable = self.store.is_writable()
        if replaced and writable:
            logger.warning("the store's folder was replaced; so is the worker")
            self._folder.renew()
            self._blameless = True
            self._worker.kill()
        with self._lock:
            if self._unwritable == writable:
                logger.warning("the store can%s be written", " again" if writable else "not")
                self._wait_for_store(not writable)

    def _wait_for_store(self, unwritable: bool) -> None:
        """Let all jobs wait until the store can be written, or no longer; they say so."""
        self._unwritable = unwritable
        for job in self._queue:
            if unwritable:
                job.message = UNWRITABLE
            elif job.message == UNWRITABLE:
                job.message = ""

    def _schedule(self, connection: WorkerConnection) -> None:
        """Give the worker its next job, pass on a cancel, kill it where it does not heed one."""
        now = time.monotonic()
        with self._lock:
            self._pass_on_cancels(connection, now)
            first = self._running[0] if self._running else None
            if len(self._running) > 1 or (first and now - first.started < SECONDS_ALONE):
                return
            if self._unwritable:
                self._wait_for_store(True)
                return
            while (job := self._queue.next(beside=first)) is not None:
                job.started = now
                try:
                    if self._start(connection, job):
                        return
                except Exception as error:  # of this job alone
                    logger.exception("a job could not be started")
                    if job in self._running:
                        self._running.remove(job)
                    job.fail(str(error) if isinstance(error, Problem) else NOT_STARTED)

    def _pass_on_cancels(self, connection: WorkerConnection, now: float) -> None:
        """Cancel what nobody looks at or takes too long; kill a worker that heeds no cancel."""
        for job in [*self._queue, *self._running, *self._parsing]:
            if now - job.seen > SECONDS_UNSEEN:
                self.cancel(job)
        for job in self._running:
            if now - job.started > limits().job_seconds and job.cancel_requested is None:
                job.took_too_long = True
                self.cancel(job)
            if job.cancel_requested is not None:
                connection.send(protocol.cancel_request(job.digest))
        # One that is interrupted by another cannot heed, and must not cost the other its worker.
        last = self._running[-1] if self._running else None
        if last is not None and last.is_silent(now) and self._queue.others_than(last.turn):
            last.silent = True
            self.cancel(last)
        asked = None if last is None else last.cancel_requested
        if asked is not None and now - asked > SECONDS_TO_HEED:
            self._worker.kill()

    def _start(self, connection: WorkerConnection, job: Job) -> bool:
        """Whether the worker has the job now; else it is done, or its uploads are being parsed."""
        if self.store.answer(job.digest) is not None:
            job.state = DONE
            return False
        if not (job.parsed or self.parsed.ready(job.task)):
            job.state = RUNNING
            self._parsing.append(job)
            threading.Thread(target=self._parse, args=(job,), daemon=True).start()
            return False
        job.state = RUNNING
        job.attempts += 1
        job.heard = time.monotonic()
        self._running.append(job)
        connection.send(protocol.run_request(job.digest, job.task))
        return True

    def _parse(self, job: Job) -> None:
        """Have the job's uploads parsed, then put it in front of its visitor's others."""
        unwritable = False
        try:
            failure = self.parsed.failure(
                job.task, lambda: self._closed or job.cancel_requested is not None
            )
        except Unwritable:
            failure, unwritable = "", True
        with self._lock:
            self._parsing.remove(job)
            job.parsed = not unwritable
            if job.cancel_requested:
                job.state, job.message = CANCELLED, failure
            elif unwritable:
                job.again(UNWRITABLE)
                self._queue.add(job, first=True)
                self._wait_for_store(True)
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
            for each in self._running:
                each.heard = time.monotonic()
            if isinstance(message, protocol.Progress):
                job.progress = protocol.report_of(message, partial)
                if partial is not None:
                    job.with_map = job.progress
                return
            self._running.remove(job)
            for interrupted in self._running:
                if interrupted.cancel_requested is not None:  # it could not heed until now
                    interrupted.cancel_requested = time.monotonic()
            if isinstance(message, protocol.Cancelled):
                job.stopped()
            elif isinstance(message, protocol.Unkept | protocol.Replace):
                unkept = isinstance(message, protocol.Unkept)
                job.give_back(UNWRITABLE if unkept else "")
                if not job.over:
                    self._queue.add(job, first=True)
                self._blameless = not unkept
                self._wait_for_store(True) if unkept else self._worker.kill()
            elif isinstance(message, protocol.Failed):
                job.fail(message.sentence)
            elif not self.store.has_answer(job.digest):
                job.fail("The worker said that it was done, but left no answer. Run it again.")
            else:
                job.state, job.message = DONE, ""
            job.log()

    def _lost_worker(self, lied: bool) -> None:
        """The worker ended: a cancelled job is over, another is tried again.

        To blame can only be the job that ran last, unless the worker was ended on purpose: it gets
        ATTEMPTS, but none where it sent what no worker sends, for then a network may have taken the
        worker over; and whoever asked for it interrupts nobody for a while.
        """
        logger.warning("the worker %s", "sent what no worker sends" if lied else "ended")
        with self._lock:
            jobs, self._running, self._worker.pid = self._running, [], None
            blameless, self._blameless = self._blameless, False
            for job in reversed(jobs):
                blamed = job is jobs[-1] and not blameless
                if job.cancel_requested is not None:
                    job.stopped()
                elif not blamed:
                    job.attempts -= 1
                    job.again("")
                    self._queue.add(job, first=True)
                    continue
                elif lied:
                    self._queue.keep_apart(job.turn)
                    job.fail(LIED)
                elif job.attempts < ATTEMPTS:
                    job.again("The worker process ended and was started again; trying once more.")
                    self._queue.add(job, first=True)
                else:
                    self._queue.keep_apart(job.turn)
                    job.fail(ENDED_TWICE)
                job.log()

    def _fail_all(self, sentence: str) -> None:
        with self._lock:
            while (job := self._queue.next()) is not None:
                job.fail(sentence)
