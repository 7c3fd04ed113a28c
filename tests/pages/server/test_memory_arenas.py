"""The threads of the web process take memory from few places; without being told, from many."""

import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, sys, threading
if {told}:
    from pages.server.memory import share_arenas
    assert share_arenas()
ready, go = threading.Barrier(17), threading.Event()
def work():
    held = [bytes(5000) for _ in range(2000)]
    ready.wait()
    go.wait()
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads:
    thread.start()
ready.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
go.set()
print(open(sys.argv[1]).read().count("<heap nr="))
"""


def arenas(told: bool, folder) -> int:
    command = [sys.executable, "-c", SCRIPT.format(told=told), str(folder / "info")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's own")
def test_threads_share_arenas(tmp_path):
    assert arenas(True, tmp_path) <= 3 < arenas(False, tmp_path)
