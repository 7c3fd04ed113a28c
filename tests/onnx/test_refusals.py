"""Hostile and broken files end in a sentence, each beside a benign file that passes."""

import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_files import built

from explainers.errors import Problem
from explainers.models.formats.onnx import load_graph, load_onnx, read_graph

F32 = np.float32
node = helper.make_node
RELU = [node("Relu", ["x"], ["y"])]


def assert_refused(model, match: str) -> None:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(Problem, match=match) as found:
        read_graph(data)
    assert str(found.value).rstrip().endswith((".", ")", "`")) and len(str(found.value)) < 700


def assert_passes(model) -> None:
    read_graph(model.SerializeToString())


def outside(place: str, name: str = "w") -> TensorProto:
    """A tensor whose numbers are said to be in another file."""
    tensor = numpy_helper.from_array(np.zeros(4, F32), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    return tensor


def holding(tensor, place: str) -> onnx.ModelProto:
    """A model with the tensor as an initialiser, in an attribute, in a graph, or in a function."""
    add = [node("Add", ["x", "w"], ["y"])]
    if place == "initialiser":
        return built(add, {"w": tensor})
    if place == "constant":
        return built([node("Constant", [], ["w"], value=tensor), *add])
    if place == "attribute":
        shape = {"s": np.array([4])}
        return built([node("ConstantOfShape", ["s"], ["w"], value=tensor), *add], shape)
    inner = helper.make_graph(
        [node("Identity", ["w"], ["i"])],
        "inner",
        [],
        [helper.make_tensor_value_info("i", TensorProto.FLOAT, None)],
        [tensor],
    )
    condition = {"c": np.array(True)}
    if place == "graph":
        return built([node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)], condition)
    if place == "deep graph":
        deep = helper.make_graph(
            [node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)],
            "deep",
            [],
            [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)],
        )
        return built([node("If", ["c"], ["y"], then_branch=deep, else_branch=deep)], condition)
    function = helper.make_function(
        "own",
        "F",
        ["a"],
        ["b"],
        [node("Constant", [], ["w"], value=tensor), node("Add", ["a", "w"], ["b"])],
        [helper.make_opsetid("", 18)],
    )
    return built([node("F", ["x"], ["y"], domain="own")], functions=[function])


PLACES = ["initialiser", "constant", "attribute", "graph", "deep graph", "function"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["../../secrets.toml", "/etc/passwd", "weights.bin"])
def test_numbers_in_other_files(place, path):
    assert_refused(holding(outside(path), place), "another file")
    assert_passes(
        holding(
            numpy_helper.from_array(np.zeros(1 if place == "attribute" else 4, F32), "w"), place
        )
    )


def test_external_data_without_the_flag():
    tensor = outside("../x")
    tensor.data_location = TensorProto.DEFAULT
    assert_refused(holding(tensor, "initialiser"), "another file")


def test_external_data_in_sparse_tensors():
    model = built(RELU)
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(outside("../x"))
    assert_refused(model, "sparse")
    model = built([node("Constant", [], ["w"]), *RELU])
    attribute = model.graph.node[0].attribute.add()
    attribute.name, attribute.type = "sparse_value", onnx.AttributeProto.SPARSE_TENSOR
    attribute.sparse_tensor.values.CopyFrom(outside("../x"))
    assert_refused(model, "sparse")


@pytest.mark.parametrize("domain", ["evil", "com.microsoft.nchwc", "ai.onnx.preview.training"])
def test_unknown_domains(domain):
    assert_refused(built([node("Relu", ["x"], ["y"], domain=domain)]), "not one of ONNX's own")
    assert_passes(built([node("Relu", ["x"], ["y"], domain="ai.onnx")]))
    assert_passes(built([node("Scaler", ["x"], ["y"], domain="ai.onnx.ml")]))
    microsoft = built([node("Gelu", ["x"], ["y"], domain="com.microsoft")])
    assert_refused(microsoft, "not one of ONNX's own")
    microsoft.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    assert_passes(microsoft)


def test_functions_are_inlined_and_end():
    def function(name, nodes):
        imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
        return helper.make_function("own", name, ["a"], ["b"], nodes, imports)

    twice = [node("Relu", ["a"], ["t"]), node("Neg", ["t"], ["b"])]
    call = [node("F", ["x"], ["m"], domain="own"), node("F", ["m"], ["y"], domain="own")]
    graph = read_graph(built(call, functions=[function("F", twice)]).SerializeToString())
    assert [n.op for n in graph.nodes] == ["Relu", "Neg", "Relu", "Neg"]
    itself = [node("F", ["a"], ["b"], domain="own")]
    assert_refused(built(call, functions=[function("F", itself)]), "deeper than 8")
    # Each function calls the next ten times: 10^8 operations, if nobody counted.
    many = []
    for level in range(7):
        names = ["a", *(f"v{i}" for i in range(9)), "b"]
        many.append(
            function(
                f"F{level}",
                [
                    node(f"F{level + 1}", [names[i]], [names[i + 1]], domain="own")
                    for i in range(10)
                ],
            )
        )
    many.append(function("F7", twice))
    start = [node("F0", ["x"], ["y"], domain="own")]
    assert_refused(built(start, functions=many), "more than 20,000 operations")


def test_circles_and_gaps():
    circle = [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Neg", ["b"], ["y"])]
    assert_refused(built(circle), "before anything makes it")
    assert_refused(built([node("Relu", ["nobody"], ["y"])]), "before anything makes it")
    assert_refused(built([node("Relu", ["y"], ["y"])]), "before anything makes it")
    assert_refused(built([node("Relu", ["x"], ["z"])]), "Nothing makes the output")
    straight = [
        node("Add", ["x", "x"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("Neg", ["b"], ["y"]),
    ]
    assert_passes(built(straight))


def test_names_given_twice():
    assert_refused(built([*RELU, node("Neg", ["x"], ["y"])]), "two tensors")
    assert_refused(built([node("Split", ["x"], ["y", "y"], num_outputs=2)]), "two tensors")
    assert_refused(built([node("Relu", ["x"], ["x"])], outputs=("x",)), "two tensors")
    model = built([node("Add", ["x", "w"], ["y"])], {"w": np.ones(4, F32)})
    assert_passes(model)
    model.graph.initializer.add().CopyFrom(model.graph.initializer[0])
    assert_refused(model, "Two tensors")
    model = built(RELU)
    model.graph.input.add().CopyFrom(model.graph.input[0])
    assert_refused(model, "two tensors")


@pytest.mark.parametrize(
    "dims", [[2**40], [2**31, 2**31], [2**62, 2**62], [5], [3], [-1], [-4, -1], [4] + [1] * 40]
)
def test_shapes_that_are_not_there(dims):
    tensor = numpy_helper.from_array(np.zeros(4, F32), "w")
    add = [node("Add", ["x", "w"], ["y"])]
    assert_passes(built(add, {"w": tensor}))
    del tensor.dims[:]
    tensor.dims.extend(dims)
    started = time.perf_counter()
    assert_refused(built(add, {"w": tensor}), "declares")
    assert time.perf_counter() - started < 1
    other = TensorProto(name="w", data_type=1, dims=dims, float_data=[0.0] * 4)
    assert_refused(built(add, {"w": other}), "declares")


def test_numbers_of_no_size_or_another_type():
    add = [node("Concat", ["x", "w"], ["y"])]
    assert_passes(built(add, {"w": TensorProto(name="w", data_type=1, dims=[0, 4])}))
    assert_refused(
        built(add, {"w": TensorProto(name="w", data_type=1, dims=[1], int64_data=[1])}),
        "another type",
    )
    assert_refused(built(add, {"w": TensorProto(name="w", data_type=99, dims=[0])}), "element type")
    both = TensorProto(name="w", data_type=1, dims=[1], float_data=[1], raw_data=b"1234")
    assert_refused(built(add, {"w": both}), "declares")


def test_bfloat16_and_float16_weights_are_read():
    values = np.array([1.5, -2.0, 0.25, 3.0], F32)
    half = TensorProto(
        name="w",
        data_type=16,
        dims=[4],
        raw_data=(values.view(np.uint32) >> 16).astype("<u2").tobytes(),
    )
    for tensor in (half, numpy_helper.from_array(values.astype(np.float16), "w")):
        graph = read_graph(holding(tensor, "initialiser").SerializeToString())
        np.testing.assert_array_equal(graph.tensors["w"].astype(F32), values)


def test_a_million_operations():
    model = built(RELU)
    model.graph.node.extend([node("Relu", ["x"], ["y"])] * 1_000_000)
    data = model.SerializeToString()
    started = time.perf_counter()
    assert_refused(data, "20,000")
    assert time.perf_counter() - started < 20
    chain = [node("Relu", ["x" if i == 0 else f"v{i}"], [f"v{i + 1}"]) for i in range(5_000)]
    assert_passes(built(chain, outputs=("v5000",)))


def test_graphs_in_graphs():
    def nested(depth: int) -> onnx.ModelProto:
        ports = [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)]
        graph = helper.make_graph([node("Identity", ["x"], ["o"])], "g", [], ports)
        for _ in range(depth - 1):
            inside = [node("If", ["c"], ["o"], then_branch=graph, else_branch=graph)]
            graph = helper.make_graph(inside, "g", [], ports)
        return built(
            [node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)], {"c": np.array(True)}
        )

    assert_passes(nested(4))
    assert_refused(nested(9), "deeper than 8")


def test_tensors_too_large_to_make():
    for nodes, tensors in (
        ([node("ConstantOfShape", ["s"], ["w"])], {"s": np.array([2**40])}),
        ([node("Expand", ["x", "s"], ["w"])], {"s": np.array([2**40, 1, 1])}),
        ([node("Tile", ["x", "s"], ["w"])], {"s": np.array([2**20, 2**20])}),
    ):
        model = built(
            [*nodes, node("ReduceSum", ["w"], ["r"]), node("Add", ["x", "r"], ["y"])],
            tensors,
            shape=(1, 4),
        )
        graph = read_graph(model.SerializeToString())
        with pytest.raises(Problem, match="numbers"):
            load_graph(graph)


def test_training_information_and_long_names():
    model = built(RELU)
    model.training_info.add()
    assert_refused(model, "training")
    assert_refused(built([node("Relu", ["x"], ["y"], name="n" * 5000)]), "5,000 letters")
    assert_refused(built([node("Relu", ["x"], ["y"], mode="n" * 5000)]), "5,000 letters")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_give_a_note(value):
    add = [node("Add", ["x", "w"], ["y"])]
    graph = read_graph(built(add, {"w": np.array([1, value], F32)}).SerializeToString())
    assert "NaN or infinite" in graph.notes[0]
    assert not read_graph(built(add, {"w": np.ones(2, F32)}).SerializeToString()).notes


def test_several_inputs_or_none():
    model = built([node("Add", ["x", "z"], ["y"])])
    model.graph.input.add().CopyFrom(helper.make_tensor_value_info("z", TensorProto.FLOAT, [4]))
    assert "2 inputs; only “x” is explained" in load_onnx(model.SerializeToString())[1].warnings[0]
    for port in model.graph.input:
        port.type.tensor_type.elem_type = TensorProto.INT64
    with pytest.raises(Problem, match="2 inputs: x .int64., z .int64., none of numbers with"):
        load_onnx(model.SerializeToString())
    load_onnx(built(RELU).SerializeToString())
