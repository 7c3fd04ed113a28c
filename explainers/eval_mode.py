"""A model in evaluation mode and frozen while it is explained, then left exactly as found."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from explainers.errors import ModelProblem, Problem

PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}


def placed_on(model: Callable, device, precision: str) -> Callable:
    """`model` itself, or a copy where another device or precision is asked for.

    The original is never moved or cast: bfloat16 and back would lose digits.
    """
    if precision not in ("auto", *PRECISIONS):
        raise Problem(f"precision={precision!r} is not known; it is auto, {', '.join(PRECISIONS)}.")
    if not isinstance(model, nn.Module):
        return model
    found_device, found_dtype = device_and_dtype(model)
    device = torch.device(device) if device is not None else found_device
    dtype = PRECISIONS.get(precision, found_dtype)
    if found_device is None or (_same(device, found_device) and dtype == found_dtype):
        return model
    try:
        return copy.deepcopy(model).to(device=device, dtype=dtype)
    except Exception as error:
        raise ModelProblem(
            f"The model could not be copied to {device} in {dtype}: {error}. "
            "Move it yourself and leave out device= and precision=."
        ) from error


def device_and_dtype(model: Callable) -> tuple[torch.device | None, torch.dtype | None]:
    """Device and type of the model's first floating-point tensor, or (None, None)."""
    if isinstance(model, nn.Module):
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                return tensor.device, tensor.dtype
    return None, None


def _same(a: torch.device, b: torch.device) -> bool:
    return a.type == b.type and (a.index or 0) == (b.index or 0)


@contextmanager
def evaluating(model: Callable) -> Iterator[None]:
    """Eval mode, parameters frozen, and recurrent layers able to run backward; then all undone."""
    if not isinstance(model, nn.Module):
        yield
        return
    training = [(module, module.training) for module in model.modules()]
    learning = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    recurrent = any(isinstance(module, nn.RNNBase) for module in model.modules())
    try:
        for module, _ in training:
            module.training = False
        for parameter, _ in learning:
            parameter.requires_grad_(False)
        # cuDNN refuses the backward pass of a recurrent layer in eval mode.
        with torch.backends.cudnn.flags(enabled=False) if recurrent else nullcontext():
            yield
    finally:
        for module, was in training:
            module.training = was
        for parameter, was in learning:
            parameter.requires_grad_(was)


def check_output(output, points: Tensor) -> Tensor:
    """The model's output (n, …), (n,) made (n, 1); ModelProblem where it cannot be explained."""
    if not isinstance(output, Tensor):
        raise ModelProblem(
            f"The model returned a {type(output).__name__}, not a tensor. Wrap it so that it "
            "returns the one tensor to explain, for example lambda x: model(x)[0]."
        )
    if output.ndim == 0 or output.shape[0] != points.shape[0]:
        raise ModelProblem(
            f"The model returned shape {tuple(output.shape)} for {points.shape[0]} inputs; "
            "the first dimension must be one row per input."
        )
    if not bool(torch.isfinite(output).all()):
        raise ModelProblem(
            "The model's answer holds NaN or infinite values, so there is nothing to explain. "
            "Check the input's size and normalisation, and the model's weights."
        )
    return output.unsqueeze(1) if output.ndim == 1 else output
