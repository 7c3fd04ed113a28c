"""Whose an upload is: owners, sharing, deletion, and the limits."""

import os
import time

import numpy as np
import pytest

from explainers import Problem
from explainers.service.limits import SETTINGS, Limits, read
from explainers.service.storage.store import Store
from explainers.service.storage.uploads import Uploads

ANSWER = "a" * 64


@pytest.fixture
def uploads(tmp_path):
    return Uploads(Store(tmp_path), most_bytes=100)


def test_only_the_maker_may_open_until_it_is_shared(uploads):
    digest = uploads.keep(b"mine", "ann")
    assert uploads.may_open(digest, "ann") and not uploads.may_open(digest, "bob")
    uploads.share([digest], "bob")
    assert not uploads.may_open(digest, "bob"), "only its maker can share"
    assert uploads.shared_by("ann") == []
    uploads.share([digest], "ann")
    assert uploads.may_open(digest, "bob")
    assert uploads.shared_by("ann") == [digest] and uploads.shared_by("bob") == []
    for wrong in ("", "../../etc/passwd", "f" * 64):
        assert not uploads.may_open(wrong, "ann")
    other = Uploads(Store(uploads.store.folder))
    assert other.may_open(digest, "bob"), "it is on disk, not in one process"


def test_an_empty_file_is_not_kept(uploads):
    with pytest.raises(Problem, match=r"This picture is empty \(0 bytes\)"):
        uploads.keep(b"", "ann", "picture")
    assert uploads.bytes_of("ann") == 0


def test_deleting_takes_the_bytes_and_the_answers(uploads):
    digest, kept = uploads.keep(b"mine", "ann"), uploads.keep(b"bob's", "bob")
    uploads.store.put_answer(ANSWER, {}, scores=np.zeros(3))
    uploads.record_answer(ANSWER, [digest, "0" * 64])
    assert uploads.delete("ann") == 1
    assert uploads.store.blob(digest) is None and uploads.store.answer(ANSWER) is None
    assert not uploads.may_open(digest, "ann") and uploads.uploads_of("ann") == []
    assert uploads.may_open(kept, "bob")
    assert [path.name for path in uploads.store.folder.iterdir() if digest in path.name] == []


def test_what_two_visitors_brought_stays_for_the_other(uploads):
    digest = uploads.keep(b"the same", "ann")
    assert uploads.keep(b"the same", "bob") == digest
    uploads.share([digest], "ann")
    uploads.delete("ann")
    assert uploads.may_open(digest, "bob") and not uploads.may_open(digest, "ann")
    uploads.delete("bob")
    assert uploads.store.blob(digest) is None


def test_a_visitor_has_a_share_of_the_store(uploads):
    uploads.keep(b"x" * 60, "ann")
    with pytest.raises(Problem, match="Delete your uploads first"):
        uploads.keep(b"y" * 60, "ann", "picture")
    assert uploads.bytes_of("ann") == 60
    uploads.keep(b"y" * 60, "bob")
    uploads.delete("ann")
    uploads.keep(b"y" * 60, "ann")


def test_what_nobody_opens_goes_in_time(uploads):
    old, new = uploads.keep(b"old", "ann"), uploads.keep(b"new", "ann")
    past = time.time() - 3 * 86400
    os.utime(uploads.store.path(f"{old}.blob"), (past, past))
    uploads.delete_unused(days=2)
    assert uploads.uploads_of("ann") == [new]
    assert uploads.store.blob(old) is None and uploads.store.blob(new) == b"new"


def test_an_evicted_upload_leaves_no_owner(tmp_path):
    uploads = Uploads(Store(tmp_path, limit=1000))
    first = uploads.keep(b"a" * 600, "ann")
    past = time.time() - 100
    os.utime(uploads.store.path(f"{first}.blob"), (past, past))
    second = uploads.keep(b"b" * 600, "ann")
    assert uploads.uploads_of("ann") == [second]


def test_the_settings_file_holds_every_limit_and_its_default():
    assert read(SETTINGS) == Limits()
    text = SETTINGS.read_text(encoding="utf-8")
    lines = text.splitlines()
    for name in Limits.__dataclass_fields__:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{name} ="))
        assert lines[at - 1].startswith("# "), f"{name} has no reason"


@pytest.mark.parametrize(
    "line, words",
    [
        ("speed = 3", "no limit 'speed'"),
        ("models_warm = 0", "above 0"),
        ("models_warm = 1.5", "whole number"),
        ('picture_megabytes = "many"', "above 0"),
        ("days_kept = true", "above 0"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, line, words):
    path = tmp_path / "evident.toml"
    path.write_text(f"[limits]\n{line}\n")
    with pytest.raises(ValueError, match=words):
        read(path)


def test_what_is_left_out_has_its_default(tmp_path):
    path = tmp_path / "evident.toml"
    assert read(path) == Limits()
    path.write_text("[limits]\npicture_megabytes = 5\n")
    assert read(path) == Limits(picture_megabytes=5)
