"""Files from other tools, batches of a fixed size, and models that only onnxruntime can run."""

import warnings

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from onnx_files import built, exported, single, truth
from torch import nn

from explainers import explain
from explainers.errors import Problem
from explainers.models.formats.onnx import Graph, load_graph, load_onnx, read_graph

F32, I64 = np.float32, np.int64
node = helper.make_node


def rand(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(F32)


def keras_like() -> bytes:
    """Channels last, as tf2onnx writes it: Transpose, SAME_UPPER convolutions, Transpose back."""
    return built(
        [
            node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            node("Conv", ["a", "w1"], ["b"], auto_pad="SAME_UPPER", strides=[2, 2]),
            node("Add", ["b", "b1"], ["b_"]),
            node("Relu", ["b_"], ["c"]),
            node(
                "MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER"
            ),
            node("Transpose", ["d"], ["e"], perm=[0, 2, 3, 1]),
            node("ReduceMean", ["e", "axes"], ["f"], keepdims=0),
            node("MatMul", ["f", "w2"], ["g"]),
            node("Add", ["g", "b2"], ["h"]),
            node("Softmax", ["h"], ["y"]),
        ],
        {
            "w1": rand(6, 3, 3, 3),
            "b1": rand(1, 6, 1, 1),
            "axes": np.array([1, 2]),
            "w2": rand(6, 4),
            "b2": rand(4),
        },
        ("n", 9, 10, 3),
    ).SerializeToString()


class KerasLike(nn.Module):
    """The same in PyTorch, with the padding that TensorFlow would add written out."""

    def forward(self, x):
        x = nn.functional.pad(x.permute(0, 3, 1, 2), (0, 1, 1, 1))
        x = nn.functional.conv2d(x, torch.from_numpy(rand(6, 3, 3, 3)).to(x), stride=2)
        x = (x + torch.from_numpy(rand(1, 6, 1, 1)).to(x)).relu()
        x = nn.functional.max_pool2d(x, 2, ceil_mode=True).mean((2, 3))
        x = x @ torch.from_numpy(rand(6, 4)).to(x) + torch.from_numpy(rand(4)).to(x)
        return x.softmax(1)


def test_channels_last():
    data = keras_like()
    model, card = load_onnx(data, verify=True)
    x = torch.rand(3, 9, 10, 3)
    assert card.layout == "channels last" and card.gradients and not card.notes
    np.testing.assert_allclose(model(x).detach(), truth(data, x), atol=1e-6)
    for method in ("saliency", "deeplift", "integrated_gradients"):
        ours, theirs = (
            explain(m, x.double(), method=method, target=1).scores
            for m in (model.double(), KerasLike())
        )
        assert (ours - theirs).abs().max() < 1e-4 * theirs.abs().max()


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("zipmap", [True, False])
def test_scikit_learn_classifier(classes, zipmap):
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier

    x = rand(60, 5)
    y = np.digitize(x[:, 0] + x[:, 1], [0] if classes == 2 else [-0.5, 0.5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPClassifier((8,), max_iter=30, random_state=0).fit(x, y)
        options = {id(net): {"zipmap": zipmap}}
        data = to_onnx(net, x[:1], options=options).SerializeToString()
    model, card = load_onnx(data, verify=True)
    assert card.gradients and card.rows is None
    with torch.no_grad():
        found = model(torch.from_numpy(x))
    np.testing.assert_allclose(found, net.predict_proba(x), atol=1e-5)
    answer = explain(model, torch.from_numpy(x[:3]).double(), method="integrated_gradients")
    assert answer.gap.abs().max() < 0.011


def trees() -> tuple[bytes, object, np.ndarray]:
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestRegressor

    x = rand(50, 4)
    forest = RandomForestRegressor(5, max_depth=3, random_state=0).fit(x, x[:, 0])
    return to_onnx(forest, x[:1]).SerializeToString(), forest, x


def test_trees_run_in_onnxruntime_for_methods_without_gradients():
    data, forest, x = trees()
    model, card = load_onnx(data)
    assert not card.gradients and "TreeEnsembleRegressor" in card.notes[0]
    points = torch.from_numpy(x[:4])
    np.testing.assert_allclose(model(points)[:, 0], forest.predict(x[:4]), atol=1e-5)
    scores = explain(model, points, method="occlusion", window=1, stride=1).scores
    zeroed = np.repeat(x[:4, None], 4, 1)
    zeroed[:, range(4), range(4)] = 0
    drop = forest.predict(x[:4])[:, None] - forest.predict(zeroed.reshape(16, 4)).reshape(4, 4)
    np.testing.assert_allclose(scores, drop, atol=1e-5)
    for method in ("saliency", "deeplift"):
        with pytest.raises(Problem):
            explain(model, points, method=method)


def test_without_bytes_all_missing_operations_are_named_at_once():
    graph = read_graph(
        built(
            [node("Det", ["x"], ["a"]), node("Hardmax", ["a"], ["b"]), node("Relu", ["b"], ["y"])],
            shape=("n", 4, 4),
        ).SerializeToString()
    )
    with pytest.raises(Problem, match=r"Det.*Hardmax"):
        load_graph(graph)


def test_rounding_has_no_slope_and_is_said_so():
    data = single(
        "QuantizeLinear",
        ("n", 4),
        [np.array(0.1, F32), np.array(0, np.uint8)],
        gives=TensorProto.UINT8,
    )
    _, card = load_onnx(data)
    assert not card.gradients and "slope" in card.notes[0]


def test_shapes_that_depend_on_values_are_not_followed():
    nodes = [
        node("Cast", ["x"], ["i"], to=TensorProto.INT64),
        node("NonZero", ["i"], ["z"]),
        node("Cast", ["z"], ["y"], to=TensorProto.FLOAT),
    ]
    _, card = load_onnx(built(nodes).SerializeToString())
    assert not card.gradients and "NonZero" in card.notes[0]


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("mixing", [False, True])
def test_a_fixed_batch_is_run_together_only_where_rows_do_not_mix(rows, mixing):
    """`mixing` uses the first dimension as if it were a feature: only so many rows fit."""
    nodes = [node("Reshape", ["x", "shape"], ["a"]), node("MatMul", ["a", "w"], ["b"])]
    if mixing:
        nodes += [node("Concat", ["b", "token"], ["c"], axis=1)]
    else:
        nodes += [node("Tanh", ["b"], ["c"])]
    nodes += [node("ReduceSum", ["c", "axes"], ["y"], keepdims=0)]
    data = built(
        nodes,
        {
            "shape": np.array([rows, 2, 2]),
            "w": rand(2, 3),
            "token": rand(rows, 1, 3),
            "axes": np.array([1]),
        },
        (rows, 4),
    ).SerializeToString()
    model, card = load_onnx(data, verify=True)
    assert card.rows == (rows if mixing else None)
    x = torch.rand(5, 4)
    whole = model(x)
    assert whole.shape == (5, 3)
    for i in range(5):
        expected = truth(data, x[i : i + 1].expand(rows, 4))[:1]
        np.testing.assert_allclose(whole[i : i + 1].detach(), expected, atol=1e-5)
    assert (explain(model, x, method="saliency", target=0).scores != 0).any(1).all()


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("allowzero", [0, 1])
@pytest.mark.parametrize("sides", [(4, -1), (-1,), (12,)])
def test_a_fixed_batch_leaves_a_reshape_whatever_zero_means_in_it(rows, allowzero, sides):
    nodes = [
        node("Reshape", ["x", "shape"], ["a"], allowzero=allowzero),
        node("Tanh", ["a"], ["y"]),
    ]
    data = built(nodes, {"shape": np.array([rows, *sides])}, (rows, 4, 3)).SerializeToString()
    model, card = load_onnx(data, verify=True)
    assert card.rows is None and card.gradients and card.notes == ()
    x = torch.rand(5, 4, 3)
    expected = [truth(data, x[i : i + 1].expand(rows, 4, 3))[:1] for i in range(5)]
    np.testing.assert_allclose(model(x).detach(), np.concatenate(expected), atol=1e-6)


def test_onnxruntime_wins_where_the_two_differ(monkeypatch):
    from explainers.models.formats.onnx.operations import OPERATIONS, registry

    data = built([node("Relu", ["x"], ["y"])]).SerializeToString()
    assert load_onnx(data, verify=True)[1].gradients
    wrong = registry.Operation("Relu", 1, torch.abs, (), frozenset(), False)
    monkeypatch.setitem(OPERATIONS, "Relu", [wrong])
    model, card = load_onnx(data, verify=True)
    assert not card.gradients and "does not agree" in card.notes[0]
    assert (model(-torch.ones(1, 4)) == 0).all()


def test_conditions_follow_the_shape():
    inner = [
        helper.make_graph(
            [node(op, ["x"], [out])],
            out,
            [],
            [helper.make_tensor_value_info(out, TensorProto.FLOAT, None)],
        )
        for op, out in (("Relu", "t"), ("Neg", "e"))
    ]
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "one"], ["k"]),
        node("Equal", ["k", "four"], ["c"]),
        node("If", ["c"], ["y"], then_branch=inner[0], else_branch=inner[1]),
    ]
    numbers = {"one": np.array(1), "four": np.array(4)}
    data = built(nodes, numbers, ("n", "k")).SerializeToString()
    model, card = load_onnx(data)
    assert card.gradients
    for width in (4, 5, 4):
        x = torch.randn(2, width)
        np.testing.assert_allclose(model(x), truth(data, x))


def test_facts_and_arrays_bring_the_graph_back():
    import json

    data = exported(
        nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 2)).eval(),
        torch.rand(2, 3, 8, 8),
    )
    facts, arrays = read_graph(data).to_facts()
    graph = Graph.from_facts(json.loads(json.dumps(facts, allow_nan=False)), arrays)
    x = torch.rand(2, 3, 8, 8)
    np.testing.assert_allclose(load_graph(graph)[0](x).detach(), truth(data, x), atol=1e-6)
    facts["nodes"][0][4][0] = "nobody"
    with pytest.raises(Problem, match="before anything makes it"):
        Graph.from_facts(facts, arrays)
