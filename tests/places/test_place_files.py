"""What files answer is followed to the scores, or refused in words where it cannot be."""

import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from explainers import Problem
from explainers.models.formats.onnx.loading import load_onnx

SIDE = 8
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


@pytest.fixture(scope="module")
def convolution():
    torch.manual_seed(0)
    return nn.Conv2d(3, 5, 1, bias=False)


def file(convolution, nodes, outputs) -> bytes:
    """An ONNX file: a convolution of x into `scores`, and what follows it."""
    weight = numpy_helper.from_array(convolution.weight.detach().numpy(), "w")
    sizes = numpy_helper.from_array(torch.tensor([1, 4, SIDE * SIDE]).numpy(), "corners")
    ten = numpy_helper.from_array(torch.tensor([10]).numpy(), "ten")
    x = helper.make_tensor_value_info("x", FLOAT, ["n", 3, SIDE, SIDE])
    first = helper.make_node("Conv", ["x", "w"], ["scores"])
    graph = helper.make_graph([first, *nodes], "g", [x], outputs, [weight, sizes, ten])
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.mark.parametrize("casts", [False, True])
def test_the_number_of_the_best_class_is_followed_to_the_scores(convolution, casts):
    nodes = [helper.make_node("ArgMax", ["scores"], ["best"], axis=1, keepdims=0)]
    name = "best"
    if casts:
        nodes.append(helper.make_node("Cast", ["best"], ["number"], to=TensorProto.INT32))
        name = "number"
    kind = TensorProto.INT32 if casts else INT64
    output = helper.make_tensor_value_info(name, kind, ["n", SIDE, SIDE])
    model, card = load_onnx(file(convolution, nodes, [output]))
    x = torch.rand(2, 3, SIDE, SIDE)
    assert torch.allclose(model(x), convolution(x), atol=1e-6) and card.gradients


def test_boxes_that_the_file_picks_itself_are_refused_in_words(convolution):
    nodes = [
        helper.make_node("Slice", ["scores", "zero", "four", "one"], ["places"]),
        helper.make_node("Reshape", ["places", "corners"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["boxes"], perm=[0, 2, 1]),
        helper.make_node("Softmax", ["rows"], ["shares"], axis=1),
        helper.make_node("NonMaxSuppression", ["boxes", "shares", "ten"], ["picked"]),
        helper.make_node("Cast", ["picked"], ["answer"], to=FLOAT),
    ]
    for name, value in (("zero", 0), ("four", 4), ("one", 1)):
        constant = numpy_helper.from_array(torch.tensor([value]).numpy(), name)
        nodes.insert(0, helper.make_node("Constant", [], [name], value=constant))
    output = helper.make_tensor_value_info("answer", FLOAT, ["m", 3])
    with pytest.raises(Problem, match="picks its boxes itself"):
        load_onnx(file(convolution, nodes, [output]))


def test_of_boxes_and_scores_the_scores_are_explained(convolution):
    nodes = [
        helper.make_node("Reshape", ["scores", "corners5"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["classes"], perm=[0, 2, 1]),
        helper.make_node("Slice", ["classes", "zero", "four", "two"], ["boxes"]),
    ]
    values = {"corners5": [0, 5, SIDE * SIDE], "zero": [0], "four": [4], "two": [2]}
    for name, value in values.items():
        constant = numpy_helper.from_array(torch.tensor(value).numpy(), name)
        nodes.insert(0, helper.make_node("Constant", [], [name], value=constant))
    outputs = [
        helper.make_tensor_value_info("boxes", FLOAT, ["n", SIDE * SIDE, 4]),
        helper.make_tensor_value_info("classes", FLOAT, ["n", SIDE * SIDE, 5]),
    ]
    model, _ = load_onnx(file(convolution, nodes, outputs))
    x = torch.rand(1, 3, SIDE, SIDE)
    expected = convolution(x).flatten(2).movedim(1, 2)
    assert torch.allclose(model(x), expected, atol=1e-6)
