"""Deletion deletes: whatever is looked for on the disk afterwards is gone, and the rest is not."""

import os
import time

import numpy as np
import pytest

from explainers.service.storage.store import Store
from explainers.service.storage.uploads import Uploads
from explainers.service.tasks import Task
from explainers.service.tasks.task import Answer, InputRef
from explainers.service.worker.task_runner import TaskRunner

SECRET = b"a picture that nobody else may see"
ANSWERS = ["a" * 64, "b" * 64, "c" * 64]


@pytest.fixture
def uploads(tmp_path):
    return Uploads(Store(tmp_path))


def on_disk(uploads: Uploads) -> set[str]:
    return {path.name for path in uploads.store.folder.iterdir()}


class Inner(Task, frozen=True):
    """A question that another asks in between."""

    input: InputRef

    def run(self, context) -> Answer:
        return {"seen": "inner"}, {"scores": np.zeros(3)}


class Outer(Inner, frozen=True):
    """It asks another question about the same upload, whose answer is kept too."""

    def run(self, context) -> Answer:
        context.answer(Inner(self.input))
        return {"seen": "outer"}, {"scores": np.zeros(3)}


def test_answers_to_questions_in_between_go_with_the_upload(uploads):
    runner = TaskRunner(uploads.store)
    mine, other = uploads.keep(SECRET, "ann"), uploads.keep(b"another", "ann")
    kept = Outer(InputRef(other))
    runner.run(kept.digest(), kept, print)
    before = on_disk(uploads)
    task = Outer(InputRef(mine))
    runner.run(task.digest(), task, print)
    assert len(uploads.store.made_from(mine)) == 2 and len(on_disk(uploads)) == len(before) + 4
    assert uploads.delete("ann", [mine]) == 1
    assert not [name for name in on_disk(uploads) if mine in name]
    assert uploads.store.answer(task.digest()) is None
    assert uploads.store.answer(Inner(InputRef(mine)).digest()) is None
    assert uploads.store.answer(kept.digest())[0] == {"seen": "outer"}
    assert on_disk(uploads) == before - {f"{mine}.blob", f"{mine}.own"}


def test_an_answer_that_comes_after_the_deletion_is_not_kept(uploads):
    mine, other = uploads.keep(SECRET, "ann"), uploads.keep(b"another", "ann")
    uploads.delete("ann", [mine])
    uploads.store.put_answer(ANSWERS[0], {}, made_from=[mine], map=np.zeros(3))
    uploads.store.put_answer(ANSWERS[1], {}, made_from=[other], map=np.zeros(3))
    assert not uploads.store.has_answer(ANSWERS[0]) and uploads.store.has_answer(ANSWERS[1])


def test_what_is_evicted_takes_its_answers_along(tmp_path):
    store = Store(tmp_path, limit=100_000)
    noise = np.random.default_rng(0).bytes
    old, new = store.put_blob(noise(35_000)), store.put_blob(noise(35_000))
    for index, (upload, answer) in enumerate(zip((old, new), ANSWERS, strict=False)):
        store.put_answer(answer, {}, made_from=[upload])
        os.utime(store.path(f"{upload}.blob"), (index + 1, index + 1))
    assert store.has_answer(ANSWERS[0])
    store.put_blob(noise(35_000))
    assert not store.has_blob(old) and not store.has_answer(ANSWERS[0])
    assert store.has_blob(new) and store.has_answer(ANSWERS[1])
    assert not [path for path in tmp_path.iterdir() if old in path.name]


def test_what_an_upload_becomes_counts_and_makes_room_of_the_visitors_own(tmp_path):
    uploads = Uploads(Store(tmp_path), most_bytes=30_000)
    noise = np.random.default_rng(0).bytes
    mine, other = uploads.keep(b"small", "ann"), uploads.keep(b"bob's", "bob")
    for upload, answer, used in (
        (other, ANSWERS[0], 1),
        (mine, ANSWERS[1], 2),
        (mine, ANSWERS[2], 3),
    ):
        values = np.frombuffer(noise(20_000), np.uint8)
        uploads.store.put_answer(answer, {}, made_from=[upload], values=values)
        os.utime(uploads.store.path(f"{answer}.npz"), (used, used))
    uploads.trim("bob")
    uploads.trim("ann")
    kept = [uploads.store.has_answer(answer) for answer in ANSWERS]
    assert kept == [True, False, True], "the visitor's own oldest goes"
    assert uploads.may_open(mine, "ann") and uploads.may_open(other, "bob")


def test_what_an_upload_left_goes_when_the_server_starts(uploads):
    mine, other = uploads.keep(SECRET, "ann"), uploads.keep(b"another", "ann")
    for upload, answer in ((mine, ANSWERS[0]), (other, ANSWERS[1])):
        uploads.store.put_answer(answer, {}, made_from=[upload])
        with uploads.store.writing(f"{upload}.parsed") as file:
            file.write(b"parsed")
    uploads.store.path(f"{mine}.blob").unlink()  # the server was killed in the middle
    uploads.store.sweep()
    assert not [name for name in on_disk(uploads) if mine in name]
    assert not uploads.store.has_answer(ANSWERS[0]) and uploads.store.has_answer(ANSWERS[1])
    assert f"{other}.parsed" in on_disk(uploads)


def test_a_visitors_files_by_name_to_use_share_and_take_back(uploads):
    name = "![x](http://evil)" + "n" * 300
    table = uploads.keep(b"a,b\n1,2\n", "ann", name="rows.csv", use=("data", ".csv"))
    time.sleep(0.01)
    named = uploads.keep(SECRET, "ann", "picture", name, ("picture", ""))
    uploads.keep(SECRET, "bob", "picture", "bob's own name")
    listed = uploads.list_of("ann")
    assert [upload.digest for upload in listed] == [named, table]
    assert listed[0].name == name[:200] and listed[1].use == ("data", f"{table}.csv")
    assert [upload.name for upload in uploads.list_of("bob")] == ["bob's own name"]
    assert uploads.list_of("carl") == []
    uploads.share([named, table], "ann")
    uploads.take_back([table], "carl")
    uploads.take_back([named], "ann")
    assert not uploads.may_open(named, "carl") and uploads.may_open(table, "carl")
    assert uploads.alone("ann", [named, table]) == [table]
    uploads.delete("ann", [named])
    assert [upload.digest for upload in uploads.list_of("ann")] == [table]
    assert uploads.may_open(named, "bob") and b"evil" not in b"".join(
        path.read_bytes() for path in uploads.store.folder.iterdir()
    )
