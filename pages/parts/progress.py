"""A job on its way: the queue, the bar, the map so far, and Cancel."""

import streamlit as st

from explainers.engine.jobs import CANCELLED, FAILED, WAITING, Job
from pages.parts import service
from pages.parts.viewer import viewer

SECONDS_BETWEEN_LOOKS = 0.3
SECONDS_TO_CANCEL = 1.0


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(job: Job, slot: str, picture: bytes | None, signed: bool, about: str) -> None:
    """Show how far the job is until it is over, then run the page again."""
    job.touch()
    if job.over:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        done, total = job.progress.get("done", 0), job.progress.get("total", 0)
        st.progress(min(done / total, 1.0) if total else 0.0, text=_words(job))
    with right:
        if st.button("Cancel", key=f"cancel_{slot}", width="stretch"):
            service.engine().cancel(job)
            service.wait_for(job, SECONDS_TO_CANCEL)
            st.rerun()
    if job.message:
        st.info(job.message)
    if picture is None:
        return
    if job.partial is None:
        st.image(picture, width=380, alt="The picture that is being explained")
    else:
        heat = job.partial["partial"]
        viewer(
            picture, heat, signed=signed and bool((heat < 0).any()), key=f"partial_{slot}",
            alt=f"The map for {about} so far, still growing.", region=job.partial["region"],
        )  # fmt: skip


def ended(job: Job, slot: str) -> None:
    """Say why a job has no answer, and offer to try again."""
    if job.state == FAILED:
        st.error(job.message)
    elif job.state == CANCELLED:
        st.info("Cancelled. Nothing is lost: change a setting, or run it again.")
    if st.button("Run again", key=f"again_{slot}", icon=":material/refresh:"):
        service.again(slot)
        st.rerun()


def _words(job: Job) -> str:
    if job.state == WAITING:
        before = service.engine().before(job)
        return f"Waiting: {before} before you" if before else "Starting …"
    if not job.progress:
        return "Loading the model …"
    left = job.progress["seconds_left"]
    pace = f"about {left:.0f} s left" if left >= 1.5 else "almost done"
    return f"{job.progress['done']} of {job.progress['total']} passes, {pace}"
