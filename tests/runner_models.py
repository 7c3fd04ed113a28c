"""Networks that only onnxruntime can run, as models behind the wall."""

import numpy as np
from onnx import TensorProto, helper

from explainers.models.formats.onnx import read_graph
from explainers.service.runners.models import OnnxRuntimeModel
from tests.onnx import onnx_files

node, port = helper.make_node, helper.make_tensor_value_info


def built(nodes, tensors=(), **options) -> bytes:
    """A file with these nodes from x to y."""
    return onnx_files.built(nodes, tensors, **options).SerializeToString()


def model_of(data: bytes) -> OnnxRuntimeModel:
    """A model of the file, whose runner starts when it is first asked."""
    return OnnxRuntimeModel(read_graph(data), data)


def loop(turns: int) -> bytes:
    """A network that adds 1 so many times; as Loop is defined, for ever is 2⁶³ turns."""
    body = helper.make_graph(
        [node("Identity", ["go"], ["on"]), node("Add", ["a", "one"], ["b"])],
        "body",
        [
            port("i", TensorProto.INT64, []),
            port("go", TensorProto.BOOL, []),
            port("a", TensorProto.FLOAT, None),
        ],
        [port("on", TensorProto.BOOL, []), port("b", TensorProto.FLOAT, None)],
    )
    return built(
        [node("Loop", ["turns", "yes", "x"], ["y"], body=body)],
        {"turns": np.array(turns), "yes": np.array(True), "one": np.array(1, np.float32)},
    )
