"""Making ONNX files for tests, and asking onnxruntime for the truth."""

import io
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

DOMAINS = {"ai.onnx.ml": 3, "com.microsoft": 1}


def exported(model, x, dynamo: bool = False, free: bool = True) -> bytes:
    """The bytes torch.onnx.export writes; `free`: for any number of rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            sides = ({0: torch.export.Dim("batch")},) if free else None
            program = torch.onnx.export(
                model, (x,), dynamo=True, dynamic_shapes=sides, verbose=False
            )
            return program.model_proto.SerializeToString()
        file = io.BytesIO()
        torch.onnx.export(
            model,
            (x,),
            file,
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "n"}, "y": {0: "n"}} if free else None,
        )
        return file.getvalue()


def truth(data: bytes, x, output: int = 0):
    """onnxruntime's first output, or another."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.asarray(x)})[output]


def built(
    nodes,
    tensors=(),
    shape=("n", 4),
    outputs=("y",),
    opset=18,
    kind=TensorProto.FLOAT,
    domains=("ai.onnx.ml",),
    **extra,
) -> onnx.ModelProto:
    """A model from x (of some kind) to the outputs, with named arrays or TensorProtos inside."""
    kept = [
        numpy_helper.from_array(value, name) if isinstance(value, np.ndarray) else value
        for name, value in dict(tensors).items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        kept,
    )
    others = [helper.make_opsetid(domain, DOMAINS[domain]) for domain in domains]
    imports = [helper.make_opsetid("", opset), *others]
    return helper.make_model(graph, opset_imports=imports, ir_version=10, **extra)


def single(op, shape, tensors=(), opset=18, takes=None, gives=None, outputs=1, **attributes):
    """The bytes of a model of one operation on x (and on the arrays, "" left out).

    takes, gives   onnx types that x is cast to first; that the answer is cast from last.
    """
    first = "c" if takes else "x"
    names = [f"t{i}" if isinstance(value, np.ndarray) else "" for i, value in enumerate(tensors)]
    made = ["y" if not gives else "r", *(f"more{i}" for i in range(outputs - 1))]
    nodes = [helper.make_node("Cast", ["x"], ["c"], to=takes)] if takes else []
    nodes.append(helper.make_node(op, [first, *names], made, **attributes))
    if gives:
        nodes.append(helper.make_node("Cast", ["r"], ["y"], to=TensorProto.FLOAT))
    kept = {n: value for n, value in zip(names, tensors, strict=True) if n}
    return built(nodes, kept, shape, opset=opset).SerializeToString()
