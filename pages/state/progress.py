"""A job on its way: the queue, the bar, the map so far, and Cancel."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explainers.service.backends.jobs import CANCELLED, FAILED, WAITING, Job
from pages.state import service
from pages.state.fragments import fragment

SECONDS_BETWEEN_LOOKS = 0.3
SECONDS_TO_CANCEL = 1.0


@fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(
    job: Job,
    slot: str,
    growing: Callable[[dict[str, Any] | None, str], None] | None = None,
    compact: bool = False,
) -> None:
    """Show how far the job is until it is over, then run the page again.

    `growing` draws the input with the map so far, from the latest state that has one.
    """
    job.touch()
    if job.over:
        st.rerun()
    left, right = (st, st) if compact else st.columns([5, 1], vertical_alignment="center")
    done, total = job.progress.get("done", 0), job.progress.get("total", 0)
    left.progress(min(done / total, 1.0) if total else 0.0, text=_words(job))
    if right.button("Cancel", key=f"cancel_{slot}", width="stretch"):
        service.engine().cancel(job)
        service.wait_for(job, SECONDS_TO_CANCEL)
        st.rerun()
    if job.message:
        st.info(job.message)
    if growing is not None:
        growing(job.partial, f"partial_{slot}")


@fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch_all(jobs: dict[str, Job], what: str) -> None:
    """One bar for several jobs by slot, until all are over; then run the page again."""
    for job in jobs.values():
        job.touch()
    waiting = [job for job in jobs.values() if not job.over]
    if not waiting:
        st.rerun()
    done = len(jobs) - len(waiting)
    now = waiting[0].progress
    part = now["done"] / max(now["total"], 1) if now else 0.0
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(min((done + part) / len(jobs), 1.0), text=f"{what}: {done} of {len(jobs)} done")
    if right.button("Cancel", key=f"cancel_{min(jobs)}", width="stretch"):
        for job in waiting:
            service.engine().cancel(job)
        service.wait_for_all(waiting, SECONDS_TO_CANCEL)
        st.rerun()


def ended(job: Job, slot: str) -> None:
    """Say why a job has no answer, and offer to try again."""
    if job.state == FAILED:
        st.error(job.message)
    elif job.state == CANCELLED:
        st.info("Cancelled. Change a setting, or run it again.")
    if st.button("Run again", key=f"again_{slot}", icon=":material/refresh:"):
        service.again(slot)
        st.rerun()


def _words(job: Job) -> str:
    if job.state == WAITING:
        before = service.engine().before(job)
        return f"Waiting: {before} before you" if before else "Starting …"
    if not job.progress:
        return "Loading the model …"
    if "what" in job.progress:
        return f"{job.progress['what']} …"
    left = job.progress["seconds_left"]
    pace = f"about {left:.0f} s left" if left >= 1.5 else "almost done"
    return f"{job.progress['done']} of {job.progress['total']} passes, {pace}"
