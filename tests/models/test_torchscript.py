"""TorchScript runs behind the wall: what it must do it can, and its programs can do no harm."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from explainers import ModelProblem, Problem
from explainers.models.formats.torchscript import serve_script
from explainers.service.sandbox import sandbox
from tests.hostile.attempts import Attempts

INPUTS = np.arange(6, dtype=np.float32).reshape(2, 3)


def scripted(network: nn.Module, file: Path | None = None) -> bytes:
    """The network as TorchScript, also in a file."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(network), buffer)
    if file is not None:
        file.write_bytes(buffer.getvalue())
    return buffer.getvalue()


@pytest.fixture(scope="module")
def tried():
    """What a process with this script printed, free or sandboxed; "killed" where it was ended."""
    attempts = Attempts("script_attacks.py")
    yield attempts.tried
    attempts.close()


def perceptron() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.LayerNorm(4), nn.Linear(4, 2)).eval()


class Saves(nn.Module):
    """Writes its input into a file, as TorchScript can, then answers."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.save(x, self.path)
        return x


class Maps(Saves):
    """Puts its input into a file that it takes for a tensor."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mapped = torch.from_file(self.path, True, 6, dtype=torch.float32)
        return mapped.copy_(x.flatten()).reshape(2, 3)


class Last(nn.Module):
    """A recurrent network and attention over its steps."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(1, 8, batch_first=True)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps = self.layer(x.unsqueeze(2))[0]
        return self.attention(steps, steps, steps, need_weights=False)[0].mean(1)


class Convolved(nn.Module):
    """Each number spread over a picture, convolved as in larger networks."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3, groups=64),
            nn.SiLU(),
            nn.Conv2d(64, 32, 1),
            nn.Flatten(),
            nn.Linear(32 * 14 * 14, 3),
            nn.Softmax(1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x[:, :, None, None].expand(-1, -1, 32, 32))


class Loops(nn.Module):
    """Never answers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        while bool(x.sum() > -1.0):
            x = x + 1.0
        return x


class Pair(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


class Stops(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.sum() > 0.0):
            raise RuntimeError("no such animal")
        return x


pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
sandboxed = pytest.mark.skipif(
    not sandbox.sandbox_layers().complete, reason="this system has no complete wall"
)


def test_a_script_answers_as_the_network_that_it_was_made_of():
    network = perceptron()
    ours = serve_script(scripted(network))(INPUTS)
    with torch.no_grad():
        assert np.allclose(ours, network(torch.from_numpy(INPUTS)).numpy(), atol=1e-6)
    assert ours.dtype == np.float32


@sandboxed
@pytest.mark.parametrize("kind", [perceptron, Last, Convolved])
def test_a_script_answers_behind_the_wall(tried, kind, tmp_path):
    torch.manual_seed(0)
    network, file = kind().eval(), tmp_path / "net.pt"
    scripted(network, file)
    with torch.no_grad():
        wanted = network(torch.from_numpy(INPUTS)).numpy()
    for how in ("free", "sandboxed"):
        printed = tried(how, file)
        assert printed.startswith("done "), printed
        assert np.allclose(json.loads(printed.removeprefix("done ")), wanted, atol=1e-6)


@sandboxed
@pytest.mark.parametrize("kind", [Saves, Maps])
def test_a_script_cannot_write_files(tried, kind, tmp_path):
    mark, file = tmp_path / "written", tmp_path / "net.pt"
    scripted(kind(str(mark)), file)
    assert tried("free", file).startswith("done"), "the attack itself works"
    assert mark.exists()
    mark.unlink()
    tried("sandboxed", file)
    assert not mark.exists()


@sandboxed
def test_a_script_cannot_change_files(tried, tmp_path):
    kept, file = tmp_path / "kept", tmp_path / "net.pt"
    scripted(Maps(str(kept)), file)
    for how, changed in (("sandboxed", False), ("free", True)):
        kept.write_bytes(b"x" * 24)
        tried(how, file)
        assert (kept.read_bytes() != b"x" * 24) == changed, how


@sandboxed
def test_a_script_without_end_is_ended(tried, tmp_path):
    scripted(Loops(), tmp_path / "net.pt")
    assert tried("sandboxed", tmp_path / "net.pt") == "killed"


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "not a TorchScript file"),
        (b"PK\x03\x04 cut off", "not a TorchScript file"),
        (scripted(perceptron())[:500], "not a TorchScript file"),
    ],
)
def test_other_files_get_a_sentence(data, words):
    with pytest.raises(Problem, match=words):
        serve_script(data)


def test_a_script_that_fails_or_answers_otherwise_gets_a_sentence():
    with pytest.raises(ModelProblem, match="no such animal"):
        serve_script(scripted(Stops()))(INPUTS)
    with pytest.raises(ModelProblem, match="one row of numbers for each input"):
        serve_script(scripted(Pair()))(INPUTS)
