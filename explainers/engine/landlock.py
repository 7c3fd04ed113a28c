"""Landlock: a process gives up, for itself and for good, its rights to files and connections.

Source: the kernel's Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

# Rights to files by the interface version (ABI) that brought them: 13 bits, then one more each.
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_CREATE, _RESTRICT = 444, 446


def version() -> int:
    """The kernel's Landlock interface version; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _libc().syscall(_CREATE, None, ctypes.c_size_t(0), 1))


def give_up_everything() -> None:
    """No path can be opened, run or changed any more, and no TCP connection be made.

    From version 6 on also no signal and no abstract socket reaches other processes. OSError where
    the kernel refuses. The process must have set "no new privileges" and have one thread.
    """
    abi = version()
    files = (1 << _FILE_BITS[min(abi, 5)]) - 1
    rules = struct.pack("=Q", files)
    if abi >= 4:
        rules += struct.pack("=Q", _TCP_BIND_AND_CONNECT)
    if abi >= 6:
        rules += struct.pack("=Q", _ABSTRACT_SOCKETS_AND_SIGNALS)
    handle = _libc().syscall(_CREATE, rules, ctypes.c_size_t(len(rules)), 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "the kernel refused a Landlock ruleset")
    try:
        if _libc().syscall(_RESTRICT, handle, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused to raise Landlock")
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
