"""A model in evaluation mode and frozen while it is explained, then as it was before."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeAlias

import torch
from torch import Tensor, nn

from explainers.errors import ModelProblem, Problem

Model: TypeAlias = Callable[[Tensor], Tensor]
"""What can be explained: a torch module or any function from inputs (N, …) to outputs (N, …)."""

PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}


def placed_on(model: Model, device: str | torch.device | None, precision: str) -> Model:
    """The model itself, or a copy of it on another device or in another precision.

    The original is never moved or cast: bfloat16 and back would lose digits.

    Parameters
    ----------
    model : callable
        What is not a torch module is returned as it is.
    device : str, torch.device or None
        None: where the model is.
    precision : str
        "auto" for the model's own, or a key of PRECISIONS.

    Raises
    ------
    ModelProblem
        Where the model cannot be copied.
    Problem
        For a precision that is not known.

    Examples
    --------
    >>> net = nn.Linear(2, 1)
    >>> placed_on(net, None, "auto") is net
    True
    >>> placed_on(net, "cpu", "float64").weight.dtype, net.weight.dtype
    (torch.float64, torch.float32)
    """
    if precision not in ("auto", *PRECISIONS):
        raise Problem(f"precision={precision!r} is not known; it is auto, {', '.join(PRECISIONS)}.")
    if not isinstance(model, nn.Module):
        return model
    own_device, own_dtype = device_and_dtype(model)
    if own_device is None:
        return model
    place = own_device if device is None else torch.device(device)
    dtype = PRECISIONS.get(precision, own_dtype)
    if _same(place, own_device) and dtype == own_dtype:
        return model
    try:
        return copy.deepcopy(model).to(device=place, dtype=dtype)
    except Exception as error:
        raise ModelProblem(
            f"The model could not be copied to {place} in {dtype}: {error}. "
            "Move it yourself and leave out device= and precision=."
        ) from error


def device_and_dtype(model: Model) -> tuple[torch.device | None, torch.dtype | None]:
    """Device and type of the model's first floating-point tensor, or (None, None).

    Examples
    --------
    >>> device_and_dtype(nn.Linear(2, 1))
    (device(type='cpu'), torch.float32)
    """
    if isinstance(model, nn.Module):
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                return tensor.device, tensor.dtype
    return None, None


def _same(a: torch.device, b: torch.device) -> bool:
    return a.type == b.type and (a.index or 0) == (b.index or 0)


@contextmanager
def evaluating(model: Model) -> Iterator[None]:
    """While the block runs, the model is in evaluation mode and its parameters are frozen.

    Recurrent layers run without cuDNN, which refuses their backward pass in evaluation mode.
    Afterwards every module's mode and every parameter's `requires_grad` is as it was, also when
    the block raises. What is not a torch module is left alone.

    Parameters
    ----------
    model : callable

    Examples
    --------
    >>> net = nn.Dropout()
    >>> with evaluating(net):
    ...     net.training
    False
    >>> net.training
    True
    """
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
        with torch.backends.cudnn.flags(enabled=False) if recurrent else nullcontext():
            yield
    finally:
        for module, was in training:
            module.training = was
        for parameter, was in learning:
            parameter.requires_grad_(was)


def check_output(output: object, points: Tensor) -> Tensor:
    """The model's output on the points, with at least two dimensions.

    Parameters
    ----------
    output : object
        What the model returned.
    points : Tensor, shape (n, …)
        What it was given.

    Returns
    -------
    Tensor, shape (n, …)
        A single output (n,) becomes (n, 1).

    Raises
    ------
    ModelProblem
        For what is no tensor, has another number of rows, or is not finite.

    Examples
    --------
    >>> check_output(torch.tensor([1.0, 2.0]), torch.zeros(2, 3)).shape
    torch.Size([2, 1])
    """
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
