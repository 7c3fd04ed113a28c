"""A worker's side: one part of a long run, told as JSON, answered into the store that all share.

A worker of the cluster is a Dask worker that has a local backend of its own: uploads are parsed in
the sandbox, the network runs in the walled worker process, and what ends that process does not end
Dask's. Light to import: Dask's scheduler does so, too.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.errors import Cancelled, Problem, typed_line
from explainers.many.cluster.worker import DONE, PROBLEM, STOPPED, Answer, demand_fit

if TYPE_CHECKING:
    from explainers.service.backends.job import Job
    from explainers.service.backends.local import LocalBackend
    from explainers.service.tasks.many.plan import RunPart

FAILED, ENDED, TOO_LONG = "failed", "ended", "too long"
"""Beside what workers say of themselves: the question has no answer; it ends the process that
works on it; it takes too long."""
WORDS = (DONE, PROBLEM, STOPPED, FAILED, ENDED, TOO_LONG)
SECONDS_BETWEEN_LOOKS, SECONDS_UNWRITABLE = 0.05, 20.0
LONGEST_SENTENCE = 1500

_backends: dict[str, LocalBackend] = {}


def mark_of(store: Path, digest: str, token: str) -> Path:
    """The file that is there as long as somebody waits, at this asking, for the part."""
    return store / f"{digest}.{token}.asked"


def answer_part(
    store: str, token: str, digest: str, task: bytes, needs: dict[str, str], device: str
) -> Answer:
    """Answer a part of a run into the store, on a worker.

    Parameters
    ----------
    store : str
        Its folder, which all share at the same path.
    token : str
        Names this asking; see `mark_of`.
    digest : str
        Under which the answer is kept.
    task : bytes
        A `RunPart` as JSON.
    needs : dict of str to str
        See `explainers.many.cluster.assignment.Ticket`.
    device : str
        What to run on instead of what the task says; "": that.

    Returns
    -------
    tuple
        One of WORDS, a sentence, and two zeros.
    """
    from distributed import get_worker

    worker = get_worker()
    try:
        demand_fit(worker, needs)
        mark = mark_of(Path(store), digest, token)
        if not mark.parent.is_dir():
            raise Problem(
                f"it does not find {store}. Share the folder of the store with all workers, at the "
                "same path."
            )
        return _answered(store, mark, digest, task, device)
    except Cancelled:
        return STOPPED, "", 0, 0
    except Problem as problem:
        return PROBLEM, _short(f"The worker {worker.address} says: {problem}"), 0, 0
    except Exception as error:
        said = f"The worker {worker.address} was stopped by {typed_line(error)}."
        return PROBLEM, _short(said), 0, 0


def _demand_wanted(mark: Path) -> None:
    """Cancelled where nobody waits any more."""
    if not mark.exists():
        raise Cancelled


def _answered(store: str, mark: Path, digest: str, data: bytes, device: str) -> Answer:
    _demand_wanted(mark)
    task = _decoded(data, digest)
    backend = _backend(store)
    there = _devices(backend, mark)
    job = backend.submit(_on_device(task, device, there), "cluster", digest=digest)
    since = time.monotonic()
    while not job.over:
        job.touch()
        time.sleep(SECONDS_BETWEEN_LOOKS)
        if not mark.exists():
            backend.cancel(job)
        since = since if _is_unwritable(job) else time.monotonic()
        if time.monotonic() - since > SECONDS_UNWRITABLE:
            backend.cancel(job)
            raise Problem(f"it cannot write to {store}.")
    return _said(job)


def _said(job: Job) -> Answer:
    from explainers.service.backends import job as jobs

    if job.state == jobs.DONE:
        return DONE, "", 0, 0
    if job.state == jobs.CANCELLED:
        return STOPPED, "", 0, 0
    if job.message in (jobs.ENDED_TWICE, jobs.LIED):
        return ENDED, job.message, 0, 0
    return TOO_LONG if job.took_too_long else FAILED, _short(job.message), 0, 0


def _is_unwritable(job: Job) -> bool:
    from explainers.service.storage.folder import UNWRITABLE

    return job.message == UNWRITABLE


def _decoded(data: bytes, digest: str) -> RunPart:
    """The part; Problem where it is none, or is another one here."""
    from explainers.service.tasks import decode
    from explainers.service.tasks.many.plan import RunPart

    task = decode(data)
    if not isinstance(task, RunPart):
        raise Problem("it was asked for something else than a part of a run.")
    if task.digest() != digest:
        raise Problem("it names this part otherwise. Start it anew, with the same copy of Evident.")
    return task


def _on_device(task: RunPart, device: str, there: dict[str, str]) -> RunPart:
    """The part on a device that is there; Problem where the one that was set is not."""
    if device and device not in there:
        raise Problem(f"it has no {device}, only {', '.join(there)}.")
    return task.on(device, there)


def _devices(backend: LocalBackend, mark: Path) -> dict[str, str]:
    """What it can run on, as soon as its worker has said so."""
    from explainers.service.worker.process import SECONDS_TO_START

    until = time.monotonic() + SECONDS_TO_START
    while not backend.devices:
        _demand_wanted(mark)
        if time.monotonic() > until:
            raise Problem("it cannot start what runs networks; see its log.")
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return backend.devices


def _backend(store: str) -> LocalBackend:
    """This worker's own backend, started once and kept."""
    import atexit
    import os

    from explainers.service.backends.local import LocalBackend

    if store not in _backends:
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process and a thread, or a device
        _backends[store] = LocalBackend(store, workers=1, shared=True)
        atexit.register(_backends[store].close)
    return _backends[store]


def _short(sentence: str) -> str:
    return sentence[:LONGEST_SENTENCE]
