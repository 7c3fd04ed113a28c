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
import platform
import struct
import sys
from collections.abc import Mapping, Sequence
from typing import TypeAlias

_Calls: TypeAlias = Mapping[str, tuple[int, int | None]]
"""System calls by name: their numbers on x86-64 and on AArch64, None where one is not there."""
_Step: TypeAlias = tuple[int, int, int, int]
"""An instruction of BPF: code, steps to jump where true and where false, operand."""

_ALLOWED: _Calls = {
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
_DEADLY: _Calls = {
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
_MMAP, _MPROTECT, _TGKILL, _CLONE3 = (9, 222), (10, 226), (234, 131), (435, 435)
# For a process that computes with threads and may download.
_FORKS: _Calls = {"fork": (57, None), "vfork": (58, None)}
_REACHING: _Calls = {
    "listen": (50, 201),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
}
_CLONE, _SOCKET, _KILL_CALL, _PRLIMIT = (56, 220), (41, 198), (62, 129), (302, 261)
_THREAD, _INTERNET, _STREAM, _DATAGRAM, _TCP, _UDP = 0x10000, (2, 10), 1, 2, 6, 17
_SECCOMP, _ALL_THREADS = (317, 277), 1
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_ALLOW, _KILL, _FAIL, _ABSENT = 0x7FFF0000, 0x80000000, 0x00050000 | 1, 0x00050000 | 38
_NUMBER, _ARCH, _PROT_EXEC = 0, 4, 4


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def available() -> bool:
    """Whether this system can refuse system calls: Linux with seccomp, x86-64 or ARM64."""
    column = _column()
    if column is None or sys.byteorder != "little":
        return False
    action = ctypes.c_uint32(_KILL)
    return _libc().syscall(_SECCOMP[column], 2, 0, ctypes.byref(action)) == 0


def refuse_all_but_reading() -> None:
    """From here on this process can make only the calls on the list.

    The process must have set "no new privileges".

    Raises
    ------
    OSError
        Where the system cannot refuse calls, or the kernel refuses the filter.
    """
    _install(_only_reading(_required_column(), os.getpid()))


def refuse_all_but_computing(network: bool) -> None:
    """From here on this process can start no program and look into no other process; make no
    process, only threads; listen on no port; and signal no other process. All else it can.

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
    column = _required_column()
    steps = _refused(column, {**_DEADLY, **_FORKS, **_REACHING})
    # Threads are made with clone, which the C library takes where clone3 is absent.
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ABSENT)]
    steps += _only(_CLONE[column], [(_LOAD, 0, 0, _argument(0)), (_ANY_BIT, 1, 0, _THREAD)])
    own = os.getpid()
    for call in (_KILL_CALL, _TGKILL):
        steps += _only(call[column], [(_LOAD, 0, 0, _argument(0)), (_EQUAL, 1, 0, own)])
    zero_or_own = [(_LOAD, 0, 0, _argument(0)), (_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, own)]
    steps += _only(_PRLIMIT[column], zero_or_own)
    if not network:
        steps += [(_EQUAL, 0, 1, _SOCKET[column]), (_RETURN, 0, 0, _FAIL)]
    else:
        # Other protocols would get round Landlock's rule about ports.
        steps += _only(
            _SOCKET[column],
            [
                (_LOAD, 0, 0, _argument(0)),
                (_EQUAL, 1, 0, _INTERNET[0]),
                (_EQUAL, 0, 8, _INTERNET[1]),
                (_LOAD, 0, 0, _argument(1)),
                (_AND, 0, 0, 0xF),
                (_EQUAL, 1, 0, _STREAM),
                (_EQUAL, 0, 4, _DATAGRAM),
                (_LOAD, 0, 0, _argument(2)),
                (_EQUAL, 3, 0, 0),
                (_EQUAL, 2, 0, _TCP),
                (_EQUAL, 1, 0, _UDP),
            ],
        )
    _install([*steps, (_RETURN, 0, 0, _ALLOW)])


def _refused(column: int, calls: _Calls) -> list[_Step]:
    """Each of these calls fails."""
    steps: list[_Step] = []
    for numbers in calls.values():
        number = numbers[column]
        if number is not None:
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _FAIL)]
    return steps


def _only(call: int, test: Sequence[_Step]) -> list[_Step]:
    """The call fails unless the test jumps over the step after it; other calls go on."""
    return [
        (_EQUAL, 0, len(test) + 2, call),
        *test,
        (_RETURN, 0, 0, _FAIL),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _install(steps: Sequence[_Step]) -> None:
    """Put the filter before all threads of this process."""
    start: list[_Step] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _AUDIT[platform.machine()]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in (*start, *steps))
    program = _Program(len(code) // 8, code)
    if _libc().syscall(_SECCOMP[_required_column()], 1, _ALL_THREADS, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused the seccomp filter")


def _only_reading(column: int, pid: int) -> list[_Step]:
    """The filter as BPF: pairs of "is it this call?" and "then return that"."""
    steps: list[_Step] = []
    verdicts: tuple[tuple[_Calls, int], ...] = (
        (_ALLOWED, _ALLOW),
        (_DEADLY, _KILL),
        ({"clone3": _CLONE3}, _ABSENT),
    )
    for calls, verdict in verdicts:
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, verdict)]
    for call in (_MMAP, _MPROTECT):
        steps += [
            (_EQUAL, 0, 4, call[column]),
            (_LOAD, 0, 0, _argument(2)),
            (_ANY_BIT, 0, 1, _PROT_EXEC),
            (_RETURN, 0, 0, _FAIL),
            (_RETURN, 0, 0, _ALLOW),
        ]
    # abort() raises its signal with tgkill; no other process may get one.
    steps += [
        (_EQUAL, 0, 3, _TGKILL[column]),
        (_LOAD, 0, 0, _argument(0)),
        (_EQUAL, 0, 1, pid),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [*steps, (_RETURN, 0, 0, _FAIL)]


def _argument(index: int) -> int:
    """Where the filter finds the low half of a system call's argument."""
    return 16 + 8 * index


def _required_column() -> int:
    column = _column()
    if column is None:
        raise OSError("this system cannot refuse system calls")
    return column


def _column() -> int | None:
    """Which of a call's two numbers is this system's; None where it is of neither kind."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    return {"x86_64": 0, "aarch64": 1}.get(platform.machine())


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
