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
    """The function (N, …) → (N, outputs), float32, of the TorchScript file with these bytes.

    Call `prepare` first, then raise the wall, then this. One thread; nothing is differentiated.
    Problem where the bytes are no TorchScript; ModelProblem where the script fails or gives
    something else than one tensor of numbers.
    """
    import torch

    try:
        script = torch.jit.load(io.BytesIO(data), map_location="cpu").eval()
    except Exception as error:
        raise Problem(
            f"This is not a TorchScript file that can be read: {_first(error)}. Save it with "
            "torch.jit.save, or better export the network as .onnx or .pt2."
        ) from error

    def answers(inputs: np.ndarray) -> np.ndarray:
        values = torch.from_numpy(np.array(inputs, np.float32))
        try:
            with torch.inference_mode():
                output = script(values)
        except Exception as error:
            raise ModelProblem(f"The TorchScript stopped: {_first(error)}.") from error
        if not isinstance(output, torch.Tensor) or output.shape[:1] != values.shape[:1]:
            raise ModelProblem(
                "The TorchScript gives something else than one row of numbers for each input."
            )
        return np.ascontiguousarray(output.detach().float().numpy())

    return answers


def _first(error: Exception) -> str:
    """The line of an error that says most: the last of TorchScript's own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said, name = lines[-1] if lines else "", type(error).__name__
    return f"{name} {said.removeprefix(f'{name}: ')}"[:200].rstrip(". ")
