"""Uploads of TorchScript: let in where that is allowed, and looked at without being opened."""

import io
import zipfile

import pytest
import torch
from torch import nn

from explainers import Problem
from explainers.service.parsing.parsed_uploads import ParsedUploads, parsed
from explainers.service.runners import start
from explainers.service.runners.models import TorchScriptModel
from explainers.service.sandbox.sandbox import sandbox_layers
from explainers.service.settings import model_settings
from explainers.service.storage.store import Store
from tests.models.test_torchscript import perceptron, scripted
from tests.service.test_script_runner import allowed as allowed

pytestmark = [
    pytest.mark.skipif(not sandbox_layers().complete, reason="this system has no complete wall"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]


@pytest.fixture
def refused(allowed, monkeypatch):
    monkeypatch.setenv("EVIDENT_ALLOW_TORCHSCRIPT", "0")
    model_settings.cache_clear()


def test_an_upload_is_taken_where_it_is_allowed_and_only_there(parser_pool, tmp_path, monkeypatch):
    store, data = Store(tmp_path), scripted(perceptron())
    uploads = ParsedUploads(store, parser_pool)
    digest = uploads.take("torchscript", data, lambda: store.put_blob(data))
    facts, arrays = parsed(store, "torchscript", digest)
    assert facts == {"bytes": len(data)} and arrays == {}
    monkeypatch.setenv("EVIDENT_ALLOW_TORCHSCRIPT", "0")
    model_settings.cache_clear()
    with pytest.raises(Problem, match="TorchScript files are programs"):
        uploads.get("torchscript", digest)
    other = scripted(nn.ReLU())
    with pytest.raises(Problem, match="TorchScript files are programs"):
        uploads.take("torchscript", other, lambda: store.put_blob(other))
    assert store.size() == len(data) + store.path(f"{digest}.parsed").stat().st_size


def test_where_nobody_allows_it_nothing_is_started(refused, monkeypatch):
    for language in start._FORK_SERVERS:
        monkeypatch.setitem(start._FORK_SERVERS, language, start.RunnerForkServer())
    start.start_fork_servers()
    assert start._FORK_SERVERS["torchscript"]._process is None
    assert start._FORK_SERVERS["onnx"]._process is not None
    start._FORK_SERVERS["onnx"]._end()
    with pytest.raises(Problem, match="TorchScript files are programs.*EVIDENT_ALLOW_TORCHSCRIPT"):
        TorchScriptModel(scripted(perceptron()))


def test_an_incomplete_wall_is_not_enough_even_where_others_are_let_through(monkeypatch):
    from explainers.service.parsing.parsers import torchscript
    from explainers.service.sandbox.sandbox import SandboxLayers

    monkeypatch.setenv("EVIDENT_ALLOW_UNWALLED", "1")
    monkeypatch.setattr(
        torchscript, "sandbox_layers", lambda: SandboxLayers((), (), complete=False)
    )
    with pytest.raises(Problem, match="no complete wall"):
        TorchScriptModel(scripted(perceptron()))


def packed(*parts: str, content: bytes = b"", how: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for part in parts:
            archive.writestr(part, content)
    return buffer.getvalue()


def state_dict() -> bytes:
    buffer = io.BytesIO()
    torch.save(perceptron().state_dict(), buffer)
    return buffer.getvalue()


REFUSED = {
    "no zip": (b"\x80\x02}q\x00.", "not a whole zip file"),
    "cut off": (scripted(perceptron())[:3000], "not a whole zip file"),
    "weights": (state_dict(), "no code"),
    "no pickle": (packed("net/code/a.py"), "parts of a saved network are missing"),
    "two networks": (packed("a/code/a.py", "b/data.pkl"), "parts of a saved network are missing"),
    "a bomb": (
        packed("a/code/a.py", "a/data.pkl", content=bytes(10**7), how=zipfile.ZIP_DEFLATED),
        "times as large",
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_does_not_look_like_a_script_is_refused_before_it_is_kept(name, parser_pool):
    data, words = REFUSED[name]
    with pytest.raises(Problem, match=words):
        parser_pool.parse("torchscript", data)


def test_the_pickle_of_a_script_is_not_opened_when_it_is_uploaded(parser_pool):
    data = packed("net/code/a.py", "net/data.pkl", content=b"no pickle and no code")
    assert parser_pool.parse("torchscript", data) == ({"bytes": len(data)}, {})
