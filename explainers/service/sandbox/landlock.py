"""Landlock: a process gives up, for itself and for good, its rights to files and connections.

Source: the kernel's Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# Rights to files by the interface version (ABI) that brought them: 13 bits, then one more each.
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
# Write, delete, make files and folders, truncate; not run, nor make devices, links or sockets.
_CHANGE_FILE, _CHANGE_FOLDER = 1 << 1 | 1 << 14, 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
_TCP_BIND, _TCP_CONNECT = 1, 2
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH, _PORT = 1, 2


def version() -> int:
    """The kernel's Landlock interface version; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _libc().syscall(_CREATE, None, ctypes.c_size_t(0), 1))


def give_up_everything() -> None:
    """No path can be opened, run or changed any more, and no TCP connection be made.

    From version 6 on also no signal and no abstract socket reaches other processes. The process
    must have set "no new privileges" and have one thread.

    Raises
    ------
    OSError
        Where the kernel refuses.
    """
    _restrict(scope=_ABSTRACT_SOCKETS | _SIGNALS)


def give_up_all_but(
    read: Iterable[Path], write: Iterable[Path], ports: Iterable[int] | None = None
) -> None:
    """Only these files, and what lies in these folders, can be opened, to read or to write.

    No program can be run, and no TCP port be bound. The process must have set "no new privileges"
    and have one thread. Links lead only to what is named itself.

    Parameters
    ----------
    read, write : iterable of Path
        Files and folders; what does not exist is left out. What may be written may be read too.
    ports : iterable of int, optional
        The only TCP ports that connections may be made to (from version 4 on); None: all.

    Raises
    ------
    OSError
        Where the kernel refuses.
    """
    _restrict(list(read), list(write), ports, _ABSTRACT_SOCKETS)


def give_up_ports(ports: Iterable[int]) -> None:
    """No TCP port can be bound, and connections be made to these alone; files stay as they were.

    Parameters and errors as `give_up_all_but`; from version 4 on.
    """
    _restrict(ports=ports, files=False)


def _restrict(
    read: Iterable[Path] = (),
    write: Iterable[Path] = (),
    ports: Iterable[int] | None = (),
    scope: int = 0,
    files: bool = True,
) -> None:
    abi = version()
    rights = (1 << _FILE_BITS[min(abi, 5)]) - 1 if files else 0
    net = _TCP_BIND | (0 if ports is None else _TCP_CONNECT)
    rules = struct.pack("=Q", rights)
    if abi >= 4:
        rules += struct.pack("=Q", net)
    if abi >= 6:
        rules += struct.pack("=Q", scope)
    handle = _libc().syscall(_CREATE, rules, ctypes.c_size_t(len(rules)), 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "the kernel refused a Landlock ruleset")
    try:
        for path in read:
            _allow(handle, path, rights & _READ_FILE, rights & _READ_FOLDER)
        for path in write:
            _allow(
                handle,
                path,
                rights & (_READ_FILE | _CHANGE_FILE),
                rights & (_READ_FOLDER | _CHANGE_FOLDER),
            )
        for port in ports or () if abi >= 4 else ():
            _add(handle, _PORT, struct.pack("=QQ", _TCP_CONNECT, port))
        if _libc().syscall(_RESTRICT, handle, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused to raise Landlock")
    finally:
        os.close(handle)


def _allow(ruleset: int, path: Path, file: int, folder: int) -> None:
    """Allow rights to a file, and in a folder also those that only folders have."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not there, or not ours to see
        return
    try:
        rights = file | (folder if path.is_dir() else 0)
        _add(ruleset, _PATH, struct.pack("=Qi", rights, opened))
    finally:
        os.close(opened)


def _add(ruleset: int, kind: int, rule: bytes) -> None:
    if _libc().syscall(_ADD, ruleset, kind, rule, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused a Landlock rule")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
