"""A process that tries one forbidden thing, in the sandbox or free, and prints how it went.

`python forbidden_actions.py sandboxed|free ACTION [ARGUMENT]`, or without arguments: as `serve`
says. What is refused in the sandbox must succeed when free, so that the refusal is the sandbox's
doing.
"""

import ctypes
import io
import mmap
import os
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import numpy.random
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from tests.hostile.attackers.reports import serve, tell

MAP_NORESERVE = 0x4000
LIBC = ctypes.CDLL(None, use_errno=True)


def _called(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def execute(path):
    # A program that was started prints instead of us.
    os.execv(path, [path, "done"])


def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def thread():
    started = threading.Thread(target=int)
    started.start()
    started.join()


def loop():
    while True:
        pass


def sleep():
    threading.Event().wait(60)


def tcp(port):
    socket.create_connection(("127.0.0.1", int(port)), timeout=3).close()


def udp(port):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hi", ("127.0.0.1", int(port)))


def unix(path):
    socket.socket(socket.AF_UNIX).connect(path)


def executable_memory():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def own_program(_=None):
    """Make existing memory executable, as injected machine code would have to."""
    size = 4096
    page = mmap.mmap(-1, size)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    _called(LIBC.mprotect(ctypes.c_void_p(address), size, 4 | 1))


def decode():
    for name in ("PNG", "JPEG", "WEBP"):
        buffer = io.BytesIO()
        Image.new("RGB", (40, 30), "red").save(buffer, name)
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
        assert np.asarray(image.convert("RGB")).shape == (30, 40, 3)


ACTIONS = {
    "read": lambda path: Path(path).read_bytes()[:10] or _called(-1),
    "stat": os.stat,
    "list": os.listdir,
    "create": lambda path: os.close(os.open(path, os.O_CREAT | os.O_WRONLY)),
    "append": lambda path: open(path, "a").close(),
    "truncate": lambda path: os.truncate(path, 0),
    "delete": os.unlink,
    "rename": lambda path: os.rename(path, path + "2"),
    "chmod": lambda path: os.chmod(path, 0o777),
    "mkdir": os.mkdir,
    "symlink": lambda path: os.symlink("/etc/passwd", path),
    "inherited": lambda number: os.read(int(number), 10),
    "memory_file": lambda: os.memfd_create("x"),
    "pipe": os.pipe,
    "tcp": tcp,
    "udp": udp,
    "unix": unix,
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "execute": execute,
    "fork": fork,
    "thread": thread,
    "signal": lambda pid: os.kill(int(pid), 0),
    "priority": lambda pid: os.setpriority(os.PRIO_PROCESS, int(pid), 19),
    "memory_of": lambda pid: _called(LIBC.process_vm_readv(int(pid), None, 0, None, 0, 0)),
    "namespace": lambda: _called(LIBC.unshare(0)),
    "executable_memory": executable_memory,
    "own_program": own_program,
    "shared_memory": lambda: _called(LIBC.shmget(0, 4096, 0o1600)),
    "loop": loop,
    "sleep": sleep,
    # Asked for and never touched, or the control would really take it.
    "eight_gigabytes": lambda: mmap.mmap(-1, 8 << 30, mmap.MAP_PRIVATE | MAP_NORESERVE).close(),
    "hundred_megabytes": lambda: np.ones(100_000_000, np.uint8).sum(),
    "compute": lambda: np.linalg.svd(np.random.default_rng(0).normal(size=(60, 60))),
    "decode": decode,
}


def attempt_of(action, *arguments):
    """What tries it and says how it went."""

    def attempt() -> str:
        try:
            ACTIONS[action](*arguments)
        except BaseException as error:
            return f"refused: {type(error).__name__}"
        return "done"

    return attempt


if __name__ == "__main__":
    if sys.argv[1:]:
        tell(sys.argv[1], attempt_of(*sys.argv[2:]), seconds=2)
    serve(attempt_of, seconds=2)
