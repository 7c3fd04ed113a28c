"""What operators read in the log, and that no word of an upload is in it."""

import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from runner_models import loop, model_of

from explainers import Problem
from explainers.service import logs
from explainers.service.parsing.parser_pool import ParserPool, check_answer
from explainers.service.parsing.parsers import PARSERS
from explainers.service.runners import models
from explainers.service.sandbox import fork_server
from explainers.service.sandbox.fork_server import ForkServer
from explainers.service.sandbox.sandbox import sandbox_layers
from explainers.service.storage.store import Store
from explainers.service.storage.uploads import Uploads
from tests.hostile.attackers import lying_parser

ROOT = Path(__file__).resolve().parents[2]
SECRET = "mrs-robinson"
needs_sandbox = pytest.mark.skipif(
    not sandbox_layers().complete, reason="this system has no complete sandbox"
)


@pytest.fixture
def records(caplog):
    caplog.set_level(logging.DEBUG, logger="explainers")
    return caplog


@pytest.fixture
def lying(monkeypatch):
    monkeypatch.setattr(fork_server, "COMMAND", (sys.executable, lying_parser.__file__))
    pool = ParserPool()
    yield pool
    pool.close()


def test_a_parse_is_logged_with_its_kind_bytes_seconds_and_ending(parser_pool, records):
    data = f"{SECRET}\ndog".encode()
    parser_pool.parse("class_names", data)
    with pytest.raises(Problem, match=SECRET):
        parser_pool.parse("card", f'{{"evident": 2, "settings": {{"{SECRET}": 1}}}}'.encode())
    parsed, refused = [r for r in records.records if r.name.endswith("parser_pool")]
    assert re.fullmatch(rf"class_names of {len(data)} bytes: parsed after [\d.]+ s", parsed.message)
    assert re.fullmatch(r"card of \d+ bytes: refused after [\d.]+ s", refused.message)
    assert parsed.levelno == refused.levelno == logging.INFO
    assert SECRET not in records.text


def test_a_parser_process_that_ends_without_an_answer_is_a_warning(lying, records):
    with pytest.raises(Problem, match="ended without a result"):
        lying.parse("picture", b"nothing")
    assert records.records[-1].levelno == logging.WARNING
    assert "picture of 7 bytes: ended without an answer" in records.text


def test_what_a_check_refuses_is_logged_without_its_words(records):
    from explainers.service import codec

    frame = codec.encode({}, {SECRET: np.zeros(3)})
    with pytest.raises(Problem, match="ended without a result"):
        check_answer(PARSERS["picture"], frame)
    assert "an answer as a picture was refused by its check" in records.text
    assert SECRET not in records.text


def test_a_fork_server_that_does_not_start_is_logged_with_its_status(records):
    server = ForkServer((sys.executable, "-c", "raise SystemExit(3)"), lambda: os.environ, "no")
    with pytest.raises(Problem, match="^no$"):
        server._fork(b"message", ())
    first, second = records.records
    assert (first.levelno, second.levelno) == (logging.WARNING, logging.ERROR)
    assert "at attempt 2" in second.message and second.exc_info
    server._end()


@needs_sandbox
def test_a_network_that_is_late_is_a_warning(records, monkeypatch):
    monkeypatch.setattr(models, "SECONDS_TO_ANSWER", 1)
    monkeypatch.setattr(models, "SECONDS_A_ROW", 0)
    model = model_of(loop(2**63 - 1))
    with pytest.raises(Problem):
        model(torch.zeros(1, 4))
    assert "the process of a network in onnx had 1 seconds" in records.text
    assert "onnx runs a network of " in records.text


def test_deleted_uploads_are_counted_and_not_named(tmp_path, records):
    uploads = Uploads(Store(tmp_path))
    digest = uploads.keep(SECRET.encode(), "ann")
    uploads.keep(b"another", "ann")
    uploads.delete("ann")
    assert records.messages == ["a visitor deleted 2 uploads"]
    uploads.keep(b"old", "bob")
    past = time.time() - 3 * 86400
    for path in tmp_path.glob("*.blob"):
        os.utime(path, (past, past))
    uploads.delete_unused(2)
    assert records.messages[1:] == ["deleted 1 uploads that nobody opened for 2 days"]
    assert not any(word in records.text for word in (SECRET, digest, "ann", "bob"))


def test_a_full_store_says_how_much_it_deleted(tmp_path, records):
    store = Store(tmp_path, limit=1000)
    store.put_blob(b"a" * 600)
    store.put_blob(b"b" * 600)
    assert records.messages == ["the store was full: of 1200 bytes 600 were deleted"]


CODE = f"""
import contextlib, logging
from explainers import Problem
from explainers.service import logs
from explainers.service.parsing.parser_pool import ParserPool
CONFIGURE
pool = ParserPool()
pool.parse("sequence", b">{SECRET}\\nACGT", suffix=".fasta")
with contextlib.suppress(Problem):
    pool.parse("table", b"{SECRET},{SECRET}\\n1", suffix=".csv")
pool.close()
logging.getLogger("explainers.anything").warning("a warning")
"""


def stderr(level: str | None, configure: bool = True) -> str:
    """What a server and its parser processes write to standard error at that level."""
    environment = {name: value for name, value in os.environ.items() if name != logs.LEVEL}
    environment |= {} if level is None else {logs.LEVEL: level}
    code = CODE.replace("CONFIGURE", "logs.configure()" if configure else "")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_at_the_lowest_level_all_processes_write_and_none_a_word_of_an_upload():
    written = stderr("debug")
    for words in (
        "parsers 'light' warm after",
        "parsers 'tables' warm after",
        "sequence of 18 bytes: parsed after",
        "table of 27 bytes: ",
        "WARNING explainers.anything",
    ):
        assert words in written, words
    assert SECRET not in written


def test_warnings_are_written_unless_the_level_says_otherwise():
    quiet = stderr(None)
    assert "WARNING explainers.anything" in quiet and "INFO" not in quiet
    assert stderr("error") == ""


def test_the_library_alone_is_quiet():
    assert stderr(None, configure=False) == ""


def test_an_unknown_level_stops_the_start(monkeypatch):
    monkeypatch.setenv(logs.LEVEL, "loud")
    with pytest.raises(ValueError, match="EVIDENT_LOG=loud is none of DEBUG, INFO"):
        logs.configure()
