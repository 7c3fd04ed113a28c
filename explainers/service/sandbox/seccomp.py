"""The list of system calls that a parser process may make, as a seccomp filter; all else fails.

An allow-list, for what is not thought of is refused. None of the calls on it takes a path, opens
a descriptor, makes a process or a thread, or sets an attribute that another process could see; so
what the process can touch is what it held when the filter came: its memory, the upload (which it
may read) and one pipe (which it may write). Memory can no longer be made executable either.
Decoding with Pillow, safetensors and torch needs no more, once everything is imported.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import os
import sys

from explainers.service.sandbox.bpf import (
    ABSENT,
    ALLOW,
    ANY_BIT,
    EQUAL,
    FAIL,
    KILL,
    LOAD,
    RETURN,
    SECCOMP,
    Calls,
    Step,
    argument,
    column_of_system,
    install,
    libc,
    required_column,
)

_ALLOWED: Calls = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "getrandom": (318, 278),
    "sysinfo": (99, 179),
    "getrusage": (98, 165),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# No decoder has a reason for these: whoever calls one is not a decoder any more, and is ended.
DEADLY: Calls = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "bpf": (321, 280),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
}
_MMAP, _MPROTECT, TGKILL, CLONE3 = (9, 222), (10, 226), (234, 131), (435, 435)
_PROT_EXEC = 4


def available() -> bool:
    """Whether this system can refuse system calls: Linux with seccomp, x86-64 or ARM64."""
    column = column_of_system()
    if column is None or sys.byteorder != "little":
        return False
    action = ctypes.c_uint32(KILL)
    return libc().syscall(SECCOMP[column], 2, 0, ctypes.byref(action)) == 0


def refuse_all_but_reading() -> None:
    """From here on this process can make only the calls on the list.

    The process must have set "no new privileges".

    Raises
    ------
    OSError
        Where the system cannot refuse calls, or the kernel refuses the filter.
    """
    install(_only_reading(required_column(), os.getpid()))


def _only_reading(column: int, pid: int) -> list[Step]:
    """The filter as BPF: pairs of "is it this call?" and "then return that"."""
    steps: list[Step] = []
    verdicts: tuple[tuple[Calls, int], ...] = (
        (_ALLOWED, ALLOW),
        (DEADLY, KILL),
        ({"clone3": CLONE3}, ABSENT),
    )
    for calls, verdict in verdicts:
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, verdict)]
    for call in (_MMAP, _MPROTECT):
        steps += [
            (EQUAL, 0, 4, call[column]),
            (LOAD, 0, 0, argument(2)),
            (ANY_BIT, 0, 1, _PROT_EXEC),
            (RETURN, 0, 0, FAIL),
            (RETURN, 0, 0, ALLOW),
        ]
    # abort() raises its signal with tgkill; no other process may get one.
    steps += [
        (EQUAL, 0, 3, TGKILL[column]),
        (LOAD, 0, 0, argument(0)),
        (EQUAL, 0, 1, pid),
        (RETURN, 0, 0, ALLOW),
    ]
    return [*steps, (RETURN, 0, 0, FAIL)]
