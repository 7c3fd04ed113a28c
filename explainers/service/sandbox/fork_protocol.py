"""How a process asks another one to fork, and what it hears: both ends of their line."""

from __future__ import annotations

import contextlib
import os
import socket

_FORKED = b"forked"


def ask(line: socket.socket, message: bytes, descriptors: tuple[int, ...]) -> int | None:
    """A descriptor of the process that is forked for the message; None where it has ended already.

    OSError where the other end does not fork.
    """
    socket.send_fds(line, [message], descriptors)
    said, handles, _, _ = socket.recv_fds(line, 64, 1)
    if said != _FORKED:
        raise OSError("nothing was forked")
    return handles[0] if handles else None


def answer(line: socket.socket, child: int) -> None:
    """Hand a descriptor of the child's process over the line; nothing where nobody waits for it."""
    handles = []
    with contextlib.suppress(OSError):  # it has ended already; or an old kernel: its alarm ends it
        handles = [os.pidfd_open(child)]
    with contextlib.suppress(ConnectionError):
        socket.send_fds(line, [_FORKED], handles)
    for handle in handles:
        os.close(handle)
