"""The store: whole files under digests, bounded in bytes."""

import hashlib
import os

import numpy as np
import pytest

from explainers.service.storage.store import Store


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_blobs_and_answers_come_back(tmp_path):
    store = Store(tmp_path)
    name = store.put_blob(b"picture")
    assert name == hashlib.sha256(b"picture").hexdigest()
    assert store.blob(name) == b"picture"
    scores = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    store.put_answer(digest("a"), {"gap": 0.5, "notes": ["one"]}, scores=scores)
    facts, arrays = Store(tmp_path).answer(digest("a"))
    assert facts == {"gap": 0.5, "notes": ["one"]}
    assert np.array_equal(arrays["scores"], scores)
    assert store.blob(digest("b")) is None and store.answer(digest("b")) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "/x"])
def test_only_digests_name_files(name, tmp_path):
    with pytest.raises(ValueError):
        Store(tmp_path).blob(name)


def test_the_oldest_goes_first_when_the_folder_is_full(tmp_path):
    store = Store(tmp_path, limit=10_000)
    names = []
    for index in range(8):
        names.append(store.put_blob(bytes([index]) * 2000))
        os.utime(tmp_path / f"{names[-1]}.blob", (index, index))
        if index == 3:
            for k in (0, 1, 2, 3):
                os.utime(tmp_path / f"{names[k]}.blob", (k, k))
    assert store.size() <= 10_000
    assert store.blob(names[-1]) is not None
    assert store.blob(names[0]) is None


def test_reading_counts_as_use(tmp_path):
    store = Store(tmp_path, limit=10_000)
    kept = store.put_blob(b"k" * 3000)
    other = store.put_blob(b"o" * 3000)
    for name in (kept, other):
        os.utime(tmp_path / f"{name}.blob", (1, 1))
    store.blob(kept)
    store.put_blob(b"n" * 5000)
    assert store.blob(kept) is not None and store.blob(other) is None
