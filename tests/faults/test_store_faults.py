"""What goes wrong with the store: damaged entries, a folder that cannot be written, pieces left.

None of it raises where an answer or a sentence is due, and each has a control.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from store_away import away

from explainers.errors import Problem
from explainers.service.backends.board import Board
from explainers.service.parsing.parsed_uploads import ParsedUploads, put
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.parsing.parsers import PARSERS
from explainers.service.parsing.upload_keys import UploadKey
from explainers.service.storage import folder as folders
from explainers.service.storage.folder import Unwritable
from explainers.service.storage.store import Store
from explainers.service.storage.uploads import Uploads
from explainers.service.worker.task_runner import TaskRunner

DIGEST = "a" * 64
DAMAGE = {
    "nothing is left": lambda data: b"",
    "half is left": lambda data: data[: len(data) // 2],
    "the start is lost": lambda data: bytes(64) + data[64:],
    "its numbers are changed": lambda data: data[:60] + bytes([data[60] ^ 255]) + data[61:],
    "it is another file": lambda data: b"PK\x03\x04" + b"x" * 100,
    "its facts are none": lambda data: without_facts(),
}


def without_facts() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, facts=np.array("[1"), scores=np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_answer_is_as_good_as_none(tmp_path, damage):
    store = Store(tmp_path)
    store.put_answer(DIGEST, {"a": 1}, scores=np.arange(5.0))
    assert store.answer(DIGEST)[0] == {"a": 1}
    path = store.path(f"{DIGEST}.npz")
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert store.answer(DIGEST) is None and not store.has_answer(DIGEST)
    store.put_answer(DIGEST, {"a": 2})
    assert store.answer(DIGEST)[0] == {"a": 2}


@pytest.mark.parametrize("entry", [b"", b"[]", b'{"owners": 3}', b"\xff"])
def test_a_damaged_note_of_an_owner_gives_nobody_the_upload(tmp_path, entry):
    uploads = Uploads(Store(tmp_path))
    digest, other = uploads.keep(b"mine", "ann"), uploads.keep(b"other", "ann")
    uploads.store.path(f"{digest}.own").write_bytes(entry)
    assert not uploads.may_open(digest, "ann") and uploads.may_open(other, "ann")
    assert uploads.uploads_of("ann") == [other]
    assert uploads.keep(b"mine", "ann") == digest and uploads.may_open(digest, "ann")


def test_bytes_that_were_damaged_are_mended_by_the_same_upload(tmp_path):
    store = Store(tmp_path)
    digest = store.put_blob(b"the bytes")
    store.path(f"{digest}.blob").write_bytes(b"THE bytes")
    assert store.put_blob(b"the bytes") == digest and store.blob(digest) == b"the bytes"


class Blocked:
    """A store's folder that is away for a while: a file stands in its place."""

    def __init__(self, folder):
        self.folder, self.away = folder, folder.with_name("away")

    def __enter__(self):
        self.folder.rename(self.away)
        self.folder.write_text("")

    def __exit__(self, *_):
        self.folder.unlink()
        self.away.rename(self.folder)


def test_what_cannot_be_written_is_said_and_can_be_later(tmp_path):
    store = Store(tmp_path / "store")
    digest = store.put_blob(b"kept")
    with Blocked(store.folder):
        assert not store.is_writable()
        for write in (
            lambda: store.put_blob(b"new"),
            lambda: store.put_answer(DIGEST, {}),
            lambda: Uploads(store).keep(b"new", "ann"),
        ):
            with pytest.raises(Unwritable, match="cannot keep anything now"):
                write()
        assert store.blob(digest) is None and store.answer(DIGEST) is None and store.size() == 0
    assert store.is_writable() and store.blob(digest) == b"kept"
    assert store.put_blob(b"new") and store.has_blob(digest)


def test_what_a_full_disk_refuses_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(Unwritable), store.writing(f"{DIGEST}.blob") as file:
        file.write(b"half")
        raise OSError(28, "No space left on device")
    with pytest.raises(FileNotFoundError), store.writing(f"{DIGEST}.blob") as file:
        os.stat("/no such file")  # of whoever fills the file: not the store's fault
    assert list(tmp_path.iterdir()) == []


HALF = """
import sys, time
from pathlib import Path
from explainers.service.storage.store import Store
with Store(Path(sys.argv[1])).writing("b" * 64 + ".blob") as file:
    file.write(b"a picture")
    file.flush()
    print("half", flush=True)
    time.sleep(60)
"""


def test_a_piece_of_an_upload_goes_when_its_writer_is_gone(tmp_path):
    store = Store(tmp_path)
    store.put_blob(b"kept")
    writer = subprocess.Popen(
        [sys.executable, "-c", HALF, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdout.readline() == "half\n"
        assert folders.sweep(tmp_path) == 0, "it is being written"
        writer.send_signal(signal.SIGKILL)
    assert len(list(tmp_path.iterdir())) == 2
    Board(tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".blob"]


def test_the_folder_is_nobody_elses(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    os.chmod(tmp_path / "open", 0o755)
    with pytest.raises(ValueError, match="can be opened by other users"):
        Store(tmp_path / "open")
    os.chmod(tmp_path / "open", 0o700)
    Store(tmp_path / "open").put_blob(b"x")
    if os.geteuid() == 0:
        os.chown(tmp_path / "open", 12345, 12345)
        with pytest.raises(ValueError, match="belongs to another user"):
            Store(tmp_path / "open")
    made = Store(tmp_path / "made" / "here").folder
    assert made.stat().st_mode & 0o777 == 0o700


def test_nothing_is_called_gone_while_the_store_is_away(tmp_path):
    runner = TaskRunner(Store(tmp_path / "store"))
    uploads = Uploads(runner.store)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    digest = uploads.keep(picture.getvalue(), "ann")
    key = UploadKey("picture", digest, {})
    content = PARSERS["picture"].parse(picture.getvalue())
    with parsed_uploads_of(runner.store) as parsed:
        for _ in range(2):
            with away(tmp_path / "store"):
                for ask in (
                    lambda: uploads.may_open(digest, "ann"),
                    lambda: runner.parsed(key),
                    lambda: parsed.get("picture", digest),
                ):
                    with pytest.raises(Unwritable):
                        ask()
            put(runner.store, "picture", digest, content)
            assert uploads.may_open(digest, "ann") and not uploads.may_open(digest, "bob")
            assert runner.parsed(key)[0] == parsed.get("picture", digest)[0] == content[0]
        uploads.delete("ann")
        assert not uploads.may_open(digest, "ann")
        with pytest.raises(Problem, match="no longer kept"):
            runner.parsed(key)
        with pytest.raises(Problem, match="no longer kept"):
            parsed.get("picture", digest)


@contextlib.contextmanager
def parsed_uploads_of(store):
    """What reads a store's uploads, ended with the block."""
    pool = ParserPool()
    try:
        yield ParsedUploads(store, pool)
    finally:
        pool.close()
