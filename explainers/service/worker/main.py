"""The worker process: owns torch and the device, does the jobs, tells how far they are.

A job that comes while another runs is done between two passes of the other, which then goes on.
"""

from __future__ import annotations

import os
import sys
import traceback
from multiprocessing.connection import Client, Connection
from pathlib import Path

from explainers.errors import Cancelled, Problem
from explainers.service.tasks.request import Request
from explainers.service.worker.protocol import asked, tell


def serve(address: str, key: bytes, folder: str) -> None:
    """Connect to the engine at `address` and do its jobs until it goes away."""
    connection = Client(address, authkey=key)
    from explainers.service.runners.start import get_ready
    from explainers.service.sandbox.worker_sandbox import shut_in
    from explainers.service.storage.store import Store
    from explainers.service.worker.task_runner import TaskRunner

    workshop, found = TaskRunner(Store(folder)), devices()
    get_ready()  # while programs may still be started
    if set(found) == {"cpu"}:  # drivers of other devices need files, and may start programs
        shut_in(Path(folder))
    tell(connection, "ready", "", {"pid": os.getpid(), "devices": found})
    while True:
        try:
            kind, job, request = asked(connection)
            if kind == "do":
                tell(connection, *_done(workshop, connection, job, request))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _done(workshop, connection: Connection, job: str, request: Request) -> tuple:
    def told(facts: dict) -> None:
        while connection.poll():
            kind, which, other = asked(connection)
            if kind == "do":
                tell(connection, *_done(workshop, connection, which, other))
            elif which == job:
                raise Cancelled
        tell(connection, "progress", job, facts)

    try:
        workshop.answer(request, told)
    except Cancelled:
        return "cancelled", job, None
    except Problem as problem:
        return "problem", job, str(problem)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        first = (str(error).strip().splitlines() or [""])[0][:200]
        return "problem", job, f"The worker could not finish this: {type(error).__name__} {first}"
    return "done", job, None


def devices() -> dict[str, str]:
    """Devices that torch can use, best first, with a name for people."""
    import torch

    found = {}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            found[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    if torch.backends.mps.is_available():
        found["mps"] = "Apple GPU"
    found["cpu"] = f"CPU, {torch.get_num_threads()} threads"
    return found
