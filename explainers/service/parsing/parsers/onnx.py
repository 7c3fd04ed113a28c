"""Reading networks from ONNX files."""

from __future__ import annotations

from collections.abc import Iterable

from explainers.errors import Problem
from explainers.service.parsing.parsers.registry import PARSERS, ParsedFile, Parser


def _read_onnx(data: bytes) -> ParsedFile:
    from explainers.models.formats.onnx import read_graph

    return read_graph(data).to_facts()


def _check_onnx(facts: dict, arrays: dict) -> None:
    graph((facts, arrays))


def graph(found: ParsedFile):
    """The network's graph in what the reader of ONNX files found; ValueError where it is none."""
    from explainers.models.formats.onnx.graph import Graph

    try:
        return Graph.from_facts(*found)
    except Problem as problem:
        raise ValueError(str(problem)) from problem


def _onnx() -> Iterable[tuple[bytes, dict]]:
    import onnx
    from onnx import TensorProto, helper

    weight = helper.make_tensor("w", TensorProto.FLOAT, [3, 2], [0.5] * 6)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="n")
    port = helper.make_tensor_value_info
    network = helper.make_graph(
        [node],
        "net",
        [port("x", TensorProto.FLOAT, ["n", 3])],
        [port("y", TensorProto.FLOAT, ["n", 2])],
        [weight],
    )
    yield onnx.helper.make_model(network).SerializeToString(), {}


PARSERS["onnx"] = Parser(
    _read_onnx,
    _check_onnx,
    "a network",
    "weights_megabytes",
    ("onnx", "onnx.numpy_helper", "ml_dtypes", "explainers.models.formats.onnx.reading"),
    _onnx,
    group="onnx",
    seconds=120,
    memory=1_000_000_000,
    most_bytes=2_000_000_000,
    needs_sandbox=True,
)
