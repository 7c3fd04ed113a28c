"""A job on its way: the queue, the bar, the map so far, and Cancel."""

import time
from collections.abc import Callable, Collection
from functools import partial
from itertools import chain
from typing import TypeAlias

import streamlit as st

from explainers.errors import Problem
from explainers.service.backends.job import CANCELLED, DONE, FAILED, WAITING, Job
from explainers.service.storage.folder import Unwritable
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.context import ProgressReport
from pages.state import service
from pages.state.fragments import fragment

DrawPartial: TypeAlias = Callable[[ProgressReport | None, str], None]
"""(The latest report with a map or None, key) → draws the input, with the map so far."""

SECONDS_BETWEEN_LOOKS, SECONDS_IN_A_GRID, SECONDS_UNTIL_TRIED_AGAIN = 0.3, 1.0, 2.0
SECONDS_FOR_THE_END, SECONDS_OF_PATIENCE = 0.3, 3.0
"""A look that is alone on its page waits so long for the end, which is then shown at once: to draw
costs the server and the browser more than to wait, and a grid has up to a dozen parts. A job that
has run for longer ends less soon: the browser gets that time. A click on Cancel is not heard
before."""
SECONDS_OF_A_WAIT = 0.5


def _watch(
    patient: bool,
    job: Job,
    slot: str,
    draw_partial: DrawPartial | None = None,
    compact: bool = False,
) -> None:
    """Show how far the job is until it is over, then run the page again.

    Parameters
    ----------
    patient : bool
        Whether to wait a moment for its end first.
    job : Job
    slot : str
        Its place on the page, for the keys of widgets.
    draw_partial : DrawPartial, optional
    compact : bool
        Bar and button under each other, for narrow places.
    """
    job.touch()
    patient = patient and time.monotonic() - job.started < SECONDS_OF_PATIENCE
    if patient and not st.session_state.get(f"cancel_{slot}"):
        service.wait_for(job, SECONDS_FOR_THE_END)
    if job.settled:
        st.rerun()
    left, right = (st, st) if compact else st.columns([5, 1], vertical_alignment="center")
    report = service.backend().progress(job) or ProgressReport()
    share = min(report.done / report.total, 1.0) if report.total else 0.0
    left.progress(share, text=_words(job))
    if right.button("Cancel", key=f"cancel_{slot}", width="stretch"):
        service.backend().cancel(job)
        st.rerun()
    if job.message:
        st.info(job.message)
    if draw_partial is not None:
        draw_partial(job.with_map, f"partial_{slot}")


watch = partial(fragment(run_every=SECONDS_BETWEEN_LOOKS)(_watch), True)
watch_in_grid = partial(fragment(run_every=SECONDS_IN_A_GRID)(_watch), False)


@fragment(run_every=SECONDS_OF_A_WAIT)
def rerun_when_one_is_complete(answers: Collection[Collection[Job]]) -> None:
    """Run the page again once all jobs of one answer are over.

    Nothing is drawn until then, which costs the browser least.
    """
    for job in chain.from_iterable(answers):
        job.touch()
    service.wait_for_any(answers, SECONDS_OF_A_WAIT)
    if any(all(job.settled for job in jobs) for jobs in answers):
        st.rerun()


@fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch_all(jobs: dict[str, Job], what: str) -> None:
    """One bar for several jobs by slot, until all are over; then run the page again."""
    for job in jobs.values():
        job.touch()
    if not st.session_state.get(f"cancel_{min(jobs)}"):
        service.wait_for_all(jobs.values(), SECONDS_FOR_THE_END)
    waiting = [job for job in jobs.values() if not job.settled]
    if not waiting:
        st.rerun()
    done = len(jobs) - len(waiting)
    first = service.backend().progress(waiting[0]) or ProgressReport()
    part = first.done / max(first.total, 1)
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(min((done + part) / len(jobs), 1.0), text=f"{what}: {done} of {len(jobs)} done")
    if right.button("Cancel", key=f"cancel_{min(jobs)}", width="stretch"):
        for job in waiting:
            service.backend().cancel(job)
        st.rerun()


def refused(problem: Problem) -> None:
    """Say what cannot be done; where the store is to blame, go on as soon as it is mended."""
    st.error(str(problem))
    if isinstance(problem, Unwritable):
        _go_on_once_writable()


@fragment(run_every=SECONDS_UNTIL_TRIED_AGAIN)
def _go_on_once_writable() -> None:
    if service.backend().store.is_writable():
        st.rerun()


def finished(
    task: Task,
    slot: str,
    drawing: DrawPartial | None = None,
    take_back: Callable[[], bool] | None = None,
) -> Answer | None:
    """The task's answer when there is one; else its progress or its end is shown.

    Parameters
    ----------
    task : Task
    slot : str
        Its place on the page.
    drawing : DrawPartial, optional
        Draws what there is so far.
    take_back : callable, optional
        Called once the task was cancelled. Whether something smaller stands in its place, which is
        then shown instead of the end.
    """
    try:
        job = service.job(task, slot)
    except Problem as problem:
        refused(problem)
        return None
    if not job.settled:
        watch(job, slot, drawing)
        return None
    answer = service.answer(job)
    if answer is None:
        if job.given_up and take_back is not None and take_back():
            st.rerun()
        explain_end(job, slot)
    return answer


def explain_end(job: Job, slot: str) -> None:
    """Say why a job has no answer, and offer to try again."""
    if service.answer(job) is not None:  # it came while the page was drawn
        st.rerun()
    if job.state == DONE and service.compute_anew(job, slot):
        st.rerun()
    if job.state == FAILED:
        st.error(job.message)
    elif job.state == CANCELLED or job.given_up:
        st.info("Cancelled. Change a setting, or run it again.")
    if st.button("Run again", key=f"again_{slot}", icon=":material/refresh:"):
        service.retry(slot)
        st.rerun()


def _words(job: Job) -> str:
    if job.state == WAITING:
        before = service.backend().jobs_before(job)
        return f"Waiting: {before} before you" if before else "Starting …"
    report = service.backend().progress(job)
    if report is None:
        return "Loading the model …"
    if report.what:
        return f"{report.what} …"
    left = report.seconds_left
    pace = f"about {left:.0f} s left" if left >= 1.5 else "almost done"
    return f"{report.done} of {report.total} passes, {pace}"
