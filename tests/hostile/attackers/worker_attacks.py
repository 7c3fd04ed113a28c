"""Workers that know one method more: to try what a network that took one over might try.

Started in the place of what forks workers; with EVIDENT_CONVICT_FREE=1 they have no wall. The
method "escape" tries the actions that its options name, and says how each went.
"""

import os
import socket
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


ACTIONS = {
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
