"""Runs over many inputs: part after part through the backend, with nobody watching, resumed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from explainers.errors import Problem
from explainers.service.backends.backend import Backend
from explainers.service.backends.job import CANCELLED, DONE, ENDED_TWICE, FAILED, LIED, Job
from explainers.service.parsing.upload_keys import file_key
from explainers.service.storage.folder import Unwritable
from explainers.service.tasks.many.explain_many import ExplainMany
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.task import Answer, Task

RUNNING, PAUSED, FINISHED, STOPPED = "running", "paused", "finished", "stopped"
SECONDS_BETWEEN_LOOKS, SECONDS_UNTIL_TRIED_AGAIN = 0.05, 2.0
SET_ASIDE = "The process that explains ended twice while it worked on this alone. It is set aside."
MOST_RUNNING = 50
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class LongRun:
    """A run on its way; pages read it, `LongRuns` writes it.

    Attributes
    ----------
    plan : ManyPlan
    owner : str
        Whose turn its parts take.
    state : str
        RUNNING, PAUSED, FINISHED, or STOPPED with a `message`.
    done, failed : int
        Inputs that have a row, and those of them without an answer.
    began_with : int
        How many had one when it started.
    wanted, discarded : bool
        Whether it is to go on; whether what it has done is to be deleted.
    started : float
        When, by `time.monotonic`.
    """

    plan: ManyPlan
    owner: str
    state: str = RUNNING
    message: str = ""
    done: int = 0
    failed: int = 0
    began_with: int = 0
    started: float = field(default_factory=time.monotonic)
    wanted: bool = True
    discarded: bool = False

    @property
    def rate(self) -> float:
        """Inputs a second since it started; 0 before that can be told."""
        seconds = time.monotonic() - self.started
        return (self.done - self.began_with) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds to the end, or None where it cannot be told yet."""
        return (self.plan.count - self.done) / self.rate if self.rate > 0 else None


class LongRuns:
    """All runs over many inputs that are on their way, each in a thread that waits for its parts.

    Every part is a task of its own whose answer the store keeps, so that a run may end at any
    moment, and be started again. It goes on when its page is closed.

    Parameters
    ----------
    backend : Backend
    record : callable
        (owner, task) → None; called with each part once it is queued.
    """

    def __init__(
        self, backend: Backend, record: Callable[[str, Task], None] = lambda owner, task: None
    ) -> None:
        self._backend, self._record = backend, record
        self._runs: dict[tuple[str, str], LongRun] = {}
        self._lock = threading.Lock()

    def start(self, plan: ManyPlan, owner: str) -> LongRun:
        """The owner's run of a plan, which goes on from what is kept.

        Raises
        ------
        Problem
            Where another one of the owner's is running, or too many are.
        """
        with self._lock:
            running = [run for run in self._runs.values() if run.state == RUNNING]
            known = self._runs.get((owner, plan.digest))
            if known is not None and known.state == RUNNING:
                known.wanted = True
                return known
            if any(run.owner == owner for run in running):
                raise Problem(
                    "Another run of yours is on its way. Wait for its end, or pause it first."
                )
            if len(running) >= MOST_RUNNING:
                raise Problem("Too many runs are on their way here. Try again later.")
            run = self._runs[owner, plan.digest] = LongRun(plan, owner)
            threading.Thread(target=self._serve, args=(run,), daemon=True).start()
            return run

    def get(self, plan: ManyPlan, owner: str) -> LongRun | None:
        """The owner's run of a plan since the server was started; None where there is none."""
        return self._runs.get((owner, plan.digest))

    def of(self, owner: str) -> LongRun | None:
        """The owner's run that is on its way."""
        with self._lock:
            running = (run for run in self._runs.values() if run.state == RUNNING)
            return next((run for run in running if run.owner == owner), None)

    def pause(self, run: LongRun) -> None:
        """Have a run end soon; what it has done is kept."""
        run.wanted = False

    def cancel(self, run: LongRun) -> None:
        """Have a run end soon; what it has done is deleted."""
        run.discarded = True
        run.wanted = False

    def _serve(self, run: LongRun) -> None:
        try:
            state = self._work(run)
            if run.discarded:
                self._discard(run)
                state = PAUSED
            run.state = state
        except Problem as problem:
            run.message, run.state = str(problem), STOPPED
        except Exception:
            logger.exception("a run over many inputs ended")
            run.message, run.state = "This run ended; see the server's log. Continue it.", STOPPED

    def _discard(self, run: LongRun) -> None:
        for task in run.plan.tasks():
            self._backend.store.delete(task.digest())
        run.done = run.failed = 0

    def _work(self, run: LongRun) -> str:
        """Ask part after part; FINISHED, or PAUSED where it was to end before."""
        first = True
        for task in run.plan.tasks():
            answer = self._backend.store.answer(task.digest())
            if answer is None:
                if first:  # what was kept before cost no time
                    run.started, run.began_with, first = time.monotonic(), run.done, False
                answer = self._ask(run, task)
                if answer is None:
                    return PAUSED
            rows = answer[0]["rows"]
            run.done += len(rows)
            run.failed += sum(row["error"] is not None for row in rows)
        return FINISHED

    def _ask(self, run: LongRun, task: ExplainMany) -> Answer | None:
        """A part's answer; None where the run is to end.

        Of a part that ends its worker the inputs are tried in halves, until it is known which one
        does so alone. Problem where it cannot be answered for another reason.
        """
        job = self._finished(run, task)
        if job is None or job.state == CANCELLED:
            return None
        if job.state == DONE:
            answer = self._backend.result(job)
            if answer is None:
                raise Problem("A part of this run is no longer kept: there is no room. Continue.")
            return answer
        to_blame = job.message in (ENDED_TWICE, LIED) or job.silent or job.took_too_long
        if job.state == FAILED and not to_blame:
            raise Problem(job.message)
        if task.stop - task.start == 1:
            file = task.explanation.input.file
            kind, digest, options = file_key(task.explanation.model.kind, file)
            content = self._backend.parsed.get(kind, digest, turn=run.owner, **options)
            sentence = SET_ASIDE if job.message in (ENDED_TWICE, LIED) else job.message
            return self._keep(run, task, task.failed(content, sentence))
        halves = [self._ask(run, half) for half in task.shards(2) if isinstance(half, ExplainMany)]
        if any(half is None for half in halves):
            return None
        return self._keep(run, task, task.merge([half for half in halves if half is not None]))

    def _finished(self, run: LongRun, task: ExplainMany) -> Job | None:
        """The part's job once it is over; None where the run is to end before it began."""
        while run.wanted:
            try:
                job = self._backend.submit(task, f"run {run.plan.digest}", turn=run.owner)
            except Problem as problem:  # too many wait
                run.message = str(problem)
                time.sleep(SECONDS_UNTIL_TRIED_AGAIN)
                continue
            run.message = ""
            self._record(run.owner, task)
            while not job.over:
                job.touch()
                if not run.wanted:
                    self._backend.cancel(job)
                run.message = job.message
                time.sleep(SECONDS_BETWEEN_LOOKS)
            return job
        return None

    def _keep(self, run: LongRun, task: ExplainMany, answer: Answer) -> Answer:
        """Keep an answer under the part's digest, as soon as the store can be written."""
        facts, arrays = answer
        while True:
            try:
                uploads = {key.digest for key in task.uploads()}
                made_from = [digest for digest in uploads if self._backend.store.has_blob(digest)]
                self._backend.store.put_answer(task.digest(), facts, made_from=made_from, **arrays)
                return answer
            except Unwritable as problem:
                run.message = str(problem)
                time.sleep(SECONDS_UNTIL_TRIED_AGAIN)
