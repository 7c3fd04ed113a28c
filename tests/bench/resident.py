"""What the web process, the prefork and the worker hold in memory, sampled while they run."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from tests import processes

NAMES = ("web process", "prefork", "workers")


def children(pid: int, command: str = "") -> list[int]:
    """The processes that this one started, whose command holds some text."""
    with contextlib.suppress(OSError):
        return [child for child in processes.children(pid) if command in _command(child)]
    return []


def worker_of(server: int) -> tuple[int | None, int | None]:
    """The prefork and the worker of a server's process, None for one that is not there now."""
    prefork = next(iter(children(server, "explainers.service.worker.prefork")), None)
    if prefork is None:
        return None, None
    return prefork, next(iter(children(prefork, "explainers.service.worker.prefork")), None)


def workers_of(prefork: int | None) -> list[int]:
    """All workers that a prefork has started."""
    return children(prefork, "explainers.service.worker.prefork") if prefork else []


def resident(pid: int | None) -> int:
    """Bytes of a process in memory, shared ones included; 0 where it is not there."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def watched(server: int) -> list[tuple[str, list[int], list[int]]]:
    """Sample every second until cancelled: name, the first and the last minute of each process."""
    samples: dict[str, list[int]] = {name: [] for name in NAMES}
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            prefork = worker_of(server)[0]
            groups = ([server], [prefork], workers_of(prefork))
            for name, pids in zip(NAMES, groups, strict=True):
                if size := sum(map(resident, pids)):
                    samples[name].append(size)
            await asyncio.sleep(1)
    return [(name, sizes[:60], sizes[-60:]) for name, sizes in samples.items()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
