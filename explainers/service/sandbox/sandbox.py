"""The sandbox of a process that parses an upload: it can read that, answer, and nothing else."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from explainers.errors import Problem
from explainers.service.sandbox import landlock, seccomp

if sys.platform != "win32":
    import resource

ALLOW_UNSANDBOXED = "EVIDENT_ALLOW_UNWALLED"
_NO_NEW_PRIVILEGES, _DUMPABLE = 38, 4


StartThreads: TypeAlias = Callable[[Callable[[], int]], None]
"""Starts threads, given what counts those of the process."""


@dataclass(frozen=True)
class SandboxLayers:
    """What this system offers for a sandbox.

    The seccomp list alone keeps the promise (no file, no connection, no program); Landlock is a
    second layer behind it, and the limits on memory and time stand in every case.

    Attributes
    ----------
    layers, missing : tuple of str
        The layers that there are, and what is missing, each in plain words.
    complete : bool
        Whether the promise is kept.
    """

    layers: tuple[str, ...]
    missing: tuple[str, ...]
    complete: bool

    @property
    def sentence(self) -> str:
        """What is missing and what the person who started the server can do; "" if complete."""
        if self.complete:
            return ""
        return (
            "This server cannot shut in the reading of uploaded files: "
            f"{' and '.join(self.missing)}. Whoever runs it can start it on Linux (x86-64 or "
            "ARM64; also in WSL, or in a container that allows seccomp), or, where all visitors "
            f"are trusted, with {ALLOW_UNSANDBOXED}=1."
        )


_known: SandboxLayers | None = None


def remember_layers() -> None:
    """Ask the system now, for a process that soon can ask it no more."""
    global _known
    _known = sandbox_layers()


def sandbox_layers() -> SandboxLayers:
    """Ask the system what it offers; changes nothing."""
    if _known is not None:
        return _known
    layers, missing = [], []
    if seccomp.available():
        layers.append("system calls outside a short list are refused (seccomp)")
    else:
        missing.append("it cannot refuse system calls (seccomp)")
    if landlock.version():
        layers.append(f"all files and TCP are given up (Landlock {landlock.version()})")
    else:
        missing.append("it cannot give up its rights to files (Landlock)")
    if sys.platform != "win32":
        layers.append("memory, time and files written are limited (rlimits)")
    return SandboxLayers(tuple(layers), tuple(missing), seccomp.available())


def require_sandbox() -> None:
    """Problem where the sandbox is not complete and nobody has said that it may be missing."""
    if os.environ.get(ALLOW_UNSANDBOXED) != "1" and not (offer := sandbox_layers()).complete:
        raise Problem(offer.sentence)


def enter_sandbox(
    memory: int,
    seconds: int,
    keep: Iterable[int],
    start_threads: StartThreads | None = None,
) -> None:
    """Shut this process in, for good: call it with one thread, before the first byte is read.

    Every layer that the system has is put up, the strictest last.

    Parameters
    ----------
    memory : int
        Bytes that it may take beyond what it has already.
    seconds : int
        That it may live, and may compute.
    keep : iterable of int
        Descriptors that stay open; all others are closed, standard error too.
    start_threads : StartThreads
        Called when all files are given up and system calls can still be made: the threads that it
        starts are behind every layer, and no others can be started. Only on Linux; elsewhere
        nothing refuses threads.

    Raises
    ------
    OSError
        Where a layer that is there cannot be put up; nothing may be read then.
    """
    _close_all_but(sorted(keep))
    if sys.platform == "win32":
        return
    if sys.platform == "linux":
        prefer_for_oom_kill(1000)
        forbid_new_privileges()
        _prctl(_DUMPABLE, 0)
    mapped = _mapped_bytes()
    starting = start_threads is not None and sys.platform == "linux"
    tasks = os.open("/proc/self/task", os.O_RDONLY) if starting else -1
    if landlock.version():
        landlock.give_up_everything()
    if start_threads is not None and starting:
        start_threads(lambda: len(os.listdir(tasks)))
        os.close(tasks)
    _set_limits(mapped + memory, seconds)
    if seccomp.available():
        seccomp.refuse_all_but_reading()


def forbid_new_privileges() -> None:
    """No program that this process might start has more rights than it; the layers need that."""
    _prctl(_NO_NEW_PRIVILEGES, 1)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")


def _set_limits(memory: int, seconds: int) -> None:
    limits = {
        "AS": memory,
        "CPU": seconds,
        "FSIZE": 0,
        "CORE": 0,
        "NOFILE": 0,
        "NPROC": 0,
    }
    for name, value in limits.items():
        with contextlib.suppress(ValueError, AttributeError):
            # macOS has no limit on memory and refuses some values.
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds + 1)


def _mapped_bytes() -> int:
    """Bytes of address space in use."""
    if sys.platform != "linux":
        return 0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def prefer_for_oom_kill(score: int) -> None:
    """Where memory runs out, the kernel ends this process and not the server.

    Parameters
    ----------
    score : int
        From 0 to 1000: the higher, the sooner.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(score))


def _close_all_but(keep: list[int]) -> None:
    most = os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else 256
    start = 0
    for descriptor in keep:
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, min(most, 1 << 20))
