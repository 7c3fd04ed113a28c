"""An onnxruntime session that computes and does nothing else: no files, no threads, no telemetry.

Without torch, so that a small process can use it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from explainers.errors import Problem, first_line

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession

    from explainers.models.formats.several_inputs import Held

_QUIET = 4
_NUMPY = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    **{f"tensor({kind})": kind for kind in ("int64", "int32", "int16", "int8", "uint8", "bool")},
}
# Read when onnxruntime is imported: from 1.29 on it reports its use to its maker unless forbidden
# (docs/Privacy.md in its repository), and keeps an identifier of the machine on disk.
_SILENCE = "ORT_DISABLE_TELEMETRY"


def onnxruntime() -> ModuleType:
    """The module, silenced; Problem where it is not installed."""
    os.environ[_SILENCE] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise Problem(
            "Gradients cannot be computed through this model, and to run it without, onnxruntime "
            "is needed, which is not installed: pip install onnxruntime."
        ) from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def session(
    data: bytes,
    output: str,
    hidden: bool,
    threads: int = 1,
    held: tuple[str, Sequence[Held]] = ("", ()),
) -> InferenceSession:
    """A session on the CPU from the bytes of an .onnx file, for its output of that name.

    Parameters
    ----------
    data : bytes
        The file, which `read_graph` has accepted.
    output : str
    hidden : bool
        Whether `output` is a tensor inside the graph and not yet one of its outputs.
    threads : int
        That one call may use; 0 leaves it to onnxruntime.
    held : (str, sequence of Held)
        The name of the one input that is left, and the others, which are held fixed.

    Raises
    ------
    Problem
        Where onnxruntime is not installed, or cannot load the file.
    """
    runtime = onnxruntime()
    if hidden:
        data = _shown(data, output)
    if held[1]:
        data = _with_held(data, *held)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = _QUIET
    # What one call took is given back before the next.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Problem(
            f"onnxruntime cannot load this model: {first_line(error)}. Export it again."
        ) from error


def run(opened: InferenceSession, output: str, values: np.ndarray) -> np.ndarray:
    """The output of that name, for values (N, …).

    A network with several inputs gets one column of the values (N, F) for each, and one that takes
    whole numbers gets the nearest ones.
    """
    inputs, given = opened.get_inputs(), {}
    for place, port in enumerate(inputs):
        block = values if len(inputs) == 1 else values[:, place : place + 1]
        kind = _NUMPY.get(port.type, block.dtype.name)
        if block.dtype.name != kind:
            block = (block if kind.startswith("float") else block.round()).astype(kind)
        given[port.name] = block
    return opened.run([output], given)[0]


def _with_held(data: bytes, source: str, held: Sequence[Held]) -> bytes:
    """The file with one input; the others are numbers in it."""
    import onnx

    from explainers.models.formats.onnx.rewriting.holding import hold_inputs

    model = onnx.ModelProto.FromString(data)
    hold_inputs(model, source, held)
    return model.SerializeToString()


def _shown(data: bytes, output: str) -> bytes:
    """The file with another tensor as its only output: the probabilities behind a ZipMap, say.

    A ZipMap is left out: it has no types but one, and would keep the rest from being loaded.
    """
    import onnx

    model = onnx.ModelProto.FromString(data)
    kept = [node for node in model.graph.node if node.op_type != "ZipMap"]
    del model.graph.node[:], model.graph.output[:]
    model.graph.node.extend(kept)
    model.graph.output.add().name = output
    return model.SerializeToString()
