"""The server's one backend, whose uploads are whose, and waiting for jobs while a page is drawn."""

import functools
import hashlib
import math
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from typing import Any

import streamlit as st

from explainers.service.backends.backend import Backend
from explainers.service.backends.cluster.cluster import Cluster
from explainers.service.backends.cluster.settings import cluster_settings
from explainers.service.backends.job import Job
from explainers.service.backends.local import LocalBackend
from explainers.service.backends.long_runs import LongRuns
from explainers.service.limits import limits
from explainers.service.storage.folder import store_folder
from explainers.service.storage.shelf import Shelf
from explainers.service.storage.uploads import Uploads
from explainers.service.tasks import Answer, Task
from pages.state.headers import COOKIE

SECONDS_TO_WAIT = 0.6
"""Most answers on the demo come sooner; then the page is drawn once, without flicker."""

_lock = threading.Lock()
_backend: Backend | None = None
_cluster: Cluster | None = None


def backend() -> Backend:
    """The backend, started by whoever asks first, and with it what asks the cluster."""
    global _backend, _cluster
    with _lock:
        if _backend is None:
            _backend = LocalBackend(store_folder())
            settings = cluster_settings()
            _cluster = None if settings is None else Cluster(settings, _backend.store)
        return _backend


def cluster() -> Cluster | None:
    """The cluster for long runs; None where the settings name none."""
    backend()
    return _cluster


def stop() -> None:
    """End the backend and its processes."""
    global _backend, _cluster
    with _lock:
        if _cluster is not None:
            _cluster.close()
        if _backend is not None:
            _backend.close()
        _backend = _cluster = None


def health() -> dict[str, Any]:
    """What `/health` says: whether jobs can be done and answers be kept, now.

    Without its cluster the server is well: runs then go on here.
    """
    if _backend is None:
        return {"ok": False, "engine": False}
    facts = _backend.health().as_facts()
    return facts if _cluster is None else facts | {"cluster": _cluster.health()}


def most_megabytes(kind: str) -> int:
    """What an uploader says that it takes of a kind, a key of the limits: "picture", "data", ….

    Never more than what the server takes of any file.
    """
    most = getattr(limits(), f"{kind}_megabytes")
    return max(1, min(math.floor(most), st.get_option("server.maxUploadSize")))


@functools.cache
def uploads() -> Uploads:
    """What visitors brought, and who may open it."""
    return Uploads(backend().store, most_bytes=1e6 * limits().visitor_megabytes)


@functools.cache
def shelf() -> Shelf:
    """What visitors have asked before, each only their own."""
    return Shelf(uploads())


@functools.cache
def long_runs() -> LongRuns:
    """Runs over many inputs that are on their way, whoever watches them."""
    return LongRuns(backend(), _record, cluster())


def forget(digests: Collection[str]) -> None:
    """End all that is done about these uploads, whoever asked, before they are deleted."""
    long_runs().forget(digests)
    backend().forget(digests)


def _record(whose: str, task: Task) -> None:
    """Count a task's answer for the visitor whose it is, and make room among their own."""
    uploads().record_answer(task.digest(), {key.digest for key in task.uploads()})
    uploads().trim(whose)


def owner() -> str:
    """Whose this session's uploads and shelf are: the person who logged in, else this browser's.

    A digest, since the cookie itself opens the uploads and is not written to disk.
    """
    person = st.user.get("sub") if st.user.get("is_logged_in") else None
    name = str(person or st.context.cookies.get(COOKIE) or visitor())
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def keep(data: bytes, what: str, name: str = "", use: tuple[str, str] | None = None) -> str:
    """Keep an upload as this visitor's.

    Parameters
    ----------
    data : bytes
    what : str
        "file" or "picture", for the sentence of a refusal.
    name : str
        What the visitor calls it.
    use : (str, str), optional
        See `Uploads.keep`.

    Returns
    -------
    str
        Its digest.

    Raises
    ------
    Problem
        Where there are too many.
    """
    return uploads().keep(data, owner(), what, name, use)


def may_open(digest: str) -> bool:
    """Whether this visitor may open the upload of that digest; False for what is no digest."""
    return uploads().may_open(digest, owner())


def visitor() -> str:
    """A name for this session, the same until its tab is closed or reloaded."""
    name: str = st.session_state.setdefault("visitor", uuid.uuid4().hex)
    return name


def job(task: Task, slot: str, wait: float = SECONDS_TO_WAIT) -> Job:
    """This visitor's job for the task, after its end or a moment.

    Parameters
    ----------
    task : Task
    slot : str
        A place on the page; a job for another task in it is cancelled.
    wait : float
        Seconds to wait for its end.

    Raises
    ------
    Problem
        When too many jobs wait already.
    """
    jobs = _jobs()
    current = jobs.get(slot)
    if current is None or current.digest != task.digest():
        if current is not None:
            backend().cancel(current)
        current = backend().submit(task, visitor(), turn=owner())
        _record(owner(), task)
        jobs[slot] = current
    current.touch()
    return wait_for(current, wait)


def wait_for(job: Job, seconds: float) -> Job:
    """The job, after its end or so many seconds."""
    wait_for_all([job], seconds)
    return job


def wait_for_all(jobs: Collection[Job], seconds: float) -> None:
    """Wait until all jobs are over, or so many seconds; a click outside of fragments ends it."""
    _wait(lambda: all(job.over for job in jobs), seconds)


def wait_for_any(groups: Collection[Collection[Job]], seconds: float) -> None:
    """Wait until all jobs of one group are over, as `wait_for_all` does."""
    _wait(lambda: any(all(job.over for job in jobs) for jobs in groups), seconds)


def _wait(ended: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not ended():
        time.sleep(0.02)
        # A read is where Streamlit lets a click outside of fragments end this run.
        st.session_state.get("jobs")


def answer(job: Job) -> Answer | None:
    """The answer of a job that is done; None for others, and where it is no longer kept."""
    return backend().result(job)


def cancel_others(group: str, slots: Iterable[str]) -> None:
    """Cancel and forget this visitor's jobs in slots that start with `group`, but for `slots`."""
    jobs = _jobs()
    for slot in [slot for slot in jobs if slot.startswith(group) and slot not in slots]:
        backend().cancel(jobs.pop(slot))


def cancel_all() -> None:
    """Cancel and forget all of this visitor's jobs."""
    cancel_others("", ())


def retry(slot: str) -> None:
    """Forget the slot's job, so that the next run of the page submits it anew."""
    _jobs().pop(slot, None)


def compute_anew(job: Job, slot: str) -> bool:
    """Whether a job whose answer was lost or damaged is asked once more; once in a session."""
    computed: set[str] = st.session_state.setdefault("computed_anew", set())
    if job.digest in computed:
        return False
    computed.add(job.digest)
    retry(slot)
    return True


def _jobs() -> dict[str, Job]:
    """This visitor's jobs by slot."""
    jobs: dict[str, Job] = st.session_state.setdefault("jobs", {})
    return jobs
