"""Nothing leaves the machine: what the server's process connects to, and whom it lets in."""

import asyncio
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explainers.locations import PROJECT
from tests.bench.crowd.visitor import Unanswered, Visitor

SERVER = Path(__file__).parent / "attackers" / "heard_server.py"
LOCAL = re.compile(r"""'(127\.0\.0\.1|::1|localhost|0\.0\.0\.0)'|^'/|^b?'\\x00|^b'/""")


def heard(log: Path) -> list[str]:
    """The addresses that were wanted, but for those of this computer."""
    lines = [line.partition(" ")[2] for line in log.read_text().splitlines()]
    return [line for line in lines if not LOCAL.search(line)]


class Served:
    """The server on a port of its own, and what it wanted to reach."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log, self.store = folder / "wanted", folder / "store"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.output = (folder / "server.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER), str(self.log), str(self.port)],
            cwd=PROJECT,
            env={
                **os.environ,
                "EVIDENT_STORE": str(self.store),
                "PYTHONPATH": str(PROJECT),
                "TMPDIR": str(self.temporary),
            },
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, b"" if answer.status == 101 else answer.read()
        finally:
            connection.close()

    def open_socket(self, origin: str) -> int:
        return self.ask(
            "/_stcore/stream",
            Upgrade="websocket",
            Connection="Upgrade",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==",
            Origin=origin,
        )[0]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("served"))
    try:
        for _ in range(600):
            if served.process.poll() is not None:
                served.output.seek(0)
                raise RuntimeError(served.output.read())
            try:
                served.ask("/health")
                break
            except OSError:
                time.sleep(0.1)
        yield served
    finally:
        served.process.terminate()
        try:
            served.process.wait(15)
        except subprocess.TimeoutExpired:
            served.process.kill()
        served.output.close()


def test_what_is_wanted_is_heard(tmp_path):
    log = tmp_path / "wanted"
    subprocess.run([sys.executable, str(SERVER), str(log), "control"], check=True, timeout=60)
    wanted = " ".join(heard(log))
    assert "checkip.amazonaws.com" in wanted and "8.8.8.8" in wanted


def test_only_pages_of_its_own_are_let_in_and_nobody_is_asked(served):
    own = f"http://127.0.0.1:{served.port}"
    assert served.open_socket(own) == 101
    for foreign in ("http://evil.example", "https://evil.example", "null", own + "0", "file://"):
        assert served.open_socket(foreign) == 403
    assert served.ask("/_stcore/upload_file/a/b", "PUT", Origin="http://evil.example")[0] == 403
    assert served.ask("/_stcore/metrics")[0] == 404
    assert heard(served.log) == []
    assert "checkip" not in (served.output.seek(0) or served.output.read())


def test_it_listens_on_this_computer_alone(served):
    address = f"{served.port:04X}"
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{address}")
    ]
    assert listening == [f"0100007F:{address}"]


def test_its_health_is_told_and_its_folder_is_its_own(served):
    status, body = served.ask("/health")
    facts = json.loads(body)
    assert facts["engine"] and facts["store"] and (status == 200) == facts["ok"]
    assert served.ask("/_stcore/health")[0] == status
    assert served.store.stat().st_mode & 0o777 == 0o700
    away = served.store.with_name("away")
    served.store.rename(away)
    served.store.write_text("")
    try:
        status, body = served.ask("/health")
        assert status == 503 and not json.loads(body)["store"]
        assert served.ask("/_stcore/health")[0] == 503
        browser = served.ask("/_stcore/health", Sec_Fetch_Mode="cors")
        assert browser[0] == 200, "the page must come up to say what is wrong"
    finally:
        served.store.unlink()
        away.rename(served.store)
    assert json.loads(served.ask("/health")[1])["store"]


def test_an_upload_is_taken_from_its_own_session_and_may_break_off(served):
    async def visit() -> tuple[str, int]:
        async with Visitor(served.port, {}) as visitor, Visitor(served.port, {}) as stranger:
            await visitor.upload(b"a picture, or not")
            url = visitor._file.file_urls.upload_url
            with pytest.raises(Unanswered, match="refused with status 403"):
                stranger._put(url, b"of another browser")
            gone = url.replace(visitor._session, "nobody")
            with pytest.raises(Unanswered, match="refused with status 404"):
                visitor._put(gone, b"of nobody's session")
            cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
            with socket.create_connection(("127.0.0.1", served.port)) as line:
                begun = (
                    f"PUT {url} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nCookie: {cookie}\r\n"
                    f"X-Xsrftoken: {visitor.cookies['_streamlit_xsrf']}\r\n"
                    "Content-Type: multipart/form-data; boundary=x\r\n"
                    "Content-Length: 100000\r\n\r\n--x\r\n"
                )
                line.sendall(begun.encode())
                await asyncio.sleep(0.5)
            await asyncio.sleep(0.5)
            return url, served.ask(url, "DELETE")[0]

    with ThreadPoolExecutor(1) as thread:  # tests in a browser leave a loop running in this one
        _, deleted = thread.submit(asyncio.run, visit()).result()
    assert deleted == 403, "without the cookie of its browser"
    served.output.seek(0)
    assert "Traceback" not in served.output.read()


def test_a_server_that_is_ended_leaves_nothing(served):
    served.process.terminate()
    served.process.wait(20)
    assert list(served.temporary.iterdir()) == []
    assert list(served.store.glob("temporary*")) == []
