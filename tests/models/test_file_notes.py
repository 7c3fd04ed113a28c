"""What the reader of a file knows reaches the person: on the card, and on answers."""

import io
import warnings

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from explainers import explain
from explainers.models.formats.onnx import load_onnx
from explainers.models.formats.pt2.loading import load_exported
from explainers.models.prepared import build
from explainers.models.spec import RECOGNISE, ModelSpec

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
ROWS = {"x": {0: "n"}}


def table() -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)
    )
    network.train()(3 * X + 1)  # so that it remembers something
    return network


def file_of(network: nn.Module, how: str) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if how == "pt2":
            sides = ({0: torch.export.Dim("n")},)
            torch.export.save(torch.export.export(network, (X,), dynamic_shapes=sides), file)
        else:
            mode = torch.onnx.TrainingMode
            mode = mode.TRAINING if network.training else mode.EVAL
            torch.onnx.export(
                network,
                (X,),
                file,
                dynamo=False,
                training=mode,
                do_constant_folding=False,
                input_names=["x"],
                dynamic_axes=ROWS,
                opset_version=13 if how == "old" else 17,
            )
    return file.getvalue()


@pytest.mark.parametrize("how", ["old", "onnx", "pt2"])
def test_networks_exported_in_training_mode_answer_as_in_evaluation_mode_and_say_so(how):
    network = table()
    data = file_of(network, how)
    model, card = (load_exported if how == "pt2" else load_onnx)(data)
    network.eval()  # after the export, which runs it once more
    with torch.no_grad():
        torch.testing.assert_close(model(X), network(X), atol=1e-5, rtol=1e-5)
    assert card.gradients and "training mode" in card.warnings[0]
    for method in ("saliency", "occlusion"):
        found, own = (explain(m, X, method, target=0) for m in (model, network))
        torch.testing.assert_close(found.scores, own.scores, atol=1e-5, rtol=1e-4)
        assert any("training mode" in note for note in found.notes)
        assert not own.notes
    model, card = (load_exported if how == "pt2" else load_onnx)(file_of(network, how))
    assert not card.warnings and not explain(model, X, "saliency").notes


def test_what_is_said_of_a_file_comes_with_the_prepared_network():
    spec = ModelSpec("upload", RECOGNISE, kind="table", shape=(4,), mean=(0.0,), std=(1.0,))
    prepared, _, _ = build(spec, (file_of(table(), "onnx"), ".onnx"))
    assert prepared.card is not None and prepared.card.warnings
    assert any("training mode" in note for note in explain(prepared, X, "saliency").notes)


def graph(nodes, tensors, shape) -> bytes:
    port = helper.make_tensor_value_info
    made = helper.make_graph(
        nodes,
        "g",
        [port("x", TensorProto.FLOAT, shape)],
        [port("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(made, opset_imports=imports, ir_version=10).SerializeToString()


def batch_statistics(shape) -> bytes:
    """(x − mean over the rows) / spread over the rows, and a layer: as some exporters write it."""
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["x", "axis"], ["m"]),
        node("Sub", ["x", "m"], ["d"]),
        node("Mul", ["d", "d"], ["dd"]),
        node("ReduceMean", ["dd", "axis"], ["v"]),
        node("Add", ["v", "e"], ["ve"]),
        node("Sqrt", ["ve"], ["s"]),
        node("Div", ["d", "s"], ["n"]),
        node("MatMul", ["n", "w"], ["y"]),
    ]
    weights = np.arange(8, dtype=np.float32).reshape(4, 2)
    tensors = {"axis": np.array([0]), "e": np.array([1e-5], np.float32), "w": weights}
    return graph(nodes, tensors, shape)


@pytest.mark.parametrize("rows", ["n", 1, 2])
def test_rows_that_all_get_the_same_answer_alone_are_said_to(rows):
    model, card = load_onnx(batch_statistics((rows, 4)))
    assert any("same answer" in note for note in card.warnings)
    answer = explain(model, X, "saliency", target=0)
    assert any("same answer" in note for note in answer.notes)
    assert answer.scores.abs().max() < 1e-3  # there is nothing to see, as the note says


def test_codes_are_said_to_have_no_slope_where_slopes_are_followed():
    node = helper.make_node
    nodes = [
        node("ArrayFeatureExtractor", ["x", "last"], ["c"], domain="ai.onnx.ml"),
        node("OneHotEncoder", ["c"], ["o"], domain="ai.onnx.ml", cats_int64s=[0, 1, 2]),
        node("Reshape", ["o", "flat"], ["f"]),
        node("Concat", ["x", "f"], ["all"], axis=1),
        node("MatMul", ["all", "w"], ["y"]),
    ]
    weights = np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2)
    tensors = {"last": np.array([2]), "flat": np.array([-1, 3]), "w": weights}
    model, card = load_onnx(graph(nodes, tensors, ("n", 3)))
    assert "codes" in card.slope_warnings[0]
    x = torch.tensor([[0.5, 1.0, 2.0]])
    assert any("codes" in note for note in explain(model, x, "saliency", target=0).notes)
    assert not explain(model, x, "occlusion", target=0, window=1).notes


@pytest.mark.parametrize("op", ["RandomNormalLike", "RandomUniformLike", "Bernoulli"])
def test_files_that_draw_random_numbers_say_so(op):
    """Whether two answers happen to be the same or not."""
    nodes = [helper.make_node(op, ["x"], ["drawn"]), helper.make_node("Add", ["x", "drawn"], ["y"])]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:])
    opset = [helper.make_opsetid("", 18)]
    data = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    model, card = load_onnx(data)
    assert any(op in warning for warning in card.warnings)
    x = torch.zeros(1, 4)  # Bernoulli draws nothing from it
    answer = explain(model, x, "occlusion", target=0)
    assert any(op in note for note in answer.notes)
