"""The worker process: owns torch and the device, runs tasks, tells how far they are.

A task that comes while another runs is run between two passes of the other, which then goes on.
"""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Iterable
from functools import partial
from multiprocessing.connection import Client, Connection
from pathlib import Path

from explainers.errors import Cancelled, Problem, typed_line
from explainers.service.storage.folder import Unwritable
from explainers.service.tasks import Task
from explainers.service.tasks.context import ProgressReport
from explainers.service.worker import protocol
from explainers.service.worker.task_runner import TaskRunner

OOM_SCORE = 500
"""Sooner than the server and other programs, later than what parses uploads."""
logger = logging.getLogger(__name__)


def serve(address: str, key: bytes, folder: str, complete: int | None = None) -> None:
    """Connect to the backend at `address` and run its tasks until it goes away.

    A worker that was forked before all was imported has a pipe that is `complete` once it is
    closed. It gives its next task back then, or one that needs what it lacks, for a worker that has
    everything. One that has started devices stays.
    """
    connection = Client(address, authkey=key)
    from explainers.service.runners.start import start_fork_servers
    from explainers.service.sandbox import sandbox, worker_sandbox
    from explainers.service.storage.store import Store
    from explainers.service.worker import memory

    sandbox.prefer_for_oom_kill(OOM_SCORE)
    runner, usable = TaskRunner(Store(folder)), devices()
    start_fork_servers()  # while programs may still be started
    if set(usable) == {"cpu"}:
        memory.bound_memory()
        worker_sandbox.enter_worker_sandbox(Path(folder))
    else:
        memory.most_memory()
        worker_sandbox.enter_device_sandbox(partial(_warm_up, usable))
        complete = None
    protocol.send(connection, protocol.Ready(os.getpid(), usable))
    while True:
        try:
            job, task = _next(connection)
            if task is None:
                continue
            if complete is not None and _is_for_another(task, complete):
                protocol.send(connection, protocol.Replace(job))
            else:
                protocol.send(connection, _run(runner, connection, job, task))
        except protocol.BackendGone:
            return


def _is_for_another(task: Task, complete: int) -> bool:
    """Whether a worker that has all modules should do this; the demos' networks need no other."""
    ready, _, _ = select.select([complete], [], [], 0)
    return bool(ready) or any(model.source != "demo" for model in task.models())


def _next(connection: Connection) -> tuple[str, Task | None]:
    """The backend's next request; one that cannot be read fails by itself, beside all others."""
    while True:
        try:
            return protocol.receive(connection)
        except protocol.RequestError as error:
            logger.error("a request could not be read: %s", error.__cause__)
            sentence = "The worker could not read this question. Change a setting and ask again."
            protocol.send(connection, protocol.Failed(error.job, sentence))


def _run(runner: TaskRunner, connection: Connection, job: str, task: Task) -> protocol.Message:
    """Run a task, and whatever comes meanwhile; what to tell the backend at the end."""

    def report(progress: ProgressReport) -> None:
        while connection.poll():
            other, asked = _next(connection)
            if asked is not None:
                protocol.send(connection, _run(runner, connection, other, asked))
            elif other == job:
                raise Cancelled
        protocol.send_progress(connection, job, progress)

    from explainers.batch_plan import is_out_of_memory, out_of_memory
    from explainers.service.runners.start import starters_are_lost
    from explainers.service.worker.memory import most_memory

    if starters_are_lost():
        return protocol.Replace(job)
    try:
        runner.run(job, task, report)
    except protocol.BackendGone:
        raise
    except Cancelled:
        return protocol.Cancelled(job)
    except Unwritable:
        return protocol.Unkept(job)
    except Problem as problem:
        if starters_are_lost():  # with all networks that they had started
            return protocol.Replace(job)
        return protocol.Failed(job, str(problem))
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            what = f"this (one network may take {most_memory() / 1e9:.1f} GB here)"
            return protocol.Failed(job, str(out_of_memory(error, what)))
        logger.exception("%s %s failed", type(task).__name__, job)
        return protocol.Failed(job, f"The worker could not finish this: {typed_line(error)}")
    if starters_are_lost():  # what a network could not do may stand in the answer
        runner.store.delete(job)
        return protocol.Replace(job)
    return protocol.Done(job)


def _warm_up(usable: Iterable[str]) -> None:
    """Have the drivers of all devices start what they need."""
    import torch

    for device in usable:
        square = torch.ones(8, 8, device=device)
        (square @ square).sum().item()


def devices() -> dict[str, str]:
    """Devices that torch can use, best first, with a name for people."""
    import torch

    usable = {}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            usable[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    if torch.backends.mps.is_available():
        usable["mps"] = "Apple GPU"
    usable["cpu"] = f"CPU, {torch.get_num_threads()} threads"
    return usable
