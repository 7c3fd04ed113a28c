"""Hostile networks in ONNX files: numbers in other files, circles, terabytes, endless nesting."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
port = helper.make_tensor_value_info


def network(nodes, weights=(), inputs=None, domain: str = "") -> bytes:
    """A file with these nodes from x (n, 4) to y."""
    graph = helper.make_graph(
        nodes,
        "net",
        inputs or [port("x", FLOAT, ["n", 4])],
        [port("y", FLOAT, None)],
        list(weights),
    )
    sets = [helper.make_opsetid("", 18)] + [helper.make_opsetid(domain, 1)] * bool(domain)
    return helper.make_model(graph, opset_imports=sets).SerializeToString()


def elsewhere(place: str) -> TensorProto:
    """A tensor whose numbers are said to lie in another file."""
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    return tensor


def networks(mark: str):
    """Files by name, each (kind, options, bytes)."""
    node = helper.make_node
    add, good = node("Add", ["x", "w"], ["y"]), numpy_helper.from_array(np.ones(4, np.float32), "w")
    huge = TensorProto(name="w", data_type=FLOAT, dims=[1 << 40, 1 << 20], raw_data=b"abcd")
    nested = helper.make_graph([node("Identity", ["x"], ["o"])], "g", [], [port("o", FLOAT, None)])
    for depth in range(12):  # deeper than is read; every level doubles the file
        inner = node("If", ["c"], ["o"], then_branch=nested, else_branch=nested)
        nested = helper.make_graph([inner], f"g{depth}", [], [port("o", FLOAT, None)])
    inside = helper.make_graph(
        [node("Identity", ["w"], ["o"])], "i", [], [port("o", FLOAT, None)], [elsewhere(mark)]
    )
    condition = numpy_helper.from_array(np.array(True), "c")
    files = {
        **{
            f"Opens {place[-14:]}": network([add], [elsewhere(place)])
            for place in (mark, "/etc/passwd", "../" * 12 + "etc/passwd", "requirements.txt")
        },
        "Opens in an attribute": network([node("Constant", [], ["w"], value=elsewhere(mark)), add]),
        "Opens in a branch": network(
            [node("If", ["c"], ["y"], then_branch=inside, else_branch=inside)], [condition]
        ),
        "Runs another domain": network([node("Run", ["x"], ["y"], domain="evil")], domain="evil"),
        "terabytes": network([add], [huge]),
        "terabytes to be made": network(
            [node("ConstantOfShape", ["s"], ["w"]), add],
            [numpy_helper.from_array(np.array([1 << 40], np.int64), "s")],
        ),
        "a circle": network(
            [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]
        ),
        "nested": network(
            [node("If", ["c"], ["y"], then_branch=nested, else_branch=nested)], [condition]
        ),
        "100,000 nodes": network(
            [node("Relu", [f"a{i}" if i else "x"], [f"a{i + 1}"]) for i in range(100_000)]
        ),
        "no numbers": network([add], [numpy_helper.from_array(np.full(4, np.nan, "f4"), "w")]),
        "names twice": network([add, add], [good]),
        "no input": network([add], [good], inputs=[port("z", FLOAT, [4])]),
        "cut": network([add], [good])[:-30],
        "empty": ModelProto().SerializeToString(),
        "length that lies": b"\x08\x08\x3a\xff\xff\xff\xff\x0f" + b"\x00" * 100,
        "groups without end": b"\x0b" * 100_000,
    }
    for name, data in files.items():
        yield name, ("onnx", {}, data)
