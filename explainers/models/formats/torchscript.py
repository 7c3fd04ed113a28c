"""Running TorchScript, which is a program: only behind the wall, where whoever starts it allows it.

A script can write files (`torch.save` is an operation of it) and compute without end, so it is
never loaded in the worker or in the process that draws pages. What is served here takes numbers and
gives numbers: enough for perturbation methods and finite differences, not for gradients of layers.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from explainers.errors import ModelProblem, Problem

SUFFIXES = (".torchscript", ".ptl")


def prepare() -> None:
    """Import and try what `serve_script` needs: nothing can be imported behind the wall."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    # What compiles while it runs needs memory that can be executed, which the wall refuses; what
    # has threads of its own cannot start them there.
    torch.backends.mkldnn.set_flags(False)
    torch.backends.nnpack.set_flags(False)
    torch._C._jit_set_texpr_fuser_enabled(False)
    torch._C._jit_set_profiling_executor(False)
    buffer = io.BytesIO()
    network = nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.ReLU(), nn.Flatten())
    torch.jit.save(torch.jit.script(network), buffer)
    serve_script(buffer.getvalue())(np.zeros((2, 1, 5), np.float32))


def serve_script(data: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """The network in a TorchScript file, as a plain function without gradients.

    Call `prepare` first, then close the sandbox, then this.

    Parameters
    ----------
    data : bytes
        What `torch.jit.save` wrote.

    Returns
    -------
    callable
        From an array (N, …) to an array (N, outputs), float32; on one thread. It raises
        ModelProblem where the script fails or gives something else than one tensor of numbers.

    Raises
    ------
    Problem
        Where the bytes are no TorchScript.

    Examples
    --------
    >>> import torch
    >>> file = io.BytesIO()
    >>> torch.jit.save(torch.jit.script(torch.nn.ReLU()), file)
    >>> serve_script(file.getvalue())(np.array([[-1.0, 2.0]], np.float32))
    array([[0., 2.]], dtype=float32)
    """
    import torch

    try:
        script = torch.jit.load(io.BytesIO(data), map_location="cpu").eval()
    except Exception as error:
        raise Problem(
            f"This is not a TorchScript file that can be read: {_last_line(error)}. Save it with "
            "torch.jit.save, or better export the network as .onnx or .pt2."
        ) from error

    def run(inputs: np.ndarray) -> np.ndarray:
        values = torch.from_numpy(np.array(inputs, np.float32))
        try:
            with torch.inference_mode():
                output = script(values)
        except Exception as error:
            raise ModelProblem(f"The TorchScript stopped: {_last_line(error)}.") from error
        if not isinstance(output, torch.Tensor) or output.shape[:1] != values.shape[:1]:
            raise ModelProblem(
                "The TorchScript gives something else than one row of numbers for each input."
            )
        return np.ascontiguousarray(output.detach().float().numpy())

    return run


def _last_line(error: Exception) -> str:
    """The line of an error that says most: the last of TorchScript's own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line, name = lines[-1] if lines else "", type(error).__name__
    return f"{name} {line.removeprefix(f'{name}: ')}"[:200].rstrip(". ")
