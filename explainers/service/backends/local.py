"""The engine: hands jobs to the worker process, cancels them, and replaces a worker that died."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from explainers.locations import PROJECT
from explainers.service.backends.jobs import (
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    FairQueue,
    Job,
)
from explainers.service.limits import limits
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.sandbox.worker_sandbox import environment
from explainers.service.settings import handed_on
from explainers.service.storage.store import Store
from explainers.service.tasks.request import Request
from explainers.service.worker.connection import WorkerConnection
from explainers.service.worker.protocol import ProtocolError, WorkerMessage

NURSERY = "explainers.service.worker.prefork"
SECONDS_TO_START = 120
# A worker that does not heed a cancel between two passes is killed after this long.
SECONDS_TO_HEED = 0.6
# A job that has run so long lets one of another visitor's, or a short one, run in between.
SECONDS_ALONE = 2.0
# A job that no page has looked at for so long is cancelled: its tab was closed.
SECONDS_UNSEEN = 45
ATTEMPTS = 2
MOST_ARRIVALS = 4


class LocalBackend:
    """One worker process, one queue, one store; safe to use from many threads."""

    def __init__(self, folder: str | Path) -> None:
        self.store = Store(folder)
        self.parsed = ParsedUploads(self.store, ParserPool())
        self.devices: dict[str, str] = {}
        self.worker_pid: int | None = None
        self._jobs = FairQueue()
        # What the worker does; the second job, if there is one, interrupts the first.
        self._doing: list[Job] = []
        # Jobs whose uploads are being read, each by a thread that waits for the reading process.
        self._reading: list[Job] = []
        self._lock = threading.RLock()
        self._bell = threading.Event()
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        self._arrivals: queue.Queue[Connection] = queue.Queue(MOST_ARRIVALS)
        self._nursery: subprocess.Popen | None = None
        self._closed = False
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self.parsed.room.warm, self._accept, self._serve)
        ]
        for thread in self._threads:
            thread.start()

    # What pages call

    def submit(self, request: Request, visitor: str) -> Job:
        """The visitor's job for this request; already done where the answer is in the store.

        Raises Problem when too many jobs wait.
        """
        digest = request.digest()
        with self._lock:
            for job in [*self._reading, *self._doing, *self._jobs]:
                if job.digest == digest and job.visitor == visitor and job.cancel_asked is None:
                    job.touch()
                    return job
            job = Job(request, visitor, digest)
            if self.store.answer(digest) is not None:
                job.state = DONE
                return job
            self._jobs.add(job)
        self._ring()
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job; a running one ends within a second."""
        with self._lock:
            if job.state == WAITING and job in self._jobs:
                self._jobs.remove(job)
                job.state = CANCELLED
            elif job.state == RUNNING and job.cancel_asked is None:
                job.cancel_asked = time.monotonic()
        self._ring()

    def before(self, job: Job) -> int:
        """How many jobs, the running one included, come before this waiting one."""
        with self._lock:
            if job.state != WAITING or job not in self._jobs:
                return 0
            return self._jobs.before(job) + len(self._doing)

    def close(self) -> None:
        """End the worker and everything that was started."""
        self._closed = True
        self._ring()
        self._kill_worker()
        if self._nursery is not None:
            self._nursery.stdin.close()
            self._nursery.wait(10)
        self._listener.close()
        self.parsed.room.close()

    # The thread that owns the worker

    def _serve(self) -> None:
        line = None
        failures = 0
        while not self._closed:
            if line is None:
                line = self._new_worker()
                failures = 0 if line is not None else failures + 1
                if failures >= 3:
                    self._fail_all("The worker process cannot be started; see the server's log.")
                    failures = 0
                continue
            self._bell.wait(0.1)
            self._bell.clear()
            try:
                while (told := line.hear()) is not None:
                    self._hear(told)
                    self._attend(line)
            except (EOFError, ProtocolError) as error:
                self._kill_worker()
                line.close()
                line = None
                self._lost_worker(isinstance(error, ProtocolError))
                continue
            self._attend(line)

    def _attend(self, line: WorkerConnection) -> None:
        """Give the worker its next job, pass on a cancel, kill it where it does not heed one."""
        now = time.monotonic()
        with self._lock:
            for job in [*self._jobs, *self._doing, *self._reading]:
                if now - job.seen > SECONDS_UNSEEN:
                    self.cancel(job)
            for job in self._doing:
                if now - job.started > limits().job_seconds and job.cancel_asked is None:
                    job.took_too_long = True
                    self.cancel(job)
                if job.cancel_asked is not None:
                    line.ask("cancel", job.digest)
                    if now - job.cancel_asked > SECONDS_TO_HEED:
                        self._kill_worker()
            first = self._doing[0] if self._doing else None
            if len(self._doing) > 1 or (first and now - first.started < SECONDS_ALONE):
                return
            while (job := self._jobs.next(beside=first)) is not None:
                if self.store.answer(job.digest) is not None:
                    job.state = DONE
                    continue
                job.state, job.started = RUNNING, now
                if not (job.prepared or self.parsed.ready(job.request)):
                    self._reading.append(job)
                    threading.Thread(target=self._prepare, args=(job,), daemon=True).start()
                    continue
                job.attempts += 1
                self._doing.append(job)
                line.ask("do", job.digest, job.request)
                return

    def _prepare(self, job: Job) -> None:
        """Have the job's uploads read, then put it in front of its visitor's others."""
        failure = self.parsed.failure(job.request, lambda: self._closed or job.cancel_asked)
        with self._lock:
            self._reading.remove(job)
            job.prepared, job.message = True, failure
            job.state = CANCELLED if job.cancel_asked else FAILED if failure else WAITING
            if job.state == WAITING:
                self._jobs.add(job, first=True)
        self._ring()

    def _hear(self, told: WorkerMessage) -> None:
        with self._lock:
            job = next((job for job in self._doing if job.digest == told.job), None)
            if job is None or told.kind == "ready":
                return
            if told.kind == "progress":
                if told.said["partial"] is not None:
                    job.partial = told.said
                job.progress = told.said
                return
            self._doing.remove(job)
            if told.kind == "cancelled":
                job.stopped()
                return
            job.state, job.message = DONE if told.kind == "done" else FAILED, told.said or ""
            if told.kind == "done" and not self.store.path(f"{job.digest}.npz").exists():
                job.state = FAILED
                job.message = "The worker said that it was done, but left no answer. Run it again."

    def _lost_worker(self, lied: bool) -> None:
        """The worker ended: a cancelled job is over, another is tried once more.

        Not where it sent what no worker sends, for then a network may have taken it over.
        """
        with self._lock:
            jobs, self._doing, self.worker_pid = self._doing, [], None
            for job in jobs:
                if job.cancel_asked is not None:
                    job.stopped()
                elif lied:
                    job.state = FAILED
                    job.message = (
                        "The worker process sent what no worker sends while it worked on this, so "
                        "it was ended and replaced. The network may have done that; otherwise run "
                        "it again."
                    )
                elif job.attempts < ATTEMPTS:
                    job.state, job.progress, job.partial = WAITING, {}, None
                    job.message = (
                        "The worker process ended and was started again; trying once more."
                    )
                    self._jobs.add(job, first=True)
                else:
                    job.state = FAILED
                    job.message = (
                        "The worker process ended twice while it worked on this, perhaps for want "
                        "of memory. Try a smaller model or picture."
                    )

    def _fail_all(self, sentence: str) -> None:
        with self._lock:
            while (job := self._jobs.next()) is not None:
                job.state, job.message = FAILED, sentence

    def _new_worker(self) -> WorkerConnection | None:
        with contextlib.suppress(queue.Empty):
            while True:  # whoever connected before the new worker was asked for
                self._arrivals.get_nowait().close()
        if self._nursery is None or self._nursery.poll() is not None:
            command = [sys.executable, "-m", NURSERY]
            self._nursery = subprocess.Popen(
                [*command, self._listener.address, str(self.store.folder)],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                text=True,
                # Threads that wait by spinning slow everything down once the cores are shared.
                env={**environment(), **handed_on(), "OMP_WAIT_POLICY": "PASSIVE"},
            )
            self._nursery.stdin.write(self._key.hex() + "\n")
        with contextlib.suppress(BrokenPipeError):
            self._nursery.stdin.write("worker\n")
            self._nursery.stdin.flush()
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and not self._closed:
            with contextlib.suppress(queue.Empty, EOFError, ProtocolError, OSError):
                line = WorkerConnection(self._arrivals.get(timeout=0.2), self._bell.set)
                told = line.hear(deadline - time.monotonic())
                if told is not None and told.kind == "ready":
                    self.worker_pid = line.pid or told.said["pid"]
                    self.devices = told.said["devices"]
                    return line
                line.close()
            if self._nursery.poll() is not None:
                return None
        return None

    def _accept(self) -> None:
        while not self._closed:
            try:
                self._arrivals.put_nowait(self._listener.accept())
            except Exception:
                # A stranger without the key, too many at once, or the listener closed.
                time.sleep(0.05)

    def _kill_worker(self) -> None:
        if self.worker_pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.worker_pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _ring(self) -> None:
        self._bell.set()
