"""The worker process: owns torch and the device, runs tasks, tells how far they are.

A task that comes while another runs is run between two passes of the other, which then goes on.
"""

from __future__ import annotations

import logging
import os
from multiprocessing.connection import Client, Connection
from pathlib import Path

from explainers.errors import Cancelled, Problem, typed_line
from explainers.service.tasks import Task
from explainers.service.tasks.context import ProgressReport
from explainers.service.worker import protocol
from explainers.service.worker.task_runner import TaskRunner

GONE = (EOFError, BrokenPipeError, ConnectionResetError)
logger = logging.getLogger(__name__)


def serve(address: str, key: bytes, folder: str) -> None:
    """Connect to the backend at `address` and run its tasks until it goes away."""
    connection = Client(address, authkey=key)
    from explainers.service.runners.start import start_fork_servers
    from explainers.service.sandbox.worker_sandbox import enter_worker_sandbox
    from explainers.service.storage.store import Store

    runner, usable = TaskRunner(Store(folder)), devices()
    start_fork_servers()  # while programs may still be started
    if set(usable) == {"cpu"}:  # drivers of other devices need files, and may start programs
        enter_worker_sandbox(Path(folder))
    protocol.send(connection, protocol.Ready(os.getpid(), usable))
    while True:
        try:
            job, task = protocol.receive(connection)
            if task is not None:
                protocol.send(connection, _run(runner, connection, job, task))
        except GONE:
            return


def _run(runner: TaskRunner, connection: Connection, job: str, task: Task) -> protocol.Message:
    """Run a task, and whatever comes meanwhile; what to tell the backend at the end."""

    def report(progress: ProgressReport) -> None:
        while connection.poll():
            other, asked = protocol.receive(connection)
            if asked is not None:
                protocol.send(connection, _run(runner, connection, other, asked))
            elif other == job:
                raise Cancelled
        protocol.send_progress(connection, job, progress)

    try:
        runner.run(job, task, report)
    except Cancelled:
        return protocol.Cancelled(job)
    except Problem as problem:
        return protocol.Failed(job, str(problem))
    except GONE:
        raise
    except Exception as error:
        logger.exception("%s %s failed", type(task).__name__, job)
        return protocol.Failed(job, f"The worker could not finish this: {typed_line(error)}")
    return protocol.Done(job)


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
