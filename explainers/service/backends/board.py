"""What all workers of a backend share: the queue, uploads on their way, the store, and the lock."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.service.backends.fair_queue import FairQueue
from explainers.service.backends.job import CANCELLED, RUNNING, WAITING, Job
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.sandbox.worker_sandbox import remove_temporary_folders
from explainers.service.storage.folder import UNWRITABLE, HeldFolder, Unwritable
from explainers.service.storage.store import Store
from explainers.service.worker.process import forking_process

if TYPE_CHECKING:
    from explainers.service.backends.worker_loop import WorkerLoop

# A job that has run so long lets one of another visitor's, or a brief one, run in between.
SECONDS_ALONE = 2.0
# A job that no page has looked at for so long is cancelled: its tab was closed.
SECONDS_UNSEEN = 45
SECONDS_BETWEEN_LOOKS = 1.0
logger = logging.getLogger(__name__)


class Board:
    """All jobs of a backend, and the workers' loops that take them; `lock` guards every change.

    Attributes
    ----------
    parsing : list of Job
        Jobs whose uploads are being parsed, each by a thread that waits for the parser process.
    unwritable : bool
        Whether jobs wait since the store cannot be written.
    loops : list of WorkerLoop
        The first takes all jobs; each other one helps while those before it are held up.

    Parameters
    ----------
    folder : str or Path
        Of the store.
    shared : bool
        Whether the store is another backend's, who looks after it.
    """

    def __init__(self, folder: str | Path, shared: bool = False) -> None:
        self.store = Store(folder)
        self.parsed = ParsedUploads(self.store, ParserPool())
        self.forking = forking_process(self.store.folder)
        self.queue, self.lock = FairQueue(), threading.RLock()
        self.parsing: list[Job] = []
        self.loops: list[WorkerLoop] = []
        self.unwritable = self.closed = False
        self._folder, self._looked = HeldFolder(self.store.folder), 0.0
        if not shared:
            self.store.sweep()

    def running(self) -> list[Job]:
        """What all workers have now."""
        return [job for loop in self.loops for job in loop.running]

    def jobs(self) -> list[Job]:
        """All that are not over."""
        return [*self.parsing, *self.running(), *self.queue]

    def wake(self) -> None:
        """Have all workers' loops look."""
        for loop in self.loops:
            loop.wake()

    def add(self, job: Job) -> None:
        """Take in a new job, and have its uploads parsed first; Problem where too many wait.

        Those of a job in the background are parsed when its turn has come.
        """
        known = self.parsed.known(job.task)
        with self.lock:
            if not job.background:
                self.queue.demand_room(job.turn, self.parsing)
            job.parsed = known
            if known or job.background:
                self.queue.add(job)
            else:
                self.parse(job)
        self.wake()

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one ends within a second."""
        with self.lock:
            if job.state == WAITING and job in self.queue:
                self.queue.remove(job)
                job.state = CANCELLED
            elif job.state == RUNNING and job.cancel_requested is None:
                job.cancel_requested = time.monotonic()
                if any(job in loop.running[:-1] for loop in self.loops):
                    job.stopped()  # another has interrupted it, and goes on
        self.wake()

    def cancel_unseen(self, now: float) -> None:
        """Cancel what no page has looked at for long."""
        for job in self.jobs():
            if now - job.seen > SECONDS_UNSEEN:
                self.cancel(job)

    def parse(self, job: Job) -> None:
        """Have the job's uploads parsed by a thread, and the job queued afterwards."""
        job.state = RUNNING
        self.parsing.append(job)
        threading.Thread(target=self._parse, args=(job,), daemon=True).start()

    def _parse(self, job: Job) -> None:
        unwritable = False
        try:
            failure = self.parsed.failure(
                job.task, lambda: self.closed or job.cancel_requested is not None, job.turn
            )
        except Unwritable:
            failure, unwritable = "", True
        with self.lock:
            self.parsing.remove(job)
            job.parsed = not unwritable
            if job.cancel_requested:
                job.state, job.message = CANCELLED, failure
            elif failure:
                job.fail(failure)
            else:
                job.again(UNWRITABLE if unwritable else "")
                self.queue.add_parsed(job)
                if unwritable:
                    self.wait_for_store(True)
        self.wake()

    def look_after_the_store(self) -> None:
        """Go on when it can be written again; replace workers whose folder was replaced.

        A worker can write only to the very folder that was there when it was shut in.
        """
        now = time.monotonic()
        if now - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = now
        replaced = self._folder.was_replaced()
        if not (replaced or self.unwritable or self.running() or len(self.queue)):
            return
        writable = self.store.is_writable()
        if replaced and writable:
            logger.warning("the store's folder was replaced; so are the workers")
            self._folder.renew()
            for loop in self.loops:
                loop.replace()
        with self.lock:
            if self.unwritable == writable:
                logger.warning("the store can%s be written", " again" if writable else "not")
                self.wait_for_store(not writable)

    def wait_for_store(self, unwritable: bool) -> None:
        """Let all jobs wait until the store can be written, or no longer; they say so."""
        self.unwritable = unwritable
        for job in self.queue:
            if unwritable:
                job.message = UNWRITABLE
            elif job.message == UNWRITABLE:
                job.message = ""

    def fail_all(self, sentence: str) -> None:
        """Let all jobs that wait fail."""
        with self.lock:
            while (job := self.queue.next()) is not None:
                job.fail(sentence)

    def close(self) -> None:
        """End all workers, and everything that was started."""
        self.closed = True
        for loop in self.loops:
            loop.close()
        self.forking.close()
        remove_temporary_folders(self.store.folder)
        self._folder.release()
        self.parsed.pool.close()
