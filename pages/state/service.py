"""The server's one engine, whose uploads are whose, and waiting for jobs without holding a page."""

import functools
import hashlib
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from explainers.service.backends.jobs import DONE, Job
from explainers.service.backends.local import LocalBackend
from explainers.service.limits import limits
from explainers.service.storage.uploads import Uploads
from explainers.service.tasks.request import Request
from pages.state.headers import COOKIE

# Most answers on the demo come sooner than this; then the page is drawn once, without flicker.
SECONDS_TO_WAIT = 0.6

_lock = threading.Lock()
_engine: LocalBackend | None = None


def engine() -> LocalBackend:
    """The engine, started by whoever asks first."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = LocalBackend(_folder())
        return _engine


def stop() -> None:
    """End the engine and its processes."""
    global _engine
    with _lock:
        if _engine is not None:
            _engine.close()
            _engine = None


def _folder() -> Path:
    """Where uploads and answers are kept: EVIDENT_STORE, or a folder of this user's."""
    name = f"evident-{os.getuid() if hasattr(os, 'getuid') else 'store'}"
    return Path(os.environ.get("EVIDENT_STORE") or Path(tempfile.gettempdir()) / name)


@functools.cache
def uploads() -> Uploads:
    """What visitors brought, and who may open it."""
    return Uploads(engine().store, most_bytes=1e6 * limits().visitor_megabytes)


def owner() -> str:
    """Whose this session's uploads are: the person who logged in, else this browser's.

    A digest, since the cookie itself opens the uploads and is not written to disk.
    """
    person = st.user.get("sub") if st.user.get("is_logged_in") else None
    name = person or st.context.cookies.get(COOKIE) or visitor()
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def keep(data: bytes, what: str) -> str:
    """Keep an upload as this visitor's; its digest. Raises Problem where there are too many."""
    return uploads().keep(data, owner(), what)


def kept(digest: str) -> bool:
    """Whether this visitor may open the upload of that digest; False for what is no digest."""
    return uploads().may_open(digest, owner())


def visitor() -> str:
    """A name for this session, the same until its tab is closed or reloaded."""
    return st.session_state.setdefault("visitor", uuid.uuid4().hex)


def job(request: Request, slot: str, wait: float = SECONDS_TO_WAIT) -> Job:
    """This visitor's job for the request; an older job in the same slot is cancelled.

    Waits a moment for its end. Raises Problem when too many jobs wait already.
    """
    jobs = st.session_state.setdefault("jobs", {})
    current: Job | None = jobs.get(slot)
    if current is None or current.digest != request.digest():
        if current is not None:
            engine().cancel(current)
        current = engine().submit(request, visitor())
        uploads().made(current.digest, request.uploads)
        jobs[slot] = current
    current.touch()
    return wait_for(current, wait)


def wait_for(job: Job, seconds: float) -> Job:
    """The job, after its end or so many seconds."""
    wait_for_all([job], seconds)
    return job


def wait_for_all(jobs: Iterable[Job], seconds: float) -> None:
    """Wait until all jobs are over, or so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not all(job.over for job in jobs):
        time.sleep(0.02)


def answer(job: Job) -> tuple[dict, dict] | None:
    """The answer of a job that is done; None for others, and where it is no longer kept."""
    return engine().store.answer(job.digest) if job.state == DONE else None


def cancel_others(group: str, slots: Iterable[str]) -> None:
    """Cancel and forget this visitor's jobs in slots that start with `group`, but for `slots`."""
    jobs = st.session_state.get("jobs", {})
    for slot in [slot for slot in jobs if slot.startswith(group) and slot not in slots]:
        engine().cancel(jobs.pop(slot))


def again(slot: str) -> None:
    """Forget the slot's job, so that the next run of the page submits it anew."""
    st.session_state.get("jobs", {}).pop(slot, None)
