"""An onnxruntime session that computes and does nothing else: no files, no threads, no telemetry.

Without torch, so that a small process can use it.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING

from explainers.errors import Problem

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_QUIET = 4
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


def session(data: bytes, output: str, hidden: bool, threads: int = 1) -> InferenceSession:
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

    Raises
    ------
    Problem
        Where onnxruntime is not installed, or cannot load the file.
    """
    runtime = onnxruntime()
    if hidden:
        data = _shown(data, output)
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


def first_line(error: Exception) -> str:
    """What an error says, in one short line without its final full stop."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line[:200].rstrip(". ")


def _shown(data: bytes, output: str) -> bytes:
    """The file with one more output: the probabilities behind a ZipMap, for example."""
    import onnx

    model = onnx.ModelProto.FromString(data)
    value = model.graph.output.add()
    value.name = output
    value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return model.SerializeToString()
