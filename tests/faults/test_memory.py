"""What a network may take of the memory: bounded before it runs, and said with the size."""

import os
import subprocess
import sys

import pytest
import torch

from explainers.batch_plan import is_out_of_memory, out_of_memory
from explainers.errors import ModelProblem
from explainers.locations import PROJECT
from explainers.service.limits import limits, read
from explainers.service.worker import memory
from explainers.service.worker.main import OOM_SCORE

WORKER = """
import dataclasses
from onnx import TensorProto, helper
from explainers.errors import Problem
from explainers.service.limits import limits
from explainers.service.worker import memory
memory.limits = lambda: dataclasses.replace(limits(), worker_megabytes=100)
import torch
from explainers import explain
from explainers.models.formats.onnx import read_graph
from explainers.models.formats.onnx.module import OnnxModel
port, node = helper.make_tensor_value_info, helper.make_node

def doubling(times):
    names = ["x", *(f"a{k}" for k in range(times))]
    nodes = [node("Concat", [a, a], [b], axis=1) for a, b in zip(names, names[1:])]
    nodes.append(node("ReduceSum", [names[-1]], ["y"], keepdims=1))
    ports = [port("x", TensorProto.FLOAT, ["n", 3])], [port("y", TensorProto.FLOAT, ["n", 1])]
    model = helper.make_model(
        helper.make_graph(nodes, "g", *ports), opset_imports=[helper.make_opsetid("", 11)]
    )
    return OnnxModel(read_graph(model.SerializeToString()))

x = torch.ones(1, 3)
for times in (5, 24, 0, 5, 24, 60):
    if not times:
        memory.bound_memory()
        continue
    try:
        print(explain(doubling(times), x, "occlusion", target=0, window=1).scores.sum().item())
    except Problem as problem:
        print(problem)
"""


@pytest.mark.slow
def test_a_network_that_doubles_without_end_is_refused_with_the_size():
    done = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    small, large, same, *said = done.stdout.splitlines()
    assert float(small) == float(same) == 3 * 2**5
    assert float(large) == pytest.approx(3 * 2**24, rel=1e-3), "without the bound there is room"
    for sentence in said:
        assert "not enough memory" in sentence and " MB were asked for at once" in sentence
    assert len(said) == 2


def test_the_bound_is_a_setting_and_no_more_than_there_is(tmp_path, monkeypatch):
    memory.most_memory.cache_clear()
    monkeypatch.setattr(memory, "_there", lambda: 7_000_000_000)
    assert memory.most_memory() == int(0.6 * 7e9)
    memory.most_memory.cache_clear()
    (tmp_path / "settings").write_text("[limits]\nworker_megabytes = 500\n")
    monkeypatch.setattr(memory, "limits", lambda: read(tmp_path / "settings"))
    assert memory.most_memory() == 500_000_000
    memory.most_memory.cache_clear()
    monkeypatch.undo()
    assert memory.most_memory() <= 1e6 * limits().worker_megabytes
    assert 0 < OOM_SCORE <= 1000


def test_the_smallest_group_around_is_what_there_is(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (tmp_path / "a" / "memory.max").write_text("3000\n")
    (tmp_path / "memory.limit_in_bytes").write_text("9000\n")
    assert memory._limits_of(tmp_path, "a/b") == [3000, 9000]


SAID = {
    "can't allocate memory: you tried to allocate 402653184 bytes.": "403 MB",
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0": "2.7 GB",
    "Unable to allocate 373. GiB for an array with shape (50000000000,)": "400.5 GB",
    "out of memory: it may take 2.5 GB, tried to allocate 1610612736 bytes": "1.6 GB",
    "out of memory: it may take 2.5 GB": "may take 2.5 GB here",
    "out of memory": "few. Use",
}


@pytest.mark.parametrize("told", SAID)
def test_the_sentence_names_the_size(told):
    kind = MemoryError if told.startswith("Unable") else torch.OutOfMemoryError
    assert is_out_of_memory(kind(told))
    problem = out_of_memory(kind(told), "a few")
    assert isinstance(problem, ModelProblem) and SAID[told] in str(problem)
    assert not is_out_of_memory(RuntimeError("something else"))
