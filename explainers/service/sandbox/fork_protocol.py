"""How a process asks a fork server for a fork, and what it hears: both ends of their socket."""

from __future__ import annotations

import contextlib
import os
import socket

_FORKED = b"forked"


def request_fork(
    connection: socket.socket, message: bytes, descriptors: tuple[int, ...]
) -> int | None:
    """Ask the fork server at the other end for a process, and wait until it is there.

    Parameters
    ----------
    connection : socket.socket
        Unix socket that keeps messages apart (SOCK_SEQPACKET).
    message : bytes
        What the new process is to do.
    descriptors : tuple of int
        Files that the new process gets; they stay open here.

    Returns
    -------
    int or None
        A pidfd of the new process, to be closed by the caller; None where it has ended already.

    Raises
    ------
    OSError
        Where the other end does not fork.
    """
    socket.send_fds(connection, [message], descriptors)
    report, handles, _, _ = socket.recv_fds(connection, 64, 1)
    if report != _FORKED:
        raise OSError("nothing was forked")
    return handles[0] if handles else None


def report_fork(connection: socket.socket, child: int) -> None:
    """Send a pidfd of the child to whoever asked for it; nothing where nobody waits any more."""
    handles = []
    with contextlib.suppress(OSError):  # it has ended already; or an old kernel: its alarm ends it
        handles = [os.pidfd_open(child)]
    with contextlib.suppress(ConnectionError):
        socket.send_fds(connection, [_FORKED], handles)
    for handle in handles:
        os.close(handle)
