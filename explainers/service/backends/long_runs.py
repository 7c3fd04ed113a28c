"""Runs over many inputs: part after part through the backend, with nobody watching, resumed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection

from explainers.errors import Problem
from explainers.service.backends.backend import Backend
from explainers.service.backends.cluster.cluster import Cluster
from explainers.service.backends.long_run import FINISHED, PAUSED, RUNNING, STOPPED, LongRun
from explainers.service.backends.run_parts import RunParts
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.task import Task

MOST_RUNNING = 50
logger = logging.getLogger(__name__)


class LongRuns:
    """All runs over many inputs that are on their way, each in a thread that waits for its parts.

    Every part is a task of its own whose answer the store keeps, so that a run may end at any
    moment, and be started again. It goes on when its page is closed.

    Parameters
    ----------
    backend : Backend
    record : callable
        (owner, task) → None; called with each part once it is queued.
    cluster : Cluster, optional
        Whose workers answer the parts of large runs.
    """

    def __init__(
        self,
        backend: Backend,
        record: Callable[[str, Task], None] = lambda owner, task: None,
        cluster: Cluster | None = None,
    ) -> None:
        self._backend, self._record, self._cluster = backend, record, cluster
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
                known.wanted, known.discarded = True, False
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
        """Have a run end soon; what it has done is deleted, unless another's run has it too."""
        run.discarded = True
        run.wanted = False

    def forget(self, uploads: Collection[str]) -> None:
        """Have all runs about these uploads end, before they are deleted."""
        with self._lock:
            for run in self._runs.values():
                about = {key.digest for key in run.plan.question.uploads()}
                if run.state == RUNNING and not about.isdisjoint(uploads):
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
        with self._lock:
            same = [one for one in self._runs.values() if one.plan.digest == run.plan.digest]
        # Whoever asks the same has the same answers.
        if all(one.owner == run.owner or one.discarded for one in same):
            for task in run.plan.tasks():
                self._backend.store.delete(task.digest())
        run.done = run.failed = 0

    def _work(self, run: LongRun) -> str:
        """Ask the parts that are not kept; FINISHED, or PAUSED where it was to end before."""
        missing = []
        for task in run.plan.tasks():
            answer = self._backend.store.answer(task.digest())
            if answer is None:
                missing.append(task)
            else:
                run.count(answer)
        run.started, run.began_with = time.monotonic(), run.done
        parts = RunParts(run, self._backend, self._record, self._cluster)
        return FINISHED if parts.ask_all(missing) else PAUSED
