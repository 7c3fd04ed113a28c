"""The filters of system calls of a worker: on a CPU a list of what it may, else of what it may not.

The list of a worker on a CPU stands in `worker_calls`. A device's driver makes calls of its own
that nobody lists, so a worker with one is only kept from what it surely never needs.
"""

from __future__ import annotations

import os

from explainers.service.sandbox import worker_calls
from explainers.service.sandbox.bpf import (
    ABSENT,
    ALLOW,
    AND,
    ANY_BIT,
    EQUAL,
    FAIL,
    LOAD,
    RETURN,
    Calls,
    Step,
    argument,
    equals,
    install,
    only,
    only_with,
    refused,
    required_column,
)
from explainers.service.sandbox.seccomp import CLONE3, DEADLY, TGKILL

# For a process that computes with threads and may download.
_FORKS: Calls = {"fork": (57, None), "vfork": (58, None)}
_REACHING: Calls = {
    "listen": (50, 201),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
}
_ON_FILES: Calls = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setpriority": (141, 140),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "fsopen": (430, 430),
    "syslog": (103, 116),
}
_CLONE, _SOCKET, _KILL_CALL, _PRLIMIT = (56, 220), (41, 198), (62, 129), (302, 261)
_THREAD, _INTERNET, _STREAM, _DATAGRAM, _TCP, _UDP = 0x10000, (2, 10), 1, 2, 6, 17


def refuse_all_but_computing(network: bool) -> None:
    """From here on this process can make only the calls on the worker's list.

    It can start no program and no process, only threads; look into, signal or slow down no other
    process; change no file's owner, rights, times or attributes; and listen on no port.

    The process must have set "no new privileges".

    Parameters
    ----------
    network : bool
        Whether it may make TCP and UDP connections; no other sockets in any case. Those that were
        made already are not touched.

    Raises
    ------
    OSError
        Where the system cannot refuse calls, or the kernel refuses the filter.
    """
    column = required_column()
    install([*_checked(column, network), *_allowed(column), (RETURN, 0, 0, FAIL)])


def refuse_programs_and_processes(network: bool) -> None:
    """The part of `refuse_all_but_computing` that a device's driver can bear: a list of refusals.

    It starts no program and no process, listens on no port, and signals no other process.
    Parameters and errors as there.
    """
    column = required_column()
    steps = refused(column, {**DEADLY, **_FORKS, **_REACHING, **_ON_FILES})
    install([*steps, *_checked(column, network, driver=True), (RETURN, 0, 0, ALLOW)])


def _allowed(column: int) -> list[Step]:
    steps: list[Step] = []
    for numbers in worker_calls.ALLOWED.values():
        number = numbers[column]
        if number is not None:
            steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    return steps


def _checked(column: int, network: bool, driver: bool = False) -> list[Step]:
    """Calls whose arguments decide; with `driver` without those that a device's driver makes."""
    # Threads are made with clone, which the C library takes where clone3 is absent.
    steps: list[Step] = [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, ABSENT)]
    steps += only(_CLONE[column], [(LOAD, 0, 0, argument(0)), (ANY_BIT, 1, 0, _THREAD)])
    own = os.getpid()
    for call in (_KILL_CALL, TGKILL):
        steps += only_with(call[column], 0, [own])
    steps += only_with(_PRLIMIT[column], 0, [0, own])
    if not driver:
        steps += _fcntl(column)
        steps += only_with(worker_calls.IOCTL[column], 1, worker_calls.IOCTL_REQUESTS)
        steps += only_with(worker_calls.PRCTL[column], 0, worker_calls.PRCTL_OPTIONS)
        steps += only_with(worker_calls.SET_AFFINITY[column], 0, [0])
        pair = [(LOAD, 0, 0, argument(1)), (AND, 0, 0, 0xF)]
        steps += only(worker_calls.SOCKETPAIR[column], [*pair, *equals(worker_calls.PAIRED)])
    if not network:
        return steps + [(EQUAL, 0, 1, _SOCKET[column]), (RETURN, 0, 0, FAIL)]
    # Other protocols would get round Landlock's rule about ports.
    return steps + only(
        _SOCKET[column],
        [
            (LOAD, 0, 0, argument(0)),
            (EQUAL, 1, 0, _INTERNET[0]),
            (EQUAL, 0, 8, _INTERNET[1]),
            (LOAD, 0, 0, argument(1)),
            (AND, 0, 0, 0xF),
            (EQUAL, 1, 0, _STREAM),
            (EQUAL, 0, 4, _DATAGRAM),
            (LOAD, 0, 0, argument(2)),
            (EQUAL, 3, 0, 0),
            (EQUAL, 2, 0, _TCP),
            (EQUAL, 1, 0, _UDP),
        ],
    )


def _fcntl(column: int) -> list[Step]:
    """Only these commands, and no flag that lets a signal be sent."""
    commands = worker_calls.FCNTL_COMMANDS
    flags = (ANY_BIT, len(commands), len(commands) + 1, worker_calls.SIGNAL_WHEN_READY)
    return only(
        worker_calls.FCNTL[column],
        [
            (LOAD, 0, 0, argument(1)),
            (EQUAL, 0, 2, worker_calls.SET_FLAGS),
            (LOAD, 0, 0, argument(2)),
            flags,
            *equals(commands),
        ],
    )
