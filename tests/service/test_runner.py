"""Networks that only onnxruntime can run: its answers, and explanations without gradients."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from runner_models import built, loop, model_of, node, port

from explainers import Problem, explain
from explainers.models.formats.onnx import Graph, load_graph, read_graph
from explainers.service.runners.models import OnnxRuntimeModel
from explainers.service.sandbox.sandbox import sandbox_layers
from tests.onnx.onnx_files import truth

ROOT = Path(__file__).resolve().parents[2]
FLOAT = TensorProto.FLOAT

pytestmark = pytest.mark.skipif(
    not sandbox_layers().complete, reason="this system has no complete wall"
)


def carried(data: bytes) -> Graph:
    """The graph as it comes out of the process that reads uploads."""
    facts, arrays = read_graph(data).to_facts()
    return Graph.from_facts(json.loads(json.dumps(facts)), arrays)


def table(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((300, 4)).astype(np.float32)


def fitted(kind: str, zipmap: bool = True):
    """A scikit-learn classifier and its file."""
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

    x = table()
    make = RandomForestClassifier if kind == "forest" else GradientBoostingClassifier
    net = make(n_estimators=30, random_state=0)
    net.fit(x, np.where(x[:, 0] + x[:, 1] > 0, "yes", "no"))
    return net, to_onnx(net, x[:1], options={id(net): {"zipmap": zipmap}}).SerializeToString()


@pytest.mark.parametrize("kind", ["forest", "boosting"])
@pytest.mark.parametrize("zipmap", [True, False])
def test_it_answers_as_onnxruntime_and_as_scikit_learn(kind, zipmap):
    net, data = fitted(kind, zipmap)
    model, card = load_graph(
        carried(data), fallback_runtime=lambda graph, out: OnnxRuntimeModel(graph, data, out)
    )
    assert isinstance(model, OnnxRuntimeModel) and not card.gradients and card.rows is None
    x = table(1)
    output = model(torch.from_numpy(x))
    assert output.dtype == torch.float32
    if zipmap:
        expected = np.array([list(row.values()) for row in truth(data, x, 1)])
    else:
        expected = truth(data, x, 1)
    assert np.array_equal(output.numpy(), expected.astype(np.float32))
    np.testing.assert_allclose(output, net.predict_proba(x), atol=1e-5)
    model.close()


OTHERS = {
    "loop": loop(5),
    "quantised": built(
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
            node("DequantizeLinear", ["q", "s", "z"], ["y"]),
        ]
    ),
    "contributed": built(
        [node("QuickGelu", ["x"], ["y"], domain="com.microsoft", alpha=1.7)],
        domains=["com.microsoft"],
    ),
    "whole numbers": built([node("Cast", ["x"], ["y"], to=FLOAT)], kind=TensorProto.INT64),
    "double": built(
        [node("Cast", ["x"], ["c"], to=FLOAT), node("Mish", ["c"], ["y"])], kind=TensorProto.DOUBLE
    ),
}
TYPES = {"whole numbers": np.int64, "double": np.float64}


@pytest.mark.parametrize("name", list(OTHERS))
def test_other_graphs_answer_as_in_onnxruntime_itself(name):
    data = OTHERS[name]
    model = model_of(data)
    x = (3 * table()[:7]).astype(TYPES.get(name, np.float32))
    output = model(torch.from_numpy(x))
    assert np.array_equal(output.double().numpy(), truth(data, x).astype(x.dtype).astype(float))
    assert len(np.unique(output)) > 5
    model.close()


def test_loops_and_contributed_operations_go_elsewhere_and_say_so():
    for name, word in (("loop", "Loop"), ("contributed", "QuickGelu")):
        data = OTHERS[name]
        with pytest.raises(Problem, match=word):
            load_graph(carried(data))
        _, card = load_graph(
            carried(data),
            fallback_runtime=lambda graph, out, data=data: OnnxRuntimeModel(graph, data, out),
        )
        assert word in card.notes[0] and not card.gradients


def test_a_forest_is_explained_without_gradients():
    net, data = fitted("forest")
    model, x, values = model_of(data), torch.from_numpy(table(1)[:3]), table(1)[:3]
    for wrapped in (model, torch.nn.Sequential(model)):
        scores = explain(wrapped, x, "occlusion", "zeros", 1, window=1, stride=1).scores.numpy()
        hidden = np.repeat(values[:, None], 4, 1)
        hidden[:, range(4), range(4)] = 0
        after = net.predict_proba(hidden.reshape(12, 4))[:, 1].reshape(3, 4)
        drop = net.predict_proba(values)[:, 1:] - after
        np.testing.assert_allclose(scores, drop, atol=1e-5)
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
    data = built(
        [
            node("ReduceSum", ["x", "axes"], ["s"], keepdims=0),
            node(
                "Loop",
                ["one", "yes", "s"],
                ["y"],
                body=helper.make_graph(
                    [node("Identity", ["go"], ["on"]), node("Identity", ["a"], ["b"])],
                    "body",
                    [
                        port("i", TensorProto.INT64, []),
                        port("go", TensorProto.BOOL, []),
                        port("a", FLOAT, None),
                    ],
                    [port("on", TensorProto.BOOL, []), port("b", FLOAT, None)],
                ),
            ),
        ],
        {"axes": np.array([2]), "one": np.array(1), "yes": np.array(True)},
        shape=("n", 2, 16),
    )
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


def test_what_onnxruntime_cannot_load_or_run_is_a_sentence():
    nothing = built([node("NoSuchThing", ["x"], ["y"])])
    with pytest.raises(Problem, match="cannot load this model: .*NoSuchThing"):
        model_of(nothing)(torch.rand(1, 4))
    model = model_of(built([node("MatMul", ["x", "w"], ["y"])], {"w": np.ones((4, 1), np.float32)}))
    with pytest.raises(Problem, match=r"stopped on inputs of shape \(1, 5\)"):
        model(torch.rand(1, 5))
    torch.testing.assert_close(model(torch.ones(2, 4)), torch.full((2, 1), 4.0))
    model.close()


def test_onnxruntime_reports_to_nobody(tmp_path):
    code = (
        "import os\nfrom explainers.models.formats.onnx.session import onnxruntime\nonnxruntime()\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    quiet = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=quiet, capture_output=True)
    assert done.stdout.strip() == b"1", "a thread that sends would be a second one"
    assert list(tmp_path.iterdir()) == [], "no identifier of the machine is kept"
