"""How much memory a worker may take: what it asks for beyond that it does not get."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
from pathlib import Path

from explainers.service.limits import limits

if sys.platform != "win32":
    import resource

SHARE = 0.6
"""Of the computer's memory, or its container's: the server and the system need some too."""
_GROUPS = Path("/sys/fs/cgroup")


@functools.cache
def most_memory() -> int:
    """Bytes that one worker may take, beyond what it starts with, for all that its networks need.

    Asked first before the process is shut in, where the system tells no more.

    Examples
    --------
    >>> 0 < most_memory() <= 1e6 * limits().worker_megabytes
    True
    """
    own = int(1e6 * limits().worker_megabytes)
    there = _there()
    return min(own, int(SHARE * there)) if there else own


def bound_memory() -> None:
    """From here on the system refuses this process what passes `most_memory`.

    A refusal is an error of the network, in words; without it the system would end the process, or
    another one. Only on Linux, and not where a device's driver maps more than it uses.
    """
    most = most_memory()
    if sys.platform != "linux":
        return
    most += _in_use()
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _in_use() -> int:
    """Bytes of this process's own memory that the limit counts already."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmData:\s+(\d+) kB", status)
    return 1024 * int(found[1]) if found else 0


def _there() -> int:
    """Bytes that this computer has, or the smallest group around this process; 0: not known."""
    found = []
    with contextlib.suppress(OSError, ValueError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kind, name = line.split(":", 2)
            if kind in ("", "memory"):
                found += _limits_of(_GROUPS / kind, name.strip("/"))
    return min(found, default=0)


def _limits_of(root: Path, name: str) -> list[int]:
    """Limits of a group and of those around it, from either version of the system's files."""
    found = []
    group = root / name
    for folder in [group, *group.parents]:
        for file in ("memory.max", "memory.limit_in_bytes"):
            with contextlib.suppress(OSError, ValueError):
                found.append(int((folder / file).read_text()))
        if folder == root:
            break
    return found
