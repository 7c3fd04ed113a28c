"""A run's work in a process of its own, started again where an input ended it."""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import multiprocessing.connection
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from explainers.errors import Cancelled, ModelProblem, Problem, typed_line
from explainers.many.job import Job
from explainers.many.keeping.journal import ON_INPUTS, TRIES, Journal, Place, SetAside
from explainers.many.remote.settings import Settings, settings, take
from explainers.many.work import Work

SECONDS_BETWEEN_LOOKS = 0.1


def run_isolated(job: Job, tell: Callable[[Place], None]) -> None:
    """Do a run's work in a process that may die.

    Parameters
    ----------
    job : Job
    tell : callable
        Is given the place all the time; what it raises ends the process.

    Raises
    ------
    Problem
        As `Work.run`; also where the job cannot be sent to a process, or its process ends again
        and again before it has come to an input.
    """
    try:
        sent = pickle.dumps(job)
    except Exception as error:
        raise Problem(
            "This network cannot be sent to a process of its own: "
            f"{typed_line(error)}. Define it in a module that can be imported, or leave isolate=."
        ) from error
    context = _context()
    journal, early, reached = Journal(job.journal), 0, -1
    while True:
        journal.write(Place())
        said, ending = _one_process(context, sent, journal, tell)
        if said is not None:
            if not said:
                return
            raise Problem(said)
        place = journal.read()
        if place.step not in ON_INPUTS:
            early = early + 1 if place.done <= reached else 1
            reached = place.done
            if early >= TRIES:
                raise ModelProblem(
                    f"The process ended {early} times before it came to an input ({ending}). See "
                    "whether the network can be loaded, and whether memory suffices."
                )
            continue
        aside = SetAside.of(job.folder)
        aside.suspect(place, "process", ending)
        aside.keep(job.folder)


def _one_process(
    context: Any, sent: bytes, journal: Journal, tell: Callable[[Place], None]
) -> tuple[str | None, str]:
    """What the process said, "" for done, or None where it died; and how."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(settings(), sent, theirs), daemon=True)
    process.start()
    theirs.close()
    said: str | None = None
    try:
        while True:
            ready = multiprocessing.connection.wait([ours, process.sentinel], SECONDS_BETWEEN_LOOKS)
            tell(journal.read())
            if ours in ready:
                with contextlib.suppress(EOFError, OSError):
                    said = ours.recv_bytes().decode()
            if ready:
                break
        process.join()
    finally:
        process.kill()
        process.join()
        ours.close()
    return said, _ending(process.exitcode)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code)
            return f"signal {-code}, {signal.strsignal(name) or name.name}"
    return f"exit status {code}"


def _context() -> Any:
    """Where the system can, a server that has torch already forks; it is started once."""
    if sys.platform != "linux":
        return mp.get_context("spawn")
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "explainers.many.warm"])
    return context


def _work(told: Settings, sent: bytes, answer: Connection) -> None:
    """The process: works until it is done, and ends with the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = mp.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    said = ""
    take(told)
    try:
        Work(pickle.loads(sent)).run()
    except Problem as problem:
        said = str(problem)
    except Cancelled:
        said = "Cancelled."
    answer.send_bytes(said.encode())


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
