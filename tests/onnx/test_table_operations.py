"""The operations of ai.onnx.ml one by one, against onnxruntime; and hostile forms of them."""

import json

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from onnx_files import built, truth

from explainers.errors import Problem
from explainers.models.formats.onnx import Graph, load_graph, load_onnx, read_graph
from explainers.service import codec

ML = {"domain": "ai.onnx.ml"}
SINGLE = {
    "Scaler": {"offset": [1.0], "scale": [2.0]},
    "Imputer": {"imputed_value_floats": [9.0, 8, 7], "replaced_value_float": 2.0},
    "Normalizer": {"norm": "MAX"},
    "Binarizer": {"threshold": 1.0},
    "OneHotEncoder": {"cats_int64s": [0, 1, 2], "zeros": 1},
    "LabelEncoder": {"keys_floats": [1.0, 2], "values_floats": [5.0, 6], "default_float": 7.0},
    "FeatureVectorizer": {"inputdimensions": [4]},
    "LinearRegressor": {"coefficients": [0.1, 0.2, 0.3, 1, 2, 3], "targets": 2},
}


@pytest.mark.parametrize("op", SINGLE)
def test_single_operations(op):
    x = np.array([[1, 2, -3], [0, 0, 0], [2.5, 1, 0]], np.float32)
    node = helper.make_node(op, ["x"], ["y"], **SINGLE[op], **ML)
    data = built([node], shape=("n", 3)).SerializeToString()
    loaded, _ = load_onnx(data)
    np.testing.assert_allclose(loaded(torch.from_numpy(x)).detach(), truth(data, x), atol=1e-6)


def linear(op="LinearClassifier", outputs=("label", "y"), **attributes):
    node = helper.make_node(op, ["x"], outputs, **attributes, **ML)
    return built([node], shape=("n", 2)).SerializeToString()


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_linear_classifiers_by_hand(post, rows):
    """One row of coefficients is the second class's; the softmax of one number is not covered."""
    x = np.array([[1, 2], [-3, 0.5]], np.float32)
    data = linear(
        coefficients=[0.3, -0.2, 0.1, 0.4, -0.5, 0.2][: 2 * rows],
        intercepts=[0.05, 0.02, -0.1][:rows],
        classlabels_ints=list(range(max(rows, 2))),
        post_transform=post,
    )
    loaded, card = load_onnx(data)
    assert card.gradients == ((rows, post) != (1, "SOFTMAX"))
    found = torch.as_tensor(loaded(torch.from_numpy(x))).detach()
    np.testing.assert_allclose(found, truth(data, x), atol=1e-6)


HOSTILE = [
    linear(coefficients=[1.0] * 5, intercepts=[0.0] * 2, classlabels_ints=[0, 1]),
    linear("LinearRegressor", ("y",), coefficients=[1.0] * 5, targets=2),
    linear("LinearRegressor", ("y",), coefficients=[1.0] * 4, targets=0),
    linear("LinearRegressor", ("y",), coefficients=[1.0] * 4, targets=-(2**40)),
    linear("LinearRegressor", ("y",)),
    linear("SVMRegressor", ("y",), coefficients=[1.0], rho=[0.0], n_supports=2**40),
    linear(
        "SVMClassifier",
        coefficients=[1.0],
        rho=[0.0],
        vectors_per_class=[-(2**40), 2**40],
        support_vectors=[1.0, 2.0],
        classlabels_ints=[0, 1],
    ),
    built(
        [helper.make_node("FeatureVectorizer", ["x"], ["y"], inputdimensions=[2**60], **ML)],
        shape=("n", 2),
    ).SerializeToString(),
]


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_numbers_that_do_not_fit_end_in_a_sentence(place):
    with pytest.raises(Problem):
        load_graph(read_graph(HOSTILE[place]))


def test_text_among_the_tensors_goes_through_the_wall():
    """It is what scikit-learn's converter writes where classes have names."""
    names = helper.make_tensor("classes", TensorProto.STRING, [2], [b"cat", "hai\u00df".encode()])
    nodes = [
        helper.make_node("Softmax", ["x"], ["y"]),
        helper.make_node("ArgMax", ["y"], ["best"], axis=1),
        helper.make_node("ArrayFeatureExtractor", ["classes", "best"], ["label"], **ML),
    ]
    graph = read_graph(built(nodes, {"classes": names}, ("n", 2)).SerializeToString())
    facts, arrays = graph.to_facts()
    assert all(array.dtype.name in codec.TYPES for array in arrays.values())
    facts, arrays = codec.decode(codec.encode(facts, arrays))
    again = Graph.from_facts(json.loads(json.dumps(facts)), arrays)
    assert load_graph(again)[1].classes == ("cat", "hai\u00df")


def test_too_much_text_is_refused():
    words = helper.make_tensor("w", TensorProto.STRING, [60_000], [b"x" * 100] * 60_000)
    node = helper.make_node("Relu", ["x"], ["y"])
    with pytest.raises(Problem, match="text"):
        read_graph(built([node], {"w": words}).SerializeToString())


def test_columns_of_text_are_named_with_the_way_out():
    ports = [
        helper.make_tensor_value_info(name, kind, ["n", 1])
        for name, kind in (("age", TensorProto.FLOAT), ("colour", TensorProto.STRING))
    ]
    node = helper.make_node("Relu", ["age"], ["y"])
    model = built([node], shape=("n", 1))
    del model.graph.input[:]
    model.graph.input.extend(ports)
    with pytest.raises(Problem, match='text in "colour".*OrdinalEncoder'):
        load_onnx(model.SerializeToString())
