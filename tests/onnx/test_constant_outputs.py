"""Outputs that no input reaches: a file's own weights, or what is computed from them alone."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from explainers import Problem
from explainers.models.formats.onnx import load_onnx

WEIGHT = numpy_helper.from_array(np.ones((2, 3), np.float32), "w")
node, port = helper.make_node, helper.make_tensor_value_info
X, W, Y, Z = (
    port(name, TensorProto.FLOAT, [side, 3])
    for name, side in (("x", "n"), ("w", 2), ("y", 2), ("z", "n"))
)
RELU = node("Relu", ["x"], ["z"])


def file(nodes, *outputs) -> bytes:
    graph = helper.make_graph(nodes, "g", [X], list(outputs), [WEIGHT])
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset).SerializeToString()


CONSTANT = {
    "a weight alone": file([], W),
    "a weight beside the network": file([RELU], W),
    "computed from a weight": file([node("Exp", ["w"], ["y"]), RELU], Y),
}


@pytest.mark.parametrize("name", CONSTANT)
def test_an_output_that_no_input_reaches_is_said_to_be(name):
    with pytest.raises(Problem, match="the same whatever goes in"):
        load_onnx(CONSTANT[name])


def test_another_output_is_explained_instead():
    data = file([RELU], W, Z)
    model, _ = load_onnx(data)
    x = torch.tensor([[1.0, -1.0, 2.0]])
    assert model(x).tolist() == [[1.0, 0.0, 2.0]]
    with pytest.raises(Problem, match="output 'w' is one of its own weights"):
        load_onnx(data, output="w")
