"""Parsing networks in ONNX files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.kinds.files.formats import declare
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)

if TYPE_CHECKING:
    from explainers.models.formats.onnx.graph import Graph


def _parse(untrusted_data: bytes) -> ParsedFile:
    from explainers.models.formats.onnx import read_graph

    return read_graph(untrusted_data).to_facts()


def _check(facts: Facts, arrays: Arrays) -> None:
    graph((facts, arrays))


def graph(parsed: ParsedFile) -> Graph:
    """The graph in the parsed form of an ONNX file; ValueError where it is none."""
    from explainers.models.formats.onnx.graph import Graph

    try:
        return Graph.from_facts(*parsed)
    except Problem as problem:
        raise ValueError(str(problem)) from problem


def _warm_up_files() -> Iterable[WarmUpFile]:
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
    parse=_parse,
    check=_check,
    description="a network",
    limit="weights_megabytes",
    modules=("onnx", "onnx.numpy_helper", "ml_dtypes", "explainers.models.formats.onnx.reading"),
    warm_up_files=_warm_up_files,
    group="onnx",
    seconds=120,
    memory=1_000_000_000,
    most_bytes=2_000_000_000,
    needs_sandbox=True,
)

declare("networks", "ONNX", ".onnx")
