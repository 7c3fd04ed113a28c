"""Networks that only onnxruntime can run, behind the wall: same answers, no way out, an end."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from explainers import Problem, explain
from explainers.engine import running, starting
from explainers.engine.running import RunnerModel
from explainers.engine.wall import walls
from explainers.models.onnx import Graph, loaded, read_graph
from tests.hostile import inmate

ROOT = Path(__file__).resolve().parents[1]
FLOAT = TensorProto.FLOAT
node, port = helper.make_node, helper.make_tensor_value_info

pytestmark = pytest.mark.skipif(not walls().complete, reason="this system has no complete wall")


def built(nodes, tensors=None, kind=FLOAT, shape=("n", 4), others=()) -> bytes:
    """A file with these nodes from x to y."""
    kept = [helper.make_tensor(k, *v) for k, v in (tensors or {}).items()]
    graph = helper.make_graph(nodes, "net", [port("x", kind, shape)], [port("y", FLOAT, None)],
                              kept)  # fmt: skip
    imports = [helper.make_opsetid("", 18), *(helper.make_opsetid(name, 1) for name in others)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10).SerializeToString()


def model_of(data: bytes) -> RunnerModel:
    return RunnerModel(read_graph(data), data)


def carried(data: bytes) -> Graph:
    """The graph as it comes out of the process that reads uploads."""
    import json

    facts, arrays = read_graph(data).to_facts()
    return Graph.from_facts(json.loads(json.dumps(facts)), arrays)


def direct(data: bytes, x: np.ndarray, output: int = 0):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[output]


def loop(turns: int) -> bytes:
    """A network that adds 1 so many times; as Loop is defined, for ever is 2⁶³ turns."""
    body = helper.make_graph(
        [node("Identity", ["go"], ["on"]), node("Add", ["a", "one"], ["b"])], "body",
        [port("i", TensorProto.INT64, []), port("go", TensorProto.BOOL, []),
         port("a", FLOAT, None)],
        [port("on", TensorProto.BOOL, []), port("b", FLOAT, None)],
    )  # fmt: skip
    return built(
        [node("Loop", ["turns", "yes", "x"], ["y"], body=body)],
        {"turns": (TensorProto.INT64, [], [turns]), "yes": (TensorProto.BOOL, [], [True]),
         "one": (FLOAT, [], [1.0])},
    )  # fmt: skip


def table(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((300, 4)).astype(np.float32)


def fitted(kind: str, zipmap: bool = True):
    """A scikit-learn classifier and its file."""
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.svm import SVC

    x = table()
    net = RandomForestClassifier(30, random_state=0) if kind == "forest" else SVC(probability=True)
    net.fit(x, np.where(x[:, 0] + x[:, 1] > 0, "yes", "no"))
    return net, to_onnx(net, x[:1], options={id(net): {"zipmap": zipmap}}).SerializeToString()


@pytest.mark.parametrize("kind", ["forest", "svm"])
@pytest.mark.parametrize("zipmap", [True, False])
def test_it_answers_as_onnxruntime_and_as_scikit_learn(kind, zipmap):
    net, data = fitted(kind, zipmap)
    model, card = loaded(carried(data), elsewhere=lambda graph, out: RunnerModel(graph, data, out))
    assert isinstance(model, RunnerModel) and not card.gradients and card.rows is None
    x = table(1)
    found = model(torch.from_numpy(x))
    assert found.dtype == torch.float32
    if zipmap:
        told = np.array([list(row.values()) for row in direct(data, x, 1)])
    else:
        told = direct(data, x, 1)
    assert np.array_equal(found.numpy(), told.astype(np.float32))
    if kind == "forest":  # scikit-learn's own estimate of an SVM's probabilities differs
        np.testing.assert_allclose(found, net.predict_proba(x), atol=1e-5)
    model.close()


OTHERS = {
    "loop": loop(5),
    "quantised": built(
        [node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
         node("DequantizeLinear", ["q", "s", "z"], ["y"])]),
    "contributed": built([node("QuickGelu", ["x"], ["y"], domain="com.microsoft", alpha=1.7)],
                         others=["com.microsoft"]),
    "whole numbers": built([node("Cast", ["x"], ["y"], to=FLOAT)], kind=TensorProto.INT64),
    "double": built([node("Cast", ["x"], ["c"], to=FLOAT), node("Mish", ["c"], ["y"])],
                    kind=TensorProto.DOUBLE),
}  # fmt: skip
TYPES = {"whole numbers": np.int64, "double": np.float64}


@pytest.mark.parametrize("name", list(OTHERS))
def test_other_graphs_answer_as_in_onnxruntime_itself(name):
    data = OTHERS[name]
    model = model_of(data)
    x = (3 * table()[:7]).astype(TYPES.get(name, np.float32))
    found = model(torch.from_numpy(x))
    assert np.array_equal(found.double().numpy(), direct(data, x).astype(x.dtype).astype(float))
    assert len(np.unique(found)) > 5
    model.close()


def test_loops_and_contributed_operations_go_elsewhere_and_say_so():
    for name, word in (("loop", "Loop"), ("contributed", "QuickGelu")):
        data = OTHERS[name]
        with pytest.raises(Problem, match=word):
            loaded(carried(data))
        _, card = loaded(
            carried(data), elsewhere=lambda graph, out, data=data: RunnerModel(graph, data, out)
        )
        assert word in card.notes[0] and not card.gradients


def test_a_forest_is_explained_without_gradients():
    net, data = fitted("forest")
    model, x, values = model_of(data), torch.from_numpy(table(1)[:3]), table(1)[:3]
    for wrapped in (model, torch.nn.Sequential(model)):
        found = explain(wrapped, x, "occlusion", "zeros", 1, window=1, stride=1).scores.numpy()
        hidden = np.repeat(values[:, None], 4, 1)
        hidden[:, range(4), range(4)] = 0
        after = net.predict_proba(hidden.reshape(12, 4))[:, 1].reshape(3, 4)
        drop = net.predict_proba(values)[:, 1:] - after
        np.testing.assert_allclose(found, drop, atol=1e-5)
        slopes = explain(wrapped, x, "finite_differences", "zeros", 1, step=0.5).scores.numpy()
        moves = 0.5 * np.abs(values)[:, None] * np.eye(4, dtype=np.float32)
        up, down = (
            net.predict_proba((values[:, None] + sign * moves).reshape(12, 4))[:, 1].reshape(3, 4)
            for sign in (1, -1)
        )
        assert np.abs(up - down).max() > 0.03
        np.testing.assert_allclose(slopes, (up - down) / np.abs(values), atol=1e-4)
    model.close()


def test_a_series_network_is_explained_by_rise():
    data = built([node("ReduceSum", ["x", "axes"], ["s"], keepdims=0),
                  node("Loop", ["one", "yes", "s"], ["y"], body=helper.make_graph(
                      [node("Identity", ["go"], ["on"]), node("Identity", ["a"], ["b"])], "body",
                      [port("i", TensorProto.INT64, []), port("go", TensorProto.BOOL, []),
                       port("a", FLOAT, None)],
                      [port("on", TensorProto.BOOL, []), port("b", FLOAT, None)]))],
                 {"axes": (TensorProto.INT64, [1], [2]), "one": (TensorProto.INT64, [], [1]),
                  "yes": (TensorProto.BOOL, [], [True])}, shape=("n", 2, 16))  # fmt: skip
    model, x = model_of(data), torch.rand(1, 2, 16)
    ours = explain(model, x, "rise", "zeros", 0, samples=50).scores
    theirs = explain(lambda x: x.sum(2), x, "rise", "zeros", 0, samples=50).scores
    assert theirs.abs().max() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    model.close()


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "deeplift", "smoothgrad"])
def test_methods_that_need_a_gradient_say_in_one_line_why_not(method):
    model = model_of(OTHERS["loop"])
    with pytest.raises(Problem, match="onnxruntime, which gives no gradients: .*finite diff") as no:
        explain(model, torch.rand(1, 4), method, target=0)
    assert "\n" not in str(no.value)
    model.close()


def taken_over(monkeypatch, how: str, *given):
    """A model whose runner does what the first number of its input says."""
    command = (sys.executable, inmate.__file__, how, *map(str, given))
    monkeypatch.setattr(starting, "COMMAND", command)
    monkeypatch.setitem(starting._STARTERS, "onnx", starting.Starter())
    return model_of(OTHERS["loop"])


def told(model, what: str):
    """Whether the runner could do it; "ended" where it was ended for trying."""
    try:
        return bool(model(torch.tensor([[float(inmate.NAMES.index(what)), 0, 0, 0]])))
    except Problem:
        return "ended"


def test_a_runner_that_was_taken_over_can_do_nothing_but_answer(monkeypatch, tmp_path):
    results = {}
    with socket.create_server(("127.0.0.1", 0)) as server:
        for how in ("free", "walled"):
            path = tmp_path / how
            path.write_bytes(b"a secret")
            (tmp_path / f"{how}.copy").write_bytes(b"kept")
            program = tmp_path / f"{how}.program"
            program.write_text(f"#!/bin/sh\necho ran > {program}.ran\n")
            program.chmod(0o700)
            with monkeypatch.context() as patch:
                model = taken_over(patch, how, path, server.getsockname()[1])
                results[how] = {what: told(model, what) for what in inmate.TRIED}
                model.close()
                starting._STARTERS["onnx"]._end()
    # The program that is started writes a file and ends without an answer.
    control = {**dict.fromkeys(inmate.TRIED, True), "execute": "ended"}
    assert results["free"] == control
    walled = results["walled"]
    assert walled.pop("compute") is True
    assert True not in walled.values()
    assert {walled["execute"], walled["memory_of"]} == {"ended"}
    assert not (tmp_path / "walled.new").exists() and (tmp_path / "walled.copy").exists()
    assert not (tmp_path / "walled.program.ran").exists()
    assert (tmp_path / "free.program.ran").exists()
    assert (tmp_path / "free.new").exists() and not (tmp_path / "free.copy").exists()


def test_a_lie_is_found_out_and_the_next_answer_is_right(monkeypatch):
    monkeypatch.setattr(running, "SECONDS_TO_ANSWER", 1)
    model = taken_over(monkeypatch, "walled", "-", 0)
    monkeypatch.setattr(running, "SECONDS_A_ROW", 0)
    for lie in inmate.LIED:
        assert told(model, lie) == "ended", lie
        assert told(model, "compute") is True, lie
    model.close()
    starting._STARTERS["onnx"]._end()


def test_a_loop_without_end_is_ended_in_words(monkeypatch):
    monkeypatch.setattr(running, "SECONDS_TO_ANSWER", 2)
    monkeypatch.setattr(running, "SECONDS_A_ROW", 0)
    model = model_of(loop(2**63 - 1))
    with pytest.raises(Problem, match="did not answer within 2 seconds .* loop"):
        explain(model, torch.rand(1, 4), "occlusion", target=0)
    assert model._runner is None and runners() == []


def test_a_network_that_wants_all_memory_ends_in_words():
    data = built([node("Reshape", ["x", "flat"], ["f"]), node("ReduceSum", ["f"], ["t"]),
                  node("Expand", ["t", "huge"], ["h"]), node("ReduceSum", ["h", "last"], ["r"]),
                  node("Add", ["x", "r"], ["y"])],
                 {"flat": (TensorProto.INT64, [1], [-1]), "last": (TensorProto.INT64, [1], [1]),
                  "huge": (TensorProto.INT64, [2], [1, 2**34])})  # fmt: skip
    model = model_of(data)
    with pytest.raises(Problem, match="not enough memory"):
        explain(model, torch.rand(4, 4), "occlusion", target=0)
    model.close()


def test_what_onnxruntime_cannot_load_or_run_is_a_sentence():
    nothing = built([node("NoSuchThing", ["x"], ["y"])])
    with pytest.raises(Problem, match="cannot load this model: .*NoSuchThing"):
        model_of(nothing)(torch.rand(1, 4))
    model = model_of(built([node("MatMul", ["x", "w"], ["y"])], {"w": (FLOAT, [4, 1], [1.0] * 4)}))
    with pytest.raises(Problem, match=r"stopped on inputs of shape \(1, 5\)"):
        model(torch.rand(1, 5))
    torch.testing.assert_close(model(torch.ones(2, 4)), torch.full((2, 1), 4.0))
    model.close()


def test_a_kept_network_that_is_gone_is_said_to_be(tmp_path):
    path = tmp_path / "network"
    path.write_bytes(loop(1))
    model = RunnerModel(read_graph(loop(1)), path)
    assert torch.equal(model(torch.zeros(1, 4)), torch.ones(1, 4))
    model.close()
    path.unlink()
    with pytest.raises(Problem, match="no longer kept"):
        model(torch.zeros(1, 4))


def test_a_killed_runner_is_a_problem_once_and_a_killed_starter_none():
    model = model_of(loop(2))
    assert torch.equal(model(torch.zeros(3, 4)), torch.full((3, 4), 2.0))
    (pid,) = runners()
    os.kill(int(pid), signal.SIGKILL)
    with pytest.raises(Problem, match="ended without an answer"):
        model(torch.zeros(3, 4))
    assert torch.equal(model(torch.zeros(3, 4)), torch.full((3, 4), 2.0))
    (pid,) = runners()
    starting._STARTERS["onnx"]._process.kill()
    until_gone(pid)
    model.close()
    assert torch.equal(model(torch.zeros(3, 4)), torch.full((3, 4), 2.0))
    model.close()


def test_runners_end_with_the_models_that_hold_them():
    model = model_of(loop(2))
    model(torch.zeros(1, 4))
    (pid,) = runners()
    del model
    until_gone(pid)


WORKER = """
import sys, torch
from explainers.engine.starting import get_ready, _STARTERS
from explainers.engine.wall import raise_low_wall
from explainers.engine.running import RunnerModel
from explainers.models.onnx import read_graph
get_ready()
raise_low_wall()
data = open(sys.argv[1], "rb").read()
model = RunnerModel(read_graph(data), data)
print(model(torch.zeros(1, 4)).tolist(), _STARTERS["onnx"]._process.pid, flush=True)
endless = open(sys.argv[2], "rb").read()
RunnerModel(read_graph(endless), endless)(torch.zeros(1, 4))
"""


def test_behind_the_low_wall_it_works_and_dies_with_the_worker(tmp_path):
    quick, endless = tmp_path / "quick", tmp_path / "endless"
    quick.write_bytes(loop(3))
    endless.write_bytes(loop(2**63 - 1))
    worker = subprocess.Popen([sys.executable, "-c", WORKER, quick, endless], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE)  # fmt: skip
    with worker:
        said = worker.stdout.readline()
        assert said.startswith("[[3.0, 3.0, 3.0, 3.0]]"), said
        starter = said.split()[-1]
        until = time.monotonic() + 60
        while len(mine := children(starter)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(mine) == 2, "one waits, one loops"
        worker.kill()
    for pid in (starter, *mine):
        until_gone(pid)


def children(pid) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def runners() -> list[str]:
    """Runners of this process that are still there."""
    gc.collect()  # models in cycles are gone only then
    return children(starting._STARTERS["onnx"]._process.pid)


def until_gone(pid) -> None:
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        state = Path(f"/proc/{pid}/stat")
        with open(state) as file:
            if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                return
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_onnxruntime_reports_to_nobody(tmp_path):
    code = (
        "import os\nfrom explainers.models.onnx.session import onnxruntime\nonnxruntime()\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    quiet = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=quiet, capture_output=True)
    assert done.stdout.strip() == b"1", "a thread that sends would be a second one"
    assert list(tmp_path.iterdir()) == [], "no identifier of the machine is kept"
