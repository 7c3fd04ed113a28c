"""Filters of system calls as BPF: single instructions, tests of calls, and putting a filter up.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Calls: TypeAlias = Mapping[str, tuple[int | None, int | None]]
"""System calls by name: their numbers on x86-64 and on AArch64, None where one is not there."""
Step: TypeAlias = tuple[int, int, int, int]
"""An instruction of BPF: code, steps to jump where true and where false, operand."""

SECCOMP, _ALL_THREADS = (317, 277), 1
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

LOAD, EQUAL, _AT_LEAST, ANY_BIT, RETURN, AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
ALLOW, KILL, FAIL, ABSENT = 0x7FFF0000, 0x80000000, 0x00050000 | 1, 0x00050000 | 38
_NUMBER, _ARCH = 0, 4


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def refused(column: int, calls: Calls) -> list[Step]:
    """Each of these calls fails."""
    steps: list[Step] = []
    for numbers in calls.values():
        number = numbers[column]
        if number is not None:
            steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, FAIL)]
    return steps


def only(call: int, test: Sequence[Step]) -> list[Step]:
    """The call fails unless the test jumps over the step after it; other calls go on."""
    return [
        (EQUAL, 0, len(test) + 2, call),
        *test,
        (RETURN, 0, 0, FAIL),
        (RETURN, 0, 0, ALLOW),
    ]


def only_with(call: int, place: int, values: Sequence[int]) -> list[Step]:
    """The call fails unless its argument at that place is one of these."""
    return only(call, [(LOAD, 0, 0, argument(place)), *equals(values)])


def equals(values: Sequence[int]) -> list[Step]:
    """At the end of a test for `only`: one of these is what was loaded."""
    return [(EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]


def install(steps: Sequence[Step]) -> None:
    """Put the filter before all threads of this process."""
    start: list[Step] = [
        (LOAD, 0, 0, _ARCH),
        (EQUAL, 1, 0, _AUDIT[platform.machine()]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (RETURN, 0, 0, KILL),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in (*start, *steps))
    program = _Program(len(code) // 8, code)
    if libc().syscall(SECCOMP[required_column()], 1, _ALL_THREADS, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused the seccomp filter")


def argument(index: int) -> int:
    """Where the filter finds the low half of a system call's argument."""
    return 16 + 8 * index


def required_column() -> int:
    """Like `column_of_system`; OSError where there is none."""
    column = column_of_system()
    if column is None:
        raise OSError("this system cannot refuse system calls")
    return column


def column_of_system() -> int | None:
    """Which of a call's two numbers is this system's; None where it is of neither kind."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    return {"x86_64": 0, "aarch64": 1}.get(platform.machine())


def libc() -> ctypes.CDLL:
    """The C library, which makes the calls that Python has no words for."""
    return ctypes.CDLL(None, use_errno=True)
