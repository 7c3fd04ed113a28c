"""The wall around the worker: what a network that took it over can do, each with a control."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from answering import Question

from explainers.locations import PROJECT
from explainers.models.zoo.demos import demos
from explainers.service.backends.local import LocalBackend
from explainers.service.sandbox import landlock, seccomp, worker_sandbox
from explainers.service.worker import process
from tests.service.test_local_backend import finished

pytestmark = [
    pytest.mark.skipif(
        landlock.version() < 4 or not seccomp.available(),
        reason="this system cannot shut the worker in",
    ),
    pytest.mark.filterwarnings("ignore"),
]
REFUSED = ("PermissionError",)


class Attackers:
    """The real engine with workers that try things: without a wall, behind it, and offline."""

    def __init__(self, folder: Path, photo: bytes) -> None:
        self.home, self.other = folder / "home", folder / "other"
        for path in (self.home, self.other):
            path.mkdir()
        (self.home / "notes").write_text("a secret")
        self.engines: dict[str, LocalBackend] = {}
        self._folder, self._photo = folder, photo

    def engine(self, how: str) -> LocalBackend:
        if how not in self.engines:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(process, "PREFORK", "tests.hostile.attackers.worker_attacks")
                patch.setenv("HOME", str(self.home))
                patch.setenv("A_TOKEN", "secret")
                patch.setenv("EVIDENT_CONVICT_FREE", str(int(how == "free")))
                patch.setenv("EVIDENT_OFFLINE", str(int(how == "offline")))
                for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
                    patch.delenv(name, raising=False)
                engine = self.engines[how] = LocalBackend(self._folder / how)
                finished(engine.submit(self._question(engine).task, "a"))
        return self.engines[how]

    def _question(self, engine: LocalBackend, **fields) -> Question:
        return Question(demos()["signs"].spec, engine.store.put_blob(self._photo), **fields)

    def tried(self, how: str, *actions: tuple[str, object]) -> list[str]:
        engine = self.engine(how)
        options = {"actions": [(name, str(argument)) for name, argument in actions]}
        job = finished(
            engine.submit(self._question(engine, method="escape", options=options).task, "a")
        )
        assert job.state == "done", job.message
        return engine.store.answer(job.digest)[0]["tried"]

    def refused(self, *actions: tuple[str, object]) -> None:
        """All are refused behind the wall; first of all they must be possible without."""
        behind = self.tried("shut", *actions)
        assert [how in REFUSED for how in behind] == [True] * len(actions), (actions, behind)
        assert self.tried("free", *actions) == ["done"] * len(actions), actions


@pytest.fixture(scope="module")
def attackers(tmp_path_factory, photo):
    attackers = Attackers(tmp_path_factory.mktemp("attackers"), photo)
    yield attackers
    for engine in attackers.engines.values():
        engine.close()


def test_it_reads_no_file_of_the_person_or_the_system(attackers):
    attackers.refused(
        ("read", "/etc/passwd"),
        ("read", attackers.home / "notes"),
        ("list", attackers.home),
        ("list", "/"),
        ("list", PROJECT),
        ("read", PROJECT / ".streamlit" / "config.toml"),
        ("read", f"/proc/{os.getpid()}/environ"),
        ("list", "/tmp"),
    )


def test_no_folder_that_it_reads_holds_the_servers_secrets(monkeypatch, tmp_path):
    secrets = PROJECT / ".streamlit" / "secrets.toml"
    assert not {secrets, *secrets.parents} & set(worker_sandbox.readable())
    assert PROJECT / "explainers" in worker_sandbox.readable()
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path.home()), str(PROJECT), str(tmp_path)])
    assert not {Path.home(), PROJECT, Path("/")} & set(worker_sandbox.readable())
    assert tmp_path in worker_sandbox.readable()
    monkeypatch.setenv("EVIDENT_READABLE", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    assert {tmp_path / "a", tmp_path / "b"} <= set(worker_sandbox.readable())


def test_it_changes_nothing_outside_the_store(attackers):
    kept = attackers.other / "kept"
    kept.write_bytes(b"kept")
    actions = [
        ("create", attackers.other / "new"),
        ("symlink", attackers.other / "led"),
        ("append", kept),
        ("link", kept),
        ("truncate", kept),
        ("delete", kept),
    ]
    behind = attackers.tried("shut", *actions)
    # Nothing is made by a name that leads to another folder.
    assert all(how in (*REFUSED, "OSError") for how in behind), behind
    assert kept.read_bytes() == b"kept" and list(attackers.other.iterdir()) == [kept]
    assert attackers.tried("free", *actions) == ["done"] * len(actions)
    assert not kept.exists()


def test_it_starts_no_program_and_no_process(attackers):
    attackers.refused(("program", "/bin/true"), ("fork", ""))


def test_it_reaches_no_other_process(attackers):
    attackers.refused(("signal", os.getpid()), ("handle", os.getpid()))


def test_it_changes_no_files_rights_owner_times_or_attributes(attackers, tmp_path):
    kept = tmp_path / "kept"
    kept.write_bytes(b"kept")
    before = kept.stat()
    # What it may read is enough for some of these.
    library = attackers.engine("shut").store.folder / "library"
    library.write_bytes(b"")
    actions = [
        ("rights", kept),
        ("owner", kept),
        ("times", kept),
        ("rights_of_open_file", library),
        ("times_of_open_file", library),
    ]
    try:
        os.setxattr(kept, "user.test", b"x")
        actions.append(("attribute", kept))
    except OSError:
        pass  # this file system has none
    behind = attackers.tried("shut", *actions)
    after = kept.stat()
    assert behind == ["PermissionError"] * len(actions), (actions, behind)
    assert (after.st_mode, after.st_uid, after.st_mtime) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime,
    )
    assert attackers.tried("free", *actions) == ["done"] * len(actions)


def test_it_signals_slows_and_moves_no_other_process(attackers, tmp_path):
    with (
        subprocess.Popen(["sleep", "60"]) as other,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as named,
    ):
        named.bind(str(tmp_path / "s"))
        try:
            attackers.refused(
                ("owner_of_signals", other.pid),
                ("owner_by_ioctl", other.pid),
                ("signal_when_ready", ""),
                ("priority", other.pid),
                ("affinity", other.pid),
                ("scheduler", other.pid),
                ("datagrams", tmp_path / "s"),
            )
        finally:
            other.kill()
    harmless = [("flags", ""), ("own_affinity", "")]
    assert attackers.tried("shut", *harmless) == ["done"] * 2


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="calls by their numbers on x86-64")
def test_it_shares_no_memory_mounts_nothing_and_reads_no_log_of_the_kernel(attackers):
    attackers.refused(("shared_memory", ""))
    for action in ("mount", "kernel_log"):  # which administrators may
        assert attackers.tried("shut", (action, "")) == ["PermissionError"]
        if os.geteuid() == 0:
            assert attackers.tried("free", (action, "")) == ["done"]


def test_it_listens_nowhere_and_connects_only_to_port_443(attackers, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "s"))
        local.listen()
        attackers.refused(
            ("listen", ""),
            ("listen_without_binding", ""),
            ("unix", tmp_path / "s"),
            ("connect", server.getsockname()[1]),
            ("other_protocol", ""),
        )


def test_downloading_stays_possible_unless_the_server_is_offline(attackers):
    try:
        server = socket.create_server(("127.0.0.1", 443))
    except OSError:  # taken, or only for administrators: then nobody answers
        server = None
    expected = ("done", "ConnectionRefusedError") if server is None else ("done",)
    for how in ("free", "shut"):
        assert attackers.tried(how, ("connect", 443))[0] in expected
        assert attackers.tried(how, ("udp", "")) == ["done"], "names are asked for by UDP"
    assert attackers.tried("offline", ("connect", 443), ("udp", "")) == ["PermissionError"] * 2
    if server is not None:
        server.close()


def test_it_has_what_computing_needs(attackers):
    engine = attackers.engine("shut")
    (upload,) = engine.store.folder.glob("*.parsed")
    weights = attackers.home / ".cache" / "torch" / "hub" / "checkpoints"
    weights.mkdir(parents=True, exist_ok=True)
    actions = [
        ("read", upload),
        ("list", engine.store.folder),
        ("thread", ""),
        ("temporary", ""),
        ("create", weights / "net.pth"),
        ("create", engine.store.folder / "new"),
        ("delete", engine.store.folder / "new"),
        ("import", "colorsys"),
        ("read", "/proc/self/status"),
    ]
    assert attackers.tried("shut", *actions) == ["done"] * len(actions)
    assert (weights / "net.pth").read_bytes() == b"x"


def test_it_knows_no_secret_of_the_servers_environment(attackers):
    assert attackers.tried("shut", ("know", "A_TOKEN"), ("know", "HOME")) == ["KeyError", "done"]
    assert "PATH" in worker_sandbox.worker_environment()
