"""TorchScript files as models: same answers as torch's own, behind the wall, where allowed."""

import contextlib
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from processes import killed_in_a_loop, runners, until_gone
from torch import nn

from explainers import ModelProblem, Problem, explain
from explainers.models.formats.torchscript import serve_script
from explainers.service.runners import models
from explainers.service.runners.models import TorchScriptModel
from explainers.service.sandbox.sandbox import sandbox_layers
from explainers.service.settings import model_settings
from tests.models.test_torchscript import (
    Convolved,
    Last,
    Loops,
    Maps,
    Pair,
    Saves,
    perceptron,
    scripted,
)

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.skipif(not sandbox_layers().complete, reason="this system has no complete wall"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]


@pytest.fixture(autouse=True)
def allowed(monkeypatch):
    """This server lets TorchScript in; what it was before is asked again afterwards."""
    monkeypatch.setenv("EVIDENT_ALLOW_TORCHSCRIPT", "1")
    model_settings.cache_clear()
    yield
    monkeypatch.undo()
    model_settings.cache_clear()


def inputs(seed: int = 0) -> torch.Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))


class LoopsWhenLoaded(nn.Module):
    """Its tensors are never restored."""

    def __init__(self) -> None:
        super().__init__()
        self.training = False

    @torch.jit.export
    def __getstate__(self) -> int:
        return 1

    @torch.jit.export
    def __setstate__(self, turns: int) -> None:
        while turns > 0:
            turns = turns + 1
        self.training = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Grows(nn.Module):
    """Wants 64 gigabytes for each input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        memory = torch.zeros([x.shape[0], 17179869184])
        return x + memory.sum()


class Fails(nn.Module):
    """Fails on a line with a word in it that sounds as if there were too little memory."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        memory = x
        if bool(memory.sum() > 0.0):
            raise RuntimeError("no such animal")
        return memory


@pytest.mark.parametrize("kind", [perceptron, Last, Convolved])
def test_the_numbers_are_those_of_torchs_own_loader(kind):
    torch.manual_seed(0)
    data, x = scripted(kind().eval()), inputs()
    with torch.no_grad():
        wanted = torch.jit.load(io.BytesIO(data))(x)
    model = TorchScriptModel(data)
    output = model(x)
    torch.testing.assert_close(output, wanted, atol=1e-6, rtol=1e-5)
    assert output.dtype == x.dtype and wanted.std() > 1e-3
    torch.testing.assert_close(model(x.double()), wanted.double(), atol=1e-6, rtol=1e-5)
    assert list(model.parameters()) == []
    model.close()


def test_traced_and_mobile_files_are_run_too():
    network, x = perceptron(), inputs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, x)
        files = (traced.save_to_buffer(), traced._save_to_buffer_for_lite_interpreter())
    for data in files:
        model = TorchScriptModel(data)
        torch.testing.assert_close(model(x), network(x).detach(), atol=1e-6, rtol=1e-5)
        model.close()


def test_occlusion_and_finite_differences_are_those_of_the_network():
    network, x = perceptron(), inputs(1)[:2]
    model = TorchScriptModel(scripted(network))
    for wrapped in (model, nn.Sequential(model)):
        occluded = explain(wrapped, x, "occlusion", "zeros", 1, window=1, stride=1).scores
        slopes = explain(wrapped, x, "finite_differences", "zeros", 1, step=0.1).scores
        with torch.no_grad():
            for row in range(2):
                hidden = x[row] * (1 - torch.eye(3))
                drop = network(x)[row, 1] - network(hidden)[:, 1]
                torch.testing.assert_close(occluded[row], drop, atol=1e-5, rtol=1e-4)
                moves = 0.1 * x[row].abs() * torch.eye(3)
                up, down = network(x[row] + moves)[:, 1], network(x[row] - moves)[:, 1]
                torch.testing.assert_close(
                    slopes[row], (up - down) / (0.2 * x[row].abs()), atol=1e-3, rtol=1e-3
                )
        assert occluded.abs().min() > 1e-4 and slopes.abs().min() > 1e-4
    model.close()


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "deeplift"])
def test_methods_that_need_a_gradient_say_in_one_line_why_not(method):
    model = TorchScriptModel(scripted(perceptron()))
    sentence = "runs as TorchScript behind the wall, which gives no gradients: use .*finite diff"
    with pytest.raises(Problem, match=sentence) as no:
        explain(model, inputs(), method, target=0)
    assert "\n" not in str(no.value)
    model.close()


@pytest.mark.parametrize("kind", [Saves, Maps])
def test_a_script_that_writes_files_writes_none(kind, tmp_path):
    mark, x = tmp_path / "written", inputs()[:2]
    data = scripted(kind(str(mark)))
    serve_script(data)(x.numpy())
    assert mark.exists(), "outside the wall the attack works"
    mark.unlink()
    model = TorchScriptModel(data)
    with contextlib.suppress(Problem):  # torch.save says nothing where it cannot
        model(x)
    assert not mark.exists()
    model.close()


def test_a_script_that_changes_files_changes_none(tmp_path):
    kept, x = tmp_path / "kept", inputs()[:2]
    data = scripted(Maps(str(kept)))
    kept.write_bytes(b"x" * 24)
    model = TorchScriptModel(data)
    with pytest.raises(Problem):
        model(x)
    assert kept.read_bytes() == b"x" * 24
    serve_script(data)(x.numpy())
    assert kept.read_bytes() == x.numpy().tobytes(), "outside the wall the attack works"
    model.close()


def test_a_loop_without_end_is_ended_in_words(monkeypatch):
    model = TorchScriptModel(scripted(Loops()))
    monkeypatch.setattr(models, "SECONDS_TO_ANSWER", 2)
    monkeypatch.setattr(models, "SECONDS_A_ROW", 0)
    with pytest.raises(Problem, match="did not answer within 2 seconds .* loop"):
        explain(model, inputs().abs(), "occlusion", target=0)
    assert model._runner is None and runners("torchscript") == []


def test_a_script_that_loops_while_it_is_loaded_is_ended_too(monkeypatch):
    model = TorchScriptModel(scripted(LoopsWhenLoaded()))
    monkeypatch.setattr(models, "SECONDS_TO_LOAD", 2)
    with pytest.raises(Problem, match="did not answer within 2 seconds .* loop"):
        model(inputs())
    assert runners("torchscript") == []


def test_a_script_that_wants_all_memory_ends_in_words():
    model = TorchScriptModel(scripted(Grows()))
    with pytest.raises(Problem, match="not enough memory"):
        explain(model, inputs(), "occlusion", target=0)
    model.close()


def test_what_is_no_script_and_what_fails_is_a_sentence_and_no_end():
    with pytest.raises(Problem, match="not a TorchScript file"):
        TorchScriptModel(b"PK\x03\x04 cut off")(inputs())
    for kind, words in ((Pair, "one row of numbers for each input"), (Fails, "no such animal")):
        model = TorchScriptModel(scripted(kind()))
        with pytest.raises(ModelProblem, match=words):
            model(inputs().abs())
        if kind is Fails:
            assert torch.equal(model(-inputs().abs()), -inputs().abs())
        model.close()


def test_a_kept_script_is_taken_from_its_file(tmp_path):
    network, path = perceptron(), tmp_path / "kept"
    scripted(network, path)
    model = TorchScriptModel(path)
    torch.testing.assert_close(model(inputs()), network(inputs()).detach(), atol=1e-6, rtol=1e-5)
    model.close()
    path.unlink()
    with pytest.raises(Problem, match="no longer kept"):
        model(inputs())


def test_processes_end_with_the_models_that_hold_them():
    model = TorchScriptModel(scripted(perceptron()))
    model(inputs())
    (pid,) = runners("torchscript")
    del model
    until_gone(pid)


WORKER = """
import sys, torch
from pathlib import Path
from explainers.service.runners import models
from explainers.service.sandbox.worker_sandbox import enter_worker_sandbox
from explainers.service.runners.start import start_fork_servers, _FORK_SERVERS
from explainers.errors import Problem
models.SECONDS_TO_ANSWER, models.SECONDS_A_ROW = 2, 0
store = Path(sys.argv[1])
start_fork_servers()
enter_worker_sandbox(store)
quick = models.TorchScriptModel(store / "quick")
print(quick(torch.ones(1, 3)).shape, _FORK_SERVERS["torchscript"]._process.pid, flush=True)
endless = models.TorchScriptModel(store / "endless")
try:
    endless(torch.ones(1, 3))
except Problem as problem:
    print(problem, flush=True)
models.SECONDS_TO_ANSWER = 1000
endless(torch.ones(1, 3))
"""


def test_behind_the_workers_wall_it_works_and_nothing_outlives_the_worker(tmp_path):
    scripted(perceptron(), tmp_path / "quick")
    scripted(Loops(), tmp_path / "endless")
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WORKER, tmp_path],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        # The real worker is forked and so has one thread; libraries start more where they may.
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    with worker:
        report = worker.stdout.readline()
        assert report.startswith("torch.Size([1, 2])"), report
        starter = int(report.split()[-1])
        assert "did not answer within 2 seconds" in worker.stdout.readline()
        ended = killed_in_a_loop(worker, starter)
    for pid in ended:
        until_gone(pid)
