"""Workers that know one method more: to try what a network that took one over might try.

Started in the place of what forks workers; with EVIDENT_CONVICT_FREE=1 they have no wall. The
method "escape" tries the actions that its options name, and says how each went.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

from explainers.service.sandbox import worker_sandbox
from explainers.service.tasks.explain import Explain
from explainers.service.worker import prefork


def fork(_):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def thread(_):
    started = threading.Thread(target=int)
    started.start()
    started.join()


def connect(port):
    socket.create_connection(("127.0.0.1", int(port)), timeout=3).close()


def unix(path):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)


def listen(_):
    socket.create_server(("127.0.0.1", 0)).close()


def listen_without_binding(_):
    with socket.socket() as line:
        line.listen()


def other_protocol(_):
    socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).close()  # multipath TCP


def link(path):
    with tempfile.TemporaryDirectory() as folder:
        os.link(path, os.path.join(folder, "linked"))


def temporary(_):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")


def rights(path):
    with open(path) as file:
        os.fchmod(file.fileno(), 0o600)


def times_of_open_file(path):
    with open(path) as file:
        os.utime(file.fileno(), (1, 1))


def owner_of_signals(pid):
    """Let another process get a signal whenever something comes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fcntl.fcntl(ours, fcntl.F_SETOWN, int(pid))


def signal_when_ready(_):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fcntl.fcntl(ours, fcntl.F_SETFL, fcntl.fcntl(ours, fcntl.F_GETFL) | os.O_ASYNC)


def owner_by_ioctl(pid):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fcntl.ioctl(ours, 0x8901, struct.pack("i", int(pid)))  # FIOSETOWN


def flags(_):
    """What fcntl and ioctl are for: locks, flags, and how much waits."""
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile() as file:
        ours.setblocking(False)
        fcntl.ioctl(ours, 0x541B, struct.pack("i", 0))
        fcntl.lockf(file, fcntl.LOCK_EX)


def datagrams(path):
    """Send to a socket with a path by way of a pair."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        ours.sendto(b"x", path)


def called(number, *arguments):
    """Make a system call that Python has no words for."""
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number, *map(ctypes.c_long, arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def shared_memory(_):
    piece = called(29, 0, 4096, 0o1600)  # shmget, to be made
    called(31, piece, 0, 0)  # shmctl: deleted


def mount(_):
    kind = ctypes.create_string_buffer(b"tmpfs")
    os.close(called(430, ctypes.addressof(kind), 0))  # fsopen


ACTIONS = {
    "rights": lambda path: os.chmod(path, 0o600),
    "rights_of_open_file": rights,
    "owner": lambda path: os.chown(path, os.getuid(), os.getgid()),
    "times": lambda path: os.utime(path, (1, 1)),
    "times_of_open_file": times_of_open_file,
    "attribute": lambda path: os.setxattr(path, "user.evident", b"x"),
    "owner_of_signals": owner_of_signals,
    "owner_by_ioctl": owner_by_ioctl,
    "signal_when_ready": signal_when_ready,
    "flags": flags,
    "datagrams": datagrams,
    "priority": lambda pid: os.setpriority(os.PRIO_PROCESS, int(pid), 10),
    "affinity": lambda pid: os.sched_setaffinity(int(pid), os.sched_getaffinity(0)),
    "scheduler": lambda pid: os.sched_setscheduler(int(pid), os.SCHED_BATCH, os.sched_param(0)),
    "own_affinity": lambda _: os.sched_setaffinity(0, os.sched_getaffinity(0)),
    "shared_memory": shared_memory,
    "mount": mount,
    "kernel_log": lambda _: called(103, 10, 0, 0),
    "read": lambda path: Path(path).read_bytes(),
    "list": os.listdir,
    "create": lambda path: Path(path).write_bytes(b"x"),
    "append": lambda path: open(path, "ab").close(),
    "truncate": lambda path: os.truncate(path, 0),
    "delete": os.unlink,
    "link": link,
    "symlink": lambda path: os.symlink("/etc/passwd", path),
    "program": lambda path: subprocess.run([path], check=True),
    "fork": fork,
    "thread": thread,
    "signal": lambda pid: os.kill(int(pid), 0),
    "handle": lambda pid: os.close(os.pidfd_open(int(pid))),
    "connect": connect,
    "udp": lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
    "unix": unix,
    "listen": listen,
    "listen_without_binding": listen_without_binding,
    "other_protocol": other_protocol,
    "temporary": temporary,
    "import": __import__,
    "know": lambda name: os.environ[name],
}


def escape_or(run):
    """`run`, but for tasks of the method "escape": how each action went, "done" or the error."""

    def escape(task, context):
        if task.method != "escape":
            return run(task, context)
        return {"tried": [tried(*action) for action in task.options["actions"]]}, {}

    return escape


def tried(name: str, argument: str) -> str:
    """How one action went."""
    try:
        ACTIONS[name](argument)
    except Exception as error:
        return type(error).__name__
    return "done"


if __name__ == "__main__":
    Explain.run = escape_or(Explain.run)
    if os.environ.get("EVIDENT_CONVICT_FREE") == "1":
        worker_sandbox.enter_worker_sandbox = lambda store: None
    prefork.main()
