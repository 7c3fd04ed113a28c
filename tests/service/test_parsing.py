"""The road of an upload: read behind the wall, kept in its parsed form, used by the worker."""

import ast
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from answering import Question
from safetensors.torch import save

from explainers import Problem
from explainers.errors import Cancelled
from explainers.kinds import picture
from explainers.models.spec import ModelSpec
from explainers.service.backends.local import LocalBackend
from explainers.service.parsing.parsed_uploads import ParsedUploads, parsed, put
from explainers.service.parsing.parsers.class_names import class_names
from explainers.service.parsing.parsers.state_dict import state_dict
from explainers.service.storage.store import Store
from tests.models.test_torchscript import scripted
from tests.pt2 import pt2_files

ROOT = Path(__file__).resolve().parents[2]
DEMO = ModelSpec("demo", "signs", size=96)


@pytest.fixture
def uploads(tmp_path, parser_pool):
    return ParsedUploads(Store(tmp_path), parser_pool)


def test_a_picture_is_kept_as_its_pixels(uploads, photo):
    digest = uploads.take("picture", photo, lambda: uploads.store.put_blob(photo))
    _, arrays = uploads.get("picture", digest)
    assert np.array_equal(arrays["pixels"], np.asarray(picture.read(photo)))
    (uploads.store.folder / f"{digest}.parsed").unlink()
    assert np.array_equal(uploads.get("picture", digest)[1]["pixels"], arrays["pixels"])
    arrays["pixels"][:] = 7
    assert uploads.get("picture", digest)[1]["pixels"].std() > 1, "what is kept cannot be changed"


def test_what_cannot_be_read_is_not_kept(uploads):
    with pytest.raises(Problem, match="not a picture"):
        uploads.take("picture", b"words", lambda: uploads.store.put_blob(b"words"))
    with pytest.raises(Problem, match="no longer kept"):
        uploads.get("picture", "0" * 64)
    with pytest.raises(Problem, match="no longer kept"):
        uploads.get("picture", "../../etc/passwd")

    def full() -> str:
        raise Problem("too many")

    with pytest.raises(Problem, match="too many"):
        uploads.take("class_names", b"a\nb", full)
    assert list(uploads.store.folder.iterdir()) == []


def test_the_parsed_form_goes_with_the_upload_and_counts_for_the_store(uploads, photo):
    digest = uploads.take("picture", photo, lambda: uploads.store.put_blob(photo))
    assert uploads.store.size() > len(photo) + 90 * 120 * 3
    uploads.store.delete(digest)
    assert list(uploads.store.folder.iterdir()) == []


def test_a_changed_file_or_another_way_of_reading_is_read_again(uploads, photo):
    digest = uploads.take("picture", photo, lambda: uploads.store.put_blob(photo))
    path = uploads.store.path(f"{digest}.parsed")
    path.write_bytes(path.read_bytes()[:-1])
    assert parsed(uploads.store, "picture", digest) is None
    assert parsed(uploads.store, "class_names", digest) is None
    assert uploads.get("picture", digest)[1]["pixels"].shape == (90, 120, 3)


def test_many_who_want_the_same_upload_have_it_read_once(uploads, photo, monkeypatch):
    digest, read, times = uploads.store.put_blob(photo), uploads.pool.parse_into, []

    def counted(*arguments, **options):
        times.append(1)
        read(*arguments, **options)

    monkeypatch.setattr(uploads.pool, "parse_into", counted)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: uploads.get("picture", digest), range(8)))
    assert len(times) == 1 and all(f[1]["pixels"].shape == (90, 120, 3) for f in found)


def test_weights_of_every_type_survive(parser_pool):
    types = (
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.int64,
        torch.uint8,
        torch.bool,
        torch.complex64,
    )
    state = {str(t): torch.arange(6).reshape(2, 3).to(t) for t in types}
    state |= {"scalar": torch.tensor(3.0), "empty": torch.zeros(0, 4)}
    found = state_dict(parser_pool.parse("state_dict", save(state), suffix=".safetensors"))
    assert set(found) == set(state)
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor)


def test_class_names_come_back_in_their_order(parser_pool):
    assert class_names(parser_pool.parse("class_names", '["größe", "b", ""]'.encode())) == (
        "größe",
        "b",
        "",
    )


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_a_network_under_the_name_of_weights_is_told_what_it_is(parser_pool, suffix):
    net = torch.nn.Linear(4, 2)
    with pytest.raises(Problem, match="TorchScript, which is a program(.|\n)*save_file"):
        parser_pool.parse("state_dict", scripted(net), suffix=suffix)
    with pytest.raises(Problem, match=r"from torch.export, not weights. .* the end \.pt2"):
        parser_pool.parse("state_dict", pt2_files.exported(net, torch.rand(2, 4)), suffix=suffix)
    with pytest.raises(Problem, match="cannot be read as weights"):
        parser_pool.parse("state_dict", b"PK\x03\x04" + bytes(200), suffix=suffix)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = LocalBackend(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


def test_the_worker_needs_no_upload_only_what_was_read(engine, photo):
    digest = "d" * 64
    put(engine.store, "picture", digest, ({}, {"pixels": np.asarray(picture.read(photo))}))
    job = engine.submit(Question(DEMO, digest, target=0).task, "a")
    _wait(job)
    assert job.state == "done", job.message


def test_a_job_is_cancelled_while_its_upload_is_read(engine, photo, monkeypatch):
    def forever(kind, upload, into, stop, turn, **options):
        while not stop():
            time.sleep(0.01)
        raise Cancelled

    monkeypatch.setattr(engine.parsed.pool, "parse_into", forever)
    job = engine.submit(Question(DEMO, engine.store.put_blob(photo), target=0).task, "a")
    while job not in engine._board.parsing:
        time.sleep(0.01)
    engine.cancel(job)
    _wait(job)
    assert job.state == "cancelled"


def _wait(job, seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not job.over and time.monotonic() < until:
        job.touch()
        time.sleep(0.01)


def test_nothing_else_in_the_app_decodes_uploads():
    decoding = ("read_state_dict", "read_class_names", "picture.read", "pictures.read", "kind.read")
    for folder in ("explainers/service", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            calls = {
                ast.unparse(node.func)
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
            }
            assert path.parent.name == "parsers" or not calls & {*decoding}, path
