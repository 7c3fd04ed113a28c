"""The wall around the reading of uploads: one test a clause, each with a control that passes."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explainers import Problem
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.sandbox import landlock, sandbox, seccomp
from tests.hostile.attempts import ATTACKERS, ONE_THREAD, Attempts

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "forbidden_actions.py"

pytestmark = pytest.mark.skipif(
    not sandbox.sandbox_layers().complete, reason="this system has no complete wall"
)


@pytest.fixture(scope="module")
def tried():
    """What a process of its own printed, free or sandboxed; "killed" where it was ended."""
    attempts = Attempts(SCRIPT)
    yield attempts.tried
    attempts.close()


@pytest.fixture(scope="module")
def refused(tried):
    """Whether the wall refuses it; first of all it must be possible without."""

    def both(*action) -> bool:
        assert tried("free", *action) == "done", action
        return tried("sandboxed", *action) != "done"

    return both


@pytest.fixture(scope="module")
def victim():
    """Another process of the same person, that waits."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process.pid
    process.kill()
    process.communicate()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"a secret")
    return path


@pytest.mark.parametrize(
    "action", ["hundred_megabytes", "compute", "decode", "pipe", "thread", "fork"]
)
def test_a_free_process_can_do_everything(tried, action):
    assert tried("free", action) == "done"


@pytest.mark.parametrize("action", ["hundred_megabytes", "compute", "decode"])
def test_reading_needs_nothing_that_the_wall_refuses(tried, action):
    assert tried("sandboxed", action) == "done"


@pytest.mark.parametrize("action", ["read", "stat"])
def test_it_cannot_read_or_find_files(refused, file, action):
    for path in (file, "/etc/passwd", ROOT / "app.py", f"/proc/{os.getpid()}/environ"):
        assert refused(action, path)
    assert refused("list", file.parent)


def test_it_cannot_read_what_the_server_had_open(file):
    reports = {}
    with file.open("rb") as opened:
        number = opened.fileno()
        os.set_inheritable(number, True)
        for how in ("free", "sandboxed"):
            command = [sys.executable, str(ATTACKERS / SCRIPT), how, "inherited", str(number)]
            done = subprocess.run(command, stdout=subprocess.PIPE, pass_fds=[number], timeout=30)
            reports[how] = done.stdout.decode()
    assert reports == {"free": "done", "sandboxed": "refused: OSError"}


def test_threads_that_are_started_on_the_way_are_behind_the_wall_too(file):
    reports = []
    for how in ("free", "sandboxed"):
        command = [sys.executable, str(ATTACKERS / "started_thread.py"), how, str(file)]
        environment = {**os.environ, **ONE_THREAD}
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=30, env=environment)
        reports.append(done.stdout.decode())
    assert reports == ["done done", "1 and 2 threads: refused refused"]


@pytest.mark.parametrize("action", ["append", "truncate", "chmod", "rename", "delete"])
def test_it_cannot_change_files(tried, file, action):
    before = file.stat()
    assert tried("sandboxed", action, file) != "done"
    assert file.read_bytes() == b"a secret" and file.stat().st_mode == before.st_mode
    assert tried("free", action, file) == "done"


@pytest.mark.parametrize("action", ["create", "mkdir", "symlink"])
def test_it_cannot_make_files(tried, tmp_path, action):
    assert tried("sandboxed", action, tmp_path / "new") != "done"
    assert not os.path.lexists(tmp_path / "new")
    assert tried("free", action, tmp_path / "new") == "done"


@pytest.mark.parametrize("action", ["memory_file", "pipe", "shared_memory", "listen"])
def test_it_cannot_open_anything_else(refused, action):
    assert refused(action)


def test_it_cannot_connect(refused, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert refused("tcp", server.getsockname()[1])
        assert refused("udp", server.getsockname()[1])
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        assert refused("unix", tmp_path / "s")


def test_it_cannot_start_programs(tried, refused):
    assert tried("free", "execute", "/bin/echo") == "done"
    assert tried("sandboxed", "execute", "/bin/echo") == "killed"
    assert refused("fork") and refused("thread")


@pytest.mark.parametrize("action", ["signal", "priority", "memory_of"])
def test_it_cannot_touch_other_processes(refused, victim, action):
    assert refused(action, victim)


@pytest.mark.parametrize("action", ["namespace", "executable_memory", "own_program"])
def test_it_cannot_make_itself_another(refused, action):
    assert refused(action)


def test_it_cannot_take_all_memory(refused):
    assert refused("eight_gigabytes")


@pytest.mark.parametrize("action", ["loop", "sleep"])
def test_it_ends_in_time(tried, action):
    started = time.monotonic()
    with subprocess.Popen([sys.executable, ATTACKERS / SCRIPT, "free", action]) as free:
        try:
            assert tried("sandboxed", action) == "killed"
            took = time.monotonic() - started
            assert took < 30, "it was given two seconds"
            with pytest.raises(subprocess.TimeoutExpired):
                free.wait(max(0, 4 - took))
        finally:
            free.kill()


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("layer", ["seccomp", "landlock"])
def test_either_layer_alone_keeps_files_shut(layer, file):
    raised = {"seccomp": "refuse_all_but_reading", "landlock": "give_up_everything"}[layer]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from explainers.service.sandbox import landlock, seccomp\n"
        "import ctypes; ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)\n"
        f"{layer}.{raised}()\n"
        "try: open(sys.argv[2]); print('open')\n"
        "except PermissionError: print('shut')\n"
        "sys.stdout.flush(); import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), str(file)], capture_output=True)
    assert done.stdout.strip() == b"shut", done.stderr
    assert file.read_bytes()


def test_where_the_wall_is_missing_weights_are_refused_in_words(monkeypatch, photo):
    monkeypatch.setattr(seccomp, "available", lambda: False)
    assert not sandbox.sandbox_layers().complete
    parser_pool = ParserPool()
    with pytest.raises(Problem, match="cannot shut in .* seccomp.*EVIDENT_ALLOW_UNWALLED=1"):
        parser_pool.parse("state_dict", b"", suffix=".pt")
    assert parser_pool.parse("picture", photo)[1]["pixels"].shape == (90, 120, 3)
    monkeypatch.setenv(sandbox.ALLOW_UNSANDBOXED, "1")
    sandbox.require_sandbox()
    parser_pool.close()


def test_the_reading_process_knows_no_secret_of_the_server(monkeypatch):
    from explainers.service.sandbox.fork_server import minimal_environment

    monkeypatch.setenv("A_TOKEN", "secret")
    assert "secret" not in minimal_environment().values()
    assert minimal_environment()["PATH"] == os.environ["PATH"]
