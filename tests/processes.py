"""Processes as Linux shows them: who started whom, and whether one is gone."""

import contextlib
import gc
import time
from pathlib import Path

from explainers.service.runners import start


def children(pid: int) -> list[int]:
    """The processes that a process started, by any of its threads."""
    pids = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pids += map(int, (thread / "children").read_text().split())
    return pids


def runners(language: str) -> list[int]:
    """Processes of this one with models of that language in them that are still there."""
    gc.collect()  # models in cycles are gone only then
    return children(start._FORK_SERVERS[language]._process.pid)


def killed_in_a_loop(worker, starter: int) -> list[int]:
    """The starter and its two processes, of which one loops, after their worker was killed."""
    until = time.monotonic() + 60
    while len(processes := children(starter)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(processes) == 2, "one waits, one loops"
    worker.kill()
    return [starter, *processes]


def until_gone(pid: int, orphan: bool = False) -> None:
    """Wait for the end of a process; whoever takes in an orphan may leave a zombie of it."""
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if orphan and _state(pid) == "Z":
            return
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def _state(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return ""
