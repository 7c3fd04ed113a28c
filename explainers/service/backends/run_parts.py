"""The parts of a run: each asked where that is possible now, until it has an answer."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from explainers.errors import Problem
from explainers.service.backends.backend import Backend
from explainers.service.backends.cluster.cluster import MOST_AT_ONCE, Cluster
from explainers.service.backends.job import CANCELLED, DONE, ENDED_TWICE, FAILED, LIED, Job
from explainers.service.backends.long_run import LongRun
from explainers.service.parsing.upload_keys import file_key
from explainers.service.storage.folder import Unwritable
from explainers.service.tasks.many.plan import RunPart
from explainers.service.tasks.task import Answer, Task

SECONDS_BETWEEN_LOOKS, SECONDS_UNTIL_TRIED_AGAIN = 0.05, 2.0
FEWEST_PARTS = 3
"""A run of fewer is over before a cluster has begun."""
SET_ASIDE = "The process that explains ended twice while it worked on this alone. It is set aside."
NO_ANSWER = "A worker of the cluster left no answer that is one."
Finished: TypeAlias = tuple[Job, Answer | None]
"""A job that is over; its answer, where it is done and the answer is kept."""
_HERE = "This run continues on this machine."


class RunParts:
    """Asks the parts of a run: those of a large one of a cluster, several at once; others here.

    Here one part is asked at a time, so that the visitor's other questions come in between. What a
    cluster's workers could not answer is asked here, and so is the rest of the run.

    Parameters
    ----------
    run : LongRun
    backend : Backend
    record : callable
        (owner, task) → None; called with each part once it is queued.
    cluster : Cluster, optional
    """

    def __init__(
        self,
        run: LongRun,
        backend: Backend,
        record: Callable[[str, Task], None],
        cluster: Cluster | None = None,
    ) -> None:
        self._run, self._backend, self._record = run, backend, record
        self._cluster, self._refusal = cluster, ""
        self._here = threading.Lock()
        self._answers: queue.SimpleQueue[Answer | Exception | None] = queue.SimpleQueue()

    def ask_all(self, parts: Sequence[RunPart]) -> bool:
        """Ask and count them all; False where the run was to end before.

        Raises
        ------
        Problem
            Where one of them cannot be answered.
        """
        if len(parts) < FEWEST_PARTS:
            self._cluster = None
        left, asked, whole = deque(parts), 0, True
        problem: Exception | None = None
        while (left and self._run.wanted) or asked:
            self._say_where()
            while left and self._run.wanted and asked < self._at_once:
                threading.Thread(target=self._put, args=(left.popleft(),), daemon=True).start()
                asked += 1
            try:
                answer = self._answers.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                continue
            asked -= 1
            if isinstance(answer, tuple):
                self._run.count(answer)
            else:  # the others end, too
                problem, whole, self._run.wanted = problem or answer, False, False
        if problem is not None:
            raise problem
        return whole and not left

    def _put(self, task: RunPart) -> None:
        try:
            self._answers.put(self._ask(task))
        except Exception as error:  # raised where all are waited for
            self._answers.put(error)

    @property
    def _ready_cluster(self) -> Cluster | None:
        """The cluster where this run may use it now."""
        cluster = self._cluster
        return cluster if cluster is not None and cluster.workers and not self._refusal else None

    @property
    def _at_once(self) -> int:
        cluster = self._ready_cluster
        return 1 if cluster is None else max(1, min(cluster.workers, MOST_AT_ONCE))

    def _say_where(self) -> None:
        cluster, run = self._ready_cluster, self._run
        run.where = "" if cluster is None else cluster.words
        refusal = self._refusal or (self._cluster.refusal if self._cluster else "")
        run.note = f"{refusal} {_HERE}" if refusal and not run.where else ""

    def _ask(self, task: RunPart) -> Answer | None:
        """A part's answer; None where the run is to end.

        Of a part that ends its worker the inputs are tried in halves, until it is known which one
        does so alone. Problem where it cannot be answered for another reason.
        """
        finished = self._finished(task)
        if finished is None or finished[0].state == CANCELLED:
            return None
        job, answer = finished
        if job.state == DONE:
            if answer is None:
                raise Problem("A part of this run is no longer kept: there is no room. Continue.")
            return answer
        if job.state == FAILED and not _to_blame(job):
            raise Problem(job.message)
        if task.stop - task.start == 1:
            kind, digest, options = file_key(task.kind, task.file)
            content = self._backend.parsed.get(kind, digest, turn=self._run.owner, **options)
            sentence = SET_ASIDE if job.message in (ENDED_TWICE, LIED) else job.message
            return self._keep(task, task.failed(content, sentence))
        halves = [self._ask(half) for half in task.shards(2) if isinstance(half, RunPart)]
        if any(half is None for half in halves):
            return None
        return self._keep(task, task.merge([half for half in halves if half is not None]))

    def _finished(self, task: RunPart) -> Finished | None:
        """The part's job once it is over; None where the run is to end before it began."""
        while self._run.wanted:
            cluster = self._ready_cluster
            if cluster is not None:
                finished = self._finished_there(cluster, task)
            elif self._here.acquire(timeout=SECONDS_BETWEEN_LOOKS):
                try:
                    finished = None if self._ready_cluster else self._finished_here(task)
                finally:
                    self._here.release()
            else:
                continue
            if finished is not None:
                return finished
        return None

    def _finished_there(self, cluster: Cluster, task: RunPart) -> Finished | None:
        """The same of the cluster's workers; None where it has to be asked once more."""
        job = cluster.submit(task, self._visitor, turn=self._run.owner)
        self._follow(job, cluster.cancel)
        if job.cancel_requested is not None:
            return job, None
        answer = cluster.result(job) if job.state == DONE else None
        if job.state == FAILED and not _to_blame(job):
            self._refusal = job.message
        elif job.state == DONE and answer is None:
            self._refusal = NO_ANSWER
        elif job.state != CANCELLED:
            return job, answer
        return None

    def _finished_here(self, task: RunPart) -> Finished | None:
        """The same of this machine."""
        try:
            job = self._backend.submit(task, self._visitor, turn=self._run.owner)
        except Problem as problem:  # too many wait
            self._run.message = str(problem)
            time.sleep(SECONDS_UNTIL_TRIED_AGAIN)
            return None
        self._follow(job, self._backend.cancel)
        return job, self._backend.result(job) if job.state == DONE else None

    @property
    def _visitor(self) -> str:
        return f"run {self._run.plan.digest}"

    def _follow(self, job: Job, cancel: Callable[[Job], None]) -> None:
        """Wait until it is over, and cancel it where the run is to end."""
        self._run.message = ""
        self._record(self._run.owner, job.task)
        while not job.over:
            job.touch()
            if not self._run.wanted:
                cancel(job)
            self._run.message = job.message
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _keep(self, task: RunPart, answer: Answer) -> Answer:
        """Keep an answer under the part's digest, as soon as the store can be written."""
        facts, arrays = answer
        while True:
            try:
                uploads = {key.digest for key in task.uploads()}
                made_from = [digest for digest in uploads if self._backend.store.has_blob(digest)]
                self._backend.store.put_answer(task.digest(), facts, made_from=made_from, **arrays)
                return answer
            except Unwritable as problem:
                self._run.message = str(problem)
                time.sleep(SECONDS_UNTIL_TRIED_AGAIN)


def _to_blame(job: Job) -> bool:
    """Whether the job failed since one of its inputs ends the process that works on it."""
    return job.message in (ENDED_TWICE, LIED) or job.silent or job.took_too_long
