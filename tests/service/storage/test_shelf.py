"""A visitor's shelf: bound to its owner, kept over restarts, bounded, and gone with its uploads."""

import os
import time

import msgspec
import numpy as np
import pytest

from explainers.service.storage import shelf as shelf_module
from explainers.service.storage.shelf import Run, Shelf, Subject
from explainers.service.storage.store import Store
from explainers.service.storage.uploads import Uploads

SECRET = b"a picture that nobody else may see"


@pytest.fixture
def uploads(tmp_path):
    return Uploads(Store(tmp_path))


@pytest.fixture
def shelf(uploads):
    return Shelf(uploads)


def run(question: int = 0, uploads=(), **fields) -> Run:
    told = {"title": "a cat", "sentence": "a *secret* sentence", "thumbnail": b"drawn"} | fields
    return Run("explain", {"row": "1"}, (Subject({"asks": question}),), tuple(uploads), **told)


def on_disk(shelf: Shelf) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in shelf.folder.iterdir()}


def test_a_question_has_one_entry_of_its_owner_alone_and_outlives_the_server(shelf, uploads):
    key = shelf.keep("ann", run(when=1.0))
    shelf.change("ann", key, name="  Mine  ", note="for Monday", pinned=True)
    shelf.change("bob", key, name="Bob's")
    assert shelf.keep("ann", run(when=2.0, sentence="said anew")) == key
    assert shelf.keep("bob", run(when=3.0)) == key
    other = shelf.keep("ann", run(1, when=4.0))
    again = Shelf(Uploads(Store(uploads.store.folder)))
    kept = again.list_of("ann")
    assert list(kept) == [other, key], "the latest first"
    told = kept[key]
    assert (told.name, told.note, told.pinned, told.when) == ("Mine", "for Monday", True, 1.0)
    assert told.sentence == "said anew"
    assert [one.name for one in again.list_of("bob").values()] == [""]
    assert again.list_of("carl") == {} and again.get("carl", key) is None
    assert not [name for name in on_disk(shelf) if "ann" in name or "bob" in name]


def test_deleting_an_entry_leaves_nothing_of_it_and_all_else(shelf, uploads):
    mine = uploads.keep(SECRET, "ann")
    before = on_disk(shelf)
    key = shelf.keep("ann", run(uploads=[mine]))
    shelf.keep("bob", run())
    assert shelf.delete("bob", [key]) == 1 and shelf.list_of("ann")
    assert shelf.delete("ann", ["no such key"]) == 0
    assert shelf.delete("ann") == 1
    assert on_disk(shelf) == before


@pytest.mark.parametrize("how", ["deleted", "unused", "killed", "evicted"])
def test_entries_go_with_an_upload_however_it_goes(shelf, uploads, how):
    mine, other = uploads.keep(SECRET * 1000, "ann"), uploads.keep(b"another", "ann")
    uploads.share([mine], "ann")
    shelf.keep("ann", run(1, [mine, other]))
    assert shelf.keep("bob", run(2, [mine])), "a link was shared with bob"
    kept = [shelf.keep("ann", run(3, [other])), shelf.keep("ann", run(4, ["0" * 64, "no digest"]))]
    past = time.time() - 3 * 86400
    if how == "deleted":
        uploads.delete("ann", [mine])
    elif how == "unused":
        os.utime(uploads.store.path(f"{mine}.blob"), (past, past))
        uploads.delete_unused(2)
    elif how == "evicted":
        os.utime(uploads.store.path(f"{mine}.blob"), (past, past))
        uploads.store.limit = uploads.store.size() + 10
        uploads.store.put_blob(b"one more upload")
    else:
        uploads.store.path(f"{mine}.blob").unlink()
        uploads.store.sweep()
    assert set(shelf.list_of("ann")) == set(kept) and shelf.list_of("bob") == {}
    left = on_disk(shelf)
    assert not [name for name in left if mine in name] and SECRET not in b"".join(left.values())
    assert sum(name.endswith(".run") for name in left) == 2


def test_what_is_taken_back_leaves_the_shelves_of_others(shelf, uploads):
    mine = uploads.keep(SECRET, "ann")
    assert shelf.keep("bob", run(uploads=[mine])) == "", "it was never his to open"
    uploads.share([mine], "ann")
    shelf.keep("bob", run(uploads=[mine])), shelf.keep("ann", run(uploads=[mine]))
    uploads.take_back([mine], "ann")
    assert shelf.list_of("bob") == {} and len(shelf.list_of("ann")) == 1
    assert sum(name.endswith(".run") for name in on_disk(shelf)) == 1
    uploads.keep(SECRET, "bob")
    shelf.keep("bob", run(uploads=[mine]))
    uploads.delete("ann")
    assert shelf.list_of("ann") == {} and len(shelf.list_of("bob")) == 1, "he brought it too"


def test_an_entry_does_not_outlive_an_upload_that_goes_while_it_is_written(shelf, uploads):
    """A full store may let the very upload go for the entry that is made of it."""
    mine = uploads.keep(SECRET, "ann")
    os.utime(uploads.store.path(f"{mine}.blob"), (1, 1))
    uploads.store.limit = 100
    assert shelf.keep("ann", run(uploads=[mine], thumbnail=bytes(200))) == ""
    assert on_disk(shelf) == {}


def test_a_shelf_is_bounded_and_what_is_pinned_stays(shelf, uploads, monkeypatch):
    monkeypatch.setattr(shelf_module, "MOST_RUNS", 3)
    keys = [shelf.keep("ann", run(number, when=number + 1.0)) for number in range(3)]
    for age, key in enumerate(keys):
        os.utime(shelf._path("ann", key), (age, age))
    shelf.change("ann", keys[0], pinned=True)
    os.utime(shelf._path("ann", keys[0]), (0, 0))
    last = shelf.keep("ann", run(9, when=9.0))
    assert list(shelf.list_of("ann")) == [last, keys[2], keys[0]]
    for key in shelf.list_of("ann"):
        shelf.change("ann", key, pinned=True)
    assert shelf.keep("ann", run(10)) == "" and len(shelf.list_of("ann")) == 3
    assert shelf.keep("ann", run(9, sentence="anew")) == last, "what is there has its place"
    assert shelf.keep("bob", run(11))


def test_a_shelf_counts_in_the_limit_of_its_visitor(uploads):
    uploads.most_bytes = 3000
    shelf, noise = Shelf(uploads), np.random.default_rng(0).bytes
    for number in range(6):
        shelf.keep("ann", run(number, thumbnail=noise(400)))
    kept = shelf.list_of("ann")
    assert 2 <= len(kept) < 6
    assert sum(map(len, on_disk(shelf).values())) <= 3000
    assert uploads.store.size() == sum(map(len, on_disk(shelf).values()))
    assert shelf.keep("ann", run(7, thumbnail=noise(5000))) == "", "larger than all there is"
    assert shelf.keep("ann", run(8, thumbnail=bytes(shelf_module.LARGEST_RUN))) == ""


def test_what_nobody_looks_at_goes_in_time_and_damage_is_no_entry(shelf, uploads):
    old, new, damaged = (shelf.keep("ann", run(number)) for number in range(3))
    past = time.time() - 3 * 86400
    os.utime(shelf._path("ann", old), (past, past))
    uploads.delete_unused(2)
    shelf._path("ann", damaged).write_bytes(b"{}")
    assert list(shelf.list_of("ann")) == [new]
    moved = msgspec.json.decode(shelf._path("ann", new).read_bytes())
    moved["subjects"][0]["task"] = {"asks": "another"}
    shelf._path("ann", new).write_bytes(msgspec.json.encode(moved))
    assert shelf.list_of("ann") == {}, "an entry is found by its question alone"
