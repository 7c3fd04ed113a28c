"""The app's side of a cluster: parts go out, as many as there are workers, and come back as words.

Answers lie in the store, and are taken only where they are such as the part has.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from pathlib import Path
from typing import Any

from explainers.errors import Problem
from explainers.many.cluster.address import Unreached
from explainers.many.cluster.assignment import versions
from explainers.many.cluster.connection import KILLED, Connection, Lost, connected
from explainers.many.cluster.worker import DONE, PROBLEM, STOPPED
from explainers.service import codec
from explainers.service.backends import job as jobs
from explainers.service.backends.cluster.part import (
    ENDED,
    FAILED,
    TOO_LONG,
    WORDS,
    answer_part,
    mark_of,
)
from explainers.service.backends.cluster.settings import ClusterSettings
from explainers.service.backends.fair_queue import FairQueue
from explainers.service.backends.job import Job
from explainers.service.storage.folder import Unwritable, whole_file
from explainers.service.storage.store import Store
from explainers.service.tasks import Answer, encode
from explainers.service.tasks.many.plan import RunPart

MOST_AT_ONCE = 64
SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_COUNTS = 0.05, 1.0
SECONDS_UNTIL_TRIED_AGAIN, SECONDS_AFTER_A_REFUSAL = 5.0, 60.0
"""Where it cannot be reached; where one of its workers is not as it should be."""
SECONDS_WITHOUT_WORKERS = 3.0
"""So long all may be missing: one that ended is being started again."""
SECONDS_TO_APPEAR = 10.0
"""A folder that is shared shows late what another machine wrote."""
SECONDS_OF_A_MARK, SECONDS_TO_STOP = 86400.0, 5.0
_UNUSABLE = "cannot be used; whoever runs the server finds the reason in its log."
KILLED_AGAIN = "Workers of the cluster ended again and again while they worked on a part."
logger = logging.getLogger(__name__)


class Cluster:
    """A Dask cluster that answers parts of long runs; safe to use from many threads.

    A job that it gives back, for it cannot be reached or used any more, is CANCELLED though nobody
    asked for that.

    Attributes
    ----------
    workers : int
        That it has now, as far as they are used; 0 where it cannot be used.
    refusal : str
        A sentence why it cannot be used now; "" where it can, or before that is known.

    Parameters
    ----------
    settings : ClusterSettings
    store : Store
        Which all of its workers share.
    """

    def __init__(self, settings: ClusterSettings, store: Store) -> None:
        self.workers, self.refusal = 0, ""
        self._settings, self._store = settings, store
        self._queue, self._lock = FairQueue(), threading.Lock()
        self._running: dict[Job, Any] = {}
        self._marks: dict[Job, Path] = {}
        self._needs = versions()
        self._seen, self._counted = 0.0, 0.0
        self._closed = threading.Event()
        self._wake = threading.Event()
        self._remove_left_marks()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def words(self) -> str:
        """What it is, for people: "2 workers of the cluster"."""
        return f"{self.workers:,} worker{'s' * (self.workers != 1)} of the cluster"

    def submit(self, task: RunPart, visitor: str, turn: str) -> Job:
        """A job for this part; it takes its turn among those of `turn`."""
        job = Job(task, visitor, task.digest(), turn=turn)
        with self._lock:
            if self.workers:
                self._queue.add(job, again=True)
                self._wake.set()
            else:
                job.state = jobs.CANCELLED
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one is over once its worker has ended, or does not answer."""
        with self._lock:
            if job.over or job.cancel_requested is not None:
                return
            job.cancel_requested = time.monotonic()
            if job in self._running:
                self._unmark(job)
            else:
                self._queue.remove(job)
                job.state = jobs.CANCELLED

    def result(self, job: Job) -> Answer | None:
        """The answer of a job that is done, if there is one that fits; any other is deleted."""
        until = time.monotonic() + SECONDS_TO_APPEAR
        while not self._store.has_answer(job.digest) and time.monotonic() < until:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        answer = self._store.answer(job.digest)
        if answer is None or (isinstance(job.task, RunPart) and job.task.fits(answer)):
            return answer
        logger.warning("a worker of the cluster left what is no answer")
        with contextlib.suppress(Unwritable):
            self._store.delete(job.digest)
        return None

    def health(self) -> dict[str, Any]:
        """For whoever watches over the server: plain data that JSON can hold."""
        return {"ok": self.workers > 0, "workers": self.workers}

    def close(self) -> None:
        """End the connection, and what workers do for it."""
        self._closed.set()
        self._wake.set()
        self._thread.join(5)

    def _serve(self) -> None:
        while not self._closed.is_set():
            address, patience = self._settings.scheduler, SECONDS_UNTIL_TRIED_AGAIN
            try:
                with connected(address, self._settings.certificates) as connection:
                    self._counted, self._seen = 0.0, time.monotonic()
                    while not self._closed.is_set():
                        self._work(connection)
            except (Unreached, Lost) as problem:
                self._leave(f"The cluster at {address} cannot be reached.", str(problem))
            except Problem as problem:
                self._leave(f"The cluster at {address} {_UNUSABLE}", str(problem))
                patience = SECONDS_AFTER_A_REFUSAL
            except Exception as error:
                logger.exception("the cluster is left after an error")
                self._leave(f"The cluster at {address} {_UNUSABLE}", type(error).__name__)
            finally:
                self._give_back()
            self._closed.wait(patience)

    def _leave(self, refusal: str, why: str) -> None:
        if refusal != self.refusal:
            logger.warning("the cluster is not used: %s", why)
        self.refusal = refusal

    def _work(self, connection: Connection) -> None:
        """Look once: who is there, what has ended, what comes next."""
        self._count(connection)
        with self._lock:
            self._leave_cancelled()
            running = dict(self._running)
        for job in connection.ended(running):
            self._take(connection, job)
        with self._lock:
            while len(self._running) < min(self.workers, MOST_AT_ONCE):
                following = self._queue.next()
                if following is None:
                    break
                self._start(connection, following)
        if self._wake.wait(SECONDS_BETWEEN_LOOKS if self._running else SECONDS_BETWEEN_COUNTS):
            self._wake.clear()

    def _leave_cancelled(self) -> None:
        """Those whose worker does not answer."""
        now = time.monotonic()
        for job in list(self._running):
            if now - (job.cancel_requested or now) > SECONDS_TO_STOP:
                self._forget(job)
                job.state = jobs.CANCELLED

    def _count(self, connection: Connection) -> None:
        now = time.monotonic()
        if now - self._counted < SECONDS_BETWEEN_COUNTS:
            return
        self._counted, found = now, connection.workers()
        if found:
            if not self.workers:
                logger.info("the cluster has %d workers", found)
            self._seen, self.workers, self.refusal = now, found, ""
        elif now - self._seen > SECONDS_WITHOUT_WORKERS or not self.workers:
            self._give_back()
            address = self._settings.scheduler
            self._leave(f"The cluster at {address} has no workers now.", "it has no workers")

    def _start(self, connection: Connection, job: Job) -> None:
        folder, token = self._store.folder.absolute(), secrets.token_hex(8)
        self._marks[job] = mark_of(folder, job.digest, token)
        try:
            with whole_file(self._marks[job]):
                pass
        except Unwritable as problem:
            del self._marks[job]
            job.fail(str(problem))
            return
        told = str(folder), token, job.digest, encode(job.task), self._needs
        job.state, job.started = jobs.RUNNING, time.monotonic()
        job.attempts += 1
        self._running[job] = None  # given back where it cannot be sent
        self._running[job] = connection.submit(answer_part, *told, self._settings.device)

    def _take(self, connection: Connection, job: Job) -> None:
        """What became of a part."""
        what, said, *_ = connection.answer(self._running[job], WORDS)
        if what == PROBLEM:
            raise Problem(said)
        with self._lock:
            if what == STOPPED and self._marks[job].exists():
                raise Problem(
                    f"a worker finds another folder than the app at {self._store.folder}. Share "
                    "the folder of the store with all workers, at the same path."
                )
            self._forget(job)
            if job.cancel_requested is not None:
                job.state = jobs.CANCELLED
                return
            said = codec.harmless(said, addresses=True)
            if what == DONE:
                job.state = jobs.DONE
            elif what in (FAILED, ENDED, TOO_LONG):
                job.took_too_long = what == TOO_LONG
                job.fail(jobs.ENDED_TWICE if what == ENDED else said)
            elif what == KILLED:
                job.fail(KILLED_AGAIN)
            else:  # the worker that had it is gone
                job.state = jobs.CANCELLED
        job.log()

    def _forget(self, job: Job) -> None:
        """Have nobody wait for a running job any more."""
        self._unmark(job)
        del self._running[job], self._marks[job]

    def _unmark(self, job: Job) -> None:
        with contextlib.suppress(OSError):
            self._marks[job].unlink()

    def _give_back(self) -> None:
        """All that waits or runs goes on elsewhere."""
        with self._lock:
            self.workers = 0
            for job in [*self._running, *self._queue]:
                if job in self._running:
                    self._forget(job)
                else:
                    self._queue.remove(job)
                job.state = jobs.CANCELLED

    def _remove_left_marks(self) -> None:
        """Those of a server that was killed."""
        with contextlib.suppress(OSError):
            for mark in self._store.folder.glob("*.asked"):
                with contextlib.suppress(OSError):
                    if time.time() - mark.stat().st_mtime > SECONDS_OF_A_MARK:
                        mark.unlink()
