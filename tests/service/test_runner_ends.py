"""Processes that run networks: what one that was taken over can do, and how each ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from processes import killed_in_a_loop, runners, until_gone
from runner_models import built, loop, model_of, node

from explainers import Problem, explain
from explainers.models.formats.onnx import read_graph
from explainers.service.runners import models, start
from explainers.service.runners.models import OnnxRuntimeModel
from explainers.service.sandbox.sandbox import sandbox_layers
from tests.hostile.attackers import lying_runner

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not sandbox_layers().complete, reason="this system has no complete wall"
)


def taken_over(monkeypatch, how: str, *given):
    """A model whose runner does what the first number of its input says."""
    command = (sys.executable, lying_runner.__file__, how, *map(str, given))
    monkeypatch.setattr(start, "COMMAND", command)
    monkeypatch.setitem(start._FORK_SERVERS, "onnx", start.RunnerForkServer())
    return model_of(loop(5))


def attempt(model, what: str):
    """Whether the runner could do it; "ended" where it was ended for trying."""
    try:
        return bool(model(torch.tensor([[float(lying_runner.NAMES.index(what)), 0, 0, 0]])))
    except Problem:
        return "ended"


def test_a_runner_that_was_taken_over_can_do_nothing_but_answer(monkeypatch, tmp_path):
    results = {}
    with socket.create_server(("127.0.0.1", 0)) as server:
        for how in ("free", "sandboxed"):
            path = tmp_path / how
            path.write_bytes(b"a secret")
            (tmp_path / f"{how}.copy").write_bytes(b"kept")
            program = tmp_path / f"{how}.program"
            program.write_text(f"#!/bin/sh\necho ran > {program}.ran\n")
            program.chmod(0o700)
            with monkeypatch.context() as patch:
                model = taken_over(patch, how, path, server.getsockname()[1])
                results[how] = {what: attempt(model, what) for what in lying_runner.TRIED}
                model.close()
                start._FORK_SERVERS["onnx"]._end()
    # The program that is started writes a file and ends without an answer.
    control = {**dict.fromkeys(lying_runner.TRIED, True), "execute": "ended"}
    assert results["free"] == control
    sandboxed = results["sandboxed"]
    assert sandboxed.pop("compute") is True
    assert True not in sandboxed.values()
    assert {sandboxed["execute"], sandboxed["memory_of"]} == {"ended"}
    assert not (tmp_path / "sandboxed.new").exists() and (tmp_path / "sandboxed.copy").exists()
    assert not (tmp_path / "sandboxed.program.ran").exists()
    assert (tmp_path / "free.program.ran").exists()
    assert (tmp_path / "free.new").exists() and not (tmp_path / "free.copy").exists()


def test_a_lie_is_found_out_and_the_next_answer_is_right(monkeypatch):
    monkeypatch.setattr(models, "SECONDS_TO_ANSWER", 1)
    model = taken_over(monkeypatch, "sandboxed", "-", 0)
    monkeypatch.setattr(models, "SECONDS_A_ROW", 0)
    for lie in lying_runner.LIED:
        assert attempt(model, lie) == "ended", lie
        assert attempt(model, "compute") is True, lie
    model.close()
    start._FORK_SERVERS["onnx"]._end()


def test_a_loop_without_end_is_ended_in_words(monkeypatch):
    monkeypatch.setattr(models, "SECONDS_TO_ANSWER", 2)
    monkeypatch.setattr(models, "SECONDS_A_ROW", 0)
    model = model_of(loop(2**63 - 1))
    with pytest.raises(Problem, match="did not answer within 2 seconds .* loop"):
        explain(model, torch.rand(1, 4), "occlusion", target=0)
    assert model._runner is None and runners("onnx") == []


def test_a_network_that_wants_all_memory_ends_in_words():
    data = built(
        [
            node("Reshape", ["x", "flat"], ["f"]),
            node("ReduceSum", ["f"], ["t"]),
            node("Expand", ["t", "huge"], ["h"]),
            node("ReduceSum", ["h", "last"], ["r"]),
            node("Add", ["x", "r"], ["y"]),
        ],
        {"flat": np.array([-1]), "last": np.array([1]), "huge": np.array([1, 2**34])},
    )
    model = model_of(data)
    with pytest.raises(Problem, match="not enough memory"):
        explain(model, torch.rand(4, 4), "occlusion", target=0)
    model.close()


def test_a_kept_network_that_is_gone_is_said_to_be(tmp_path):
    path = tmp_path / "network"
    path.write_bytes(loop(1))
    model = OnnxRuntimeModel(read_graph(loop(1)), path)
    assert torch.equal(model(torch.zeros(1, 4)), torch.ones(1, 4))
    model.close()
    path.unlink()
    with pytest.raises(Problem, match="no longer kept"):
        model(torch.zeros(1, 4))


def test_a_killed_runner_is_a_problem_once_and_a_killed_starter_none():
    model = model_of(loop(2))
    assert torch.equal(model(torch.zeros(3, 4)), torch.full((3, 4), 2.0))
    (pid,) = runners("onnx")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Problem, match="ended without an answer"):
        model(torch.zeros(3, 4))
    assert torch.equal(model(torch.zeros(3, 4)), torch.full((3, 4), 2.0))
    (pid,) = runners("onnx")
    start._FORK_SERVERS["onnx"]._process.kill()
    until_gone(pid, orphan=True)
    model.close()
    assert torch.equal(model(torch.zeros(3, 4)), torch.full((3, 4), 2.0))
    model.close()


def test_runners_end_with_the_models_that_hold_them():
    model = model_of(loop(2))
    model(torch.zeros(1, 4))
    (pid,) = runners("onnx")
    del model
    until_gone(pid)


WORKER = """
import sys, torch
from pathlib import Path
from explainers.service.runners.start import start_fork_servers, _FORK_SERVERS
from explainers.service.sandbox.worker_sandbox import enter_worker_sandbox
from explainers.service.runners.models import OnnxRuntimeModel
from explainers.models.formats.onnx import read_graph
start_fork_servers()
enter_worker_sandbox(Path(sys.argv[1]).parent)
data = open(sys.argv[1], "rb").read()
model = OnnxRuntimeModel(read_graph(data), data)
print(model(torch.zeros(1, 4)).tolist(), _FORK_SERVERS["onnx"]._process.pid, flush=True)
endless = open(sys.argv[2], "rb").read()
OnnxRuntimeModel(read_graph(endless), endless)(torch.zeros(1, 4))
"""


def test_in_the_workers_sandbox_it_works_and_dies_with_the_worker(tmp_path):
    quick, endless = tmp_path / "quick", tmp_path / "endless"
    quick.write_bytes(loop(3))
    endless.write_bytes(loop(2**63 - 1))
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, quick, endless],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        # The real worker is forked and so has one thread; libraries start more where they may.
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    with worker:
        report = worker.stdout.readline()
        assert report.startswith("[[3.0, 3.0, 3.0, 3.0]]"), report
        ended = killed_in_a_loop(worker, int(report.split()[-1]))
    for pid in ended:
        until_gone(pid, orphan=True)
