"""The loop that owns one worker: gives it jobs in turn, hears it, and replaces it when it dies."""

from __future__ import annotations

import logging
import threading
import time

from explainers.errors import Problem
from explainers.service.backends.board import SECONDS_ALONE, Board
from explainers.service.backends.job import DONE, ENDED_TWICE, LIED, RUNNING, Job
from explainers.service.limits import limits
from explainers.service.storage.folder import UNWRITABLE
from explainers.service.worker import protocol
from explainers.service.worker.connection import Received, WorkerConnection
from explainers.service.worker.process import WorkerProcess

# A worker that does not heed a cancel between two passes is killed after this long.
SECONDS_TO_HEED = 0.6
# What runs in between the passes of another visitor's job goes on later where it takes longer, and
# costs its worker where even then it does not give way.
SECONDS_IN_BETWEEN, SECONDS_TO_GIVE_WAY = 30.0, 20.0
# A worker that helps the first one is kept so long for what may come.
SECONDS_KEPT = 300.0
ATTEMPTS = 2
NOT_STARTED = "This could not be started; see the server's log. Change a setting, or run it again."
logger = logging.getLogger(__name__)


class WorkerLoop:
    """One worker of a backend, and what it runs; the board's first takes whatever comes.

    Another one helps: it is started when all before it are held up by somebody's long job, takes
    what others ask, and ends when it was not needed for a while.

    Attributes
    ----------
    running : list of Job
        What the worker does; the second job, if there is one, interrupts the first.
    """

    def __init__(self, board: Board) -> None:
        self.running: list[Job] = []
        self.without_worker, self.had_worker = time.monotonic(), False
        self.failures = 0
        self._board, self._before = board, list(board.loops)
        self._connection: WorkerConnection | None = None
        self._blameless, self._used = False, time.monotonic()
        self._event = threading.Event()
        self.wake = self._event.set
        self.worker = WorkerProcess(board.forking, self.wake)
        board.loops.append(self)

    @property
    def has_worker(self) -> bool:
        """Whether there is a worker that has said that it is ready."""
        return self._connection is not None

    def serve(self) -> None:
        """Serve until the end, whatever one job, file or message makes go wrong."""
        while not self._board.closed:
            try:
                self._serve_once()
            except Exception:
                logger.exception("the engine goes on after an error")
                time.sleep(0.5)

    def replace(self) -> None:
        """Have another worker take the place of this one, which is not to blame."""
        if self._connection is not None:
            self._blameless = True
            self.worker.kill()

    def close(self) -> None:
        """End the worker for good."""
        self.wake()
        self.worker.close()

    def is_held_up(self, now: float) -> bool:
        """Whether it has had the same job for so long that others should not wait for it."""
        return bool(self.running) and now - self.running[0].started >= SECONDS_ALONE

    def _serve_once(self) -> None:
        """Start a worker where one is needed; else hear it, and give it what comes next."""
        if self._connection is None:
            self._start_worker()
            return
        self._event.wait(0.1)
        self._event.clear()
        try:
            while (received := self._connection.receive()) is not None:
                self._take(received)
                self._schedule(self._connection)
        except (EOFError, protocol.ProtocolError) as error:
            self.worker.kill()
            self._part()
            self._lost_worker(isinstance(error, protocol.ProtocolError))
            return
        if not self._before:
            self._board.look_after_the_store()
        self._schedule(self._connection)
        if self._before and not self.running and time.monotonic() - self._used > SECONDS_KEPT:
            self.worker.kill()
            self._part()

    def _start_worker(self) -> None:
        if self._before and not self._is_needed():
            self._event.wait(0.5)
            self._event.clear()
        elif not self._board.store.is_writable():  # where no worker could be shut in
            self._board.wait_for_store(True)
            time.sleep(0.5)
        else:
            self._connection, self._used = self.worker.start(), time.monotonic()
            self.failures = 0 if self._connection is not None else self.failures + 1
            self.had_worker = self.had_worker or self._connection is not None
            if self.failures and self.failures % 3 == 0 and not self._before:
                self._board.fail_all("The worker process cannot be started; see the server's log.")

    def _part(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self.without_worker = None, time.monotonic()

    def _is_needed(self) -> bool:
        with self._board.lock:
            return self._waits(time.monotonic()) and (
                self._board.queue.seen(may=self._may_have_a_worker) is not None
            )

    def _waits(self, now: float) -> bool:
        """Whether it may take what comes first: all before it are held up."""
        return all(loop.is_held_up(now) for loop in self._before)

    def _may_have_a_worker(self, job: Job) -> bool:
        """Nobody has two at once, with however many tabs; the background only has the first."""
        taken = {other.turn for other in self._board.running()}
        return job.turn not in taken and not (job.background and self._before)

    def _next(self, now: float) -> Job | None:
        """Take out what the worker is to do now; None where it goes on with what it has."""
        queue = self._board.queue
        if not self.running:
            return queue.next(may=self._may_have_a_worker) if self._waits(now) else None
        first = self.running[0]
        quiet = now - first.heard > SECONDS_ALONE  # it would not give way
        if len(self.running) > 1 or not self.is_held_up(now) or quiet:
            return None
        place = self._board.loops.index(self)
        helped = any(not loop.running and not loop.failures for loop in self._board.loops[place:])
        return queue.next(
            first,
            lambda job: job.turn == first.turn or not helped and self._may_have_a_worker(job),
        )

    def _schedule(self, connection: WorkerConnection) -> None:
        """Give the worker its next job, pass on a cancel, kill it where it does not heed one."""
        now = time.monotonic()
        with self._board.lock:
            if not self._before:
                self._board.cancel_unseen(now)
            self._pass_on_cancels(connection, now)
            if self._board.unwritable:
                self._board.wait_for_store(True)
                return
            while (job := self._next(now)) is not None:
                try:
                    if self._start(connection, job):
                        return
                except Exception as error:  # of this job alone
                    logger.exception("a job could not be started")
                    if job in self.running:
                        self.running.remove(job)
                    job.fail(str(error) if isinstance(error, Problem) else NOT_STARTED)

    def _pass_on_cancels(self, connection: WorkerConnection, now: float) -> None:
        """Cancel what takes too long; kill a worker that heeds no cancel."""
        for job in self.running:
            if now - job.started > limits().job_seconds and job.cancel_requested is None:
                job.took_too_long = True
                self._board.cancel(job)
            if job.background and self._board.queue.others_than(job.turn):
                job.put_off = job.put_off or now
        # One that is interrupted by another cannot heed, and must not cost the other its worker.
        last = self.running[-1] if self.running else None
        if last is not None and last.is_silent(now) and self._holds_up_others(last):
            last.silent = True
            self._board.cancel(last)
        if last is not None and last.put_off is None and self._was_let_in(last):
            last.put_off = now if now - last.started > SECONDS_IN_BETWEEN else None
        for job in self.running:
            if job.cancel_requested is not None or job.put_off is not None:
                connection.send(protocol.cancel_request(job.digest))
        if last is not None and last.does_not_heed(now, SECONDS_TO_HEED, SECONDS_TO_GIVE_WAY):
            self.worker.kill()

    def _holds_up_others(self, job: Job) -> bool:
        """Whether others wait for it, have waited, or were interrupted by it."""
        return job.held_up or self._board.queue.others_than(job.turn) or self._was_let_in(job)

    def _was_let_in(self, job: Job) -> bool:
        return any(other.turn != job.turn for other in self.running if other is not job)

    def _start(self, connection: WorkerConnection, job: Job) -> bool:
        """Whether the worker has the job now; else its uploads are being parsed."""
        if not job.parsed:
            self._board.parse(job)
            return False
        job.state = RUNNING
        job.attempts += 1
        job.started = job.heard = self._used = time.monotonic()
        for other in self._board.running():  # it would have waited for these
            other.held_up |= other.turn != job.turn and job.started - other.heard > SECONDS_ALONE
        self.running.append(job)
        connection.send(protocol.run_request(job.digest, job.task))
        return True

    def _take(self, received: Received) -> None:
        """What the worker says of one of its jobs; of others nothing is believed."""
        message, partial = received
        if isinstance(message, protocol.Ready):
            return
        job = next((job for job in self.running if job.digest == message.job), None)
        if job is None:
            return
        # Answers are large: nobody waits while one is looked at.
        kept = isinstance(message, protocol.Done) and self._board.store.has_answer(job.digest)
        with self._board.lock:
            self._used = time.monotonic()
            for each in self.running:
                each.heard, each.held_up = self._used, False
            if isinstance(message, protocol.Progress):
                job.progress = protocol.report_of(message, partial)
                if partial is not None:
                    job.with_map = job.progress
                return
            self.running.remove(job)
            for interrupted in self.running:
                if interrupted.cancel_requested is not None:  # it could not heed until now
                    interrupted.cancel_requested = time.monotonic()
            self._end(job, message, kept)
            job.log()

    def _end(self, job: Job, message: protocol.Message, kept: bool) -> None:
        queue = self._board.queue
        if isinstance(message, protocol.Cancelled):
            if job.cancel_requested is None and job.put_off is not None:
                job.put_aside()
                queue.add(job, again=True)
            else:
                job.stopped()
        elif isinstance(message, protocol.Unkept | protocol.Replace):
            unkept = isinstance(message, protocol.Unkept)
            job.give_back(UNWRITABLE if unkept else "")
            if not job.over:
                queue.add(job, first=True)
            self._board.wait_for_store(True) if unkept else self.replace()
        elif isinstance(message, protocol.Failed):
            job.fail(message.sentence)
        elif not kept:
            job.fail("The worker said that it was done, but left no answer. Run it again.")
        else:
            job.state, job.message = DONE, ""

    def _lost_worker(self, lied: bool) -> None:
        """The worker ended: a cancelled job is over, another is tried again.

        To blame can only be the job that ran last, unless the worker was ended on purpose: it gets
        ATTEMPTS, but none where it sent what no worker sends, for then a network may have taken the
        worker over; and whoever asked for it interrupts nobody for a while.
        """
        logger.warning("the worker %s", "sent what no worker sends" if lied else "ended")
        queue = self._board.queue
        with self._board.lock:
            jobs, self.running, self.worker.pid = self.running, [], None
            blameless, self._blameless = self._blameless, False
            for job in reversed(jobs):
                blamed = job is jobs[-1] and not blameless
                if job.cancel_requested is not None:
                    job.stopped()
                elif not blamed:
                    job.attempts -= 1
                    job.again("")
                    queue.add(job, first=True)
                    continue
                elif lied:
                    queue.keep_apart(job.turn)
                    job.fail(LIED)
                elif job.put_off is not None:
                    queue.keep_apart(job.turn)
                    job.put_aside()
                    queue.add(job, again=True)
                elif job.attempts < ATTEMPTS:
                    job.again("The worker process ended and was started again; trying once more.")
                    queue.add(job, first=True)
                else:
                    queue.keep_apart(job.turn)
                    job.fail(ENDED_TWICE)
                job.log()
