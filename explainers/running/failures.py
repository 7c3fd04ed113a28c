"""What a model raises as it runs, forward or backward, as a sentence that says what to do."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from explainers.batch_plan import is_out_of_memory
from explainers.errors import Cancelled, ModelProblem, Problem, WrittenOn, typed_line
from explainers.running.behaviour import BATCH_STATISTICS

NO_SLOPE = "The model's gradient cannot be computed"
WITHOUT_SLOPES = "occlusion, ablation, RISE or finite differences"
_KNOWN_WAYS_BACK = {
    "autograd kernel was not registered": (
        "one of its operations has no derivative in PyTorch, as those of quantised layers. Explain "
        "the network as it was before it was quantised, or register a derivative"
    ),
    "inplace": (
        "it writes in place on values that the way back still needs. Let it make a new tensor "
        "there (x = x * 2 instead of x *= 2, nn.ReLU(inplace=False))"
    ),
    "Checkpointing is not compatible with": (
        "it uses torch.utils.checkpoint in its reentrant form. Pass use_reentrant=False, or switch "
        "checkpointing off"
    ),
    "must implement either the backward": (
        "it uses an autograd Function that has no backward. Write one"
    ),
    "derivative for": "one of its operations has no derivative in PyTorch. Replace it",
    "is not implemented": "one of its operations has no derivative in PyTorch. Replace it",
    "invalid gradient": "an autograd Function in it returns a gradient of another shape. Mend it",
    "real scalar outputs": (
        "its answer holds complex numbers. Let it return their real part, or their absolute value"
    ),
}
_MADE_FOR_INFERENCE = "nference tensor"


def all_finite(values: Tensor) -> bool:
    """Whether no value is NaN or infinite.

    The sum is quicker to look at; it may overflow though all values are finite.

    Examples
    --------
    >>> all_finite(torch.tensor([1e38, 3e38])), all_finite(torch.tensor([1.0, torch.nan]))
    (True, False)
    """
    return math.isfinite(values.sum().item()) or bool(torch.isfinite(values).all())


@contextmanager
def forward_of_model(points: Tensor) -> Iterator[None]:
    """While the block runs, what a model raises on points (n, …) becomes a ModelProblem.

    Examples
    --------
    >>> with forward_of_model(torch.zeros(1, 2)):
    ...     raise KeyError("layer")
    Traceback (most recent call last):
        ...
    explainers.errors.ModelProblem: The model stopped with an error on inputs of shape (1, 2): \
KeyError: 'layer'. Check the input's size and number of channels.
    """
    try:
        yield
    except (Problem, Cancelled, WrittenOn, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        text = str(error)
        if "more than 1 value per channel" in text:
            raise ModelProblem(BATCH_STATISTICS) from error
        if "inplace" in text:
            raise ModelProblem(
                _without_slope("The model's gradient cannot be computed", error)
            ) from error
        if "Can't call numpy()" in text:
            raise ModelProblem(
                f"{NO_SLOPE}: the model goes on in NumPy, where no gradient follows. Stay in "
                f"torch, or use a method that needs no gradient: {WITHOUT_SLOPES}."
            ) from error
        if _MADE_FOR_INFERENCE in text:
            raise ModelProblem(
                "The model's weights, or tensors that it keeps, were made under "
                "torch.inference_mode, so no gradient can pass them. Make or load the model "
                f"outside of it, or use a method that needs no gradient: {WITHOUT_SLOPES}."
            ) from error
        raise ModelProblem(
            f"The model stopped with an error on inputs of shape {tuple(points.shape)}: "
            f"{typed_line(error, 300)}. {_check(text, points)}"
        ) from error


def _check(text: str, points: Tensor) -> str:
    """What to look at after an error of the model's."""
    if "dtype" in text or "scalar type" in text:
        return (
            f"The input is {points.dtype}: give it in the precision that the model computes in, as "
            "inputs.double()."
        )
    if "does not require grad" in text:
        return (
            "It seems to take a gradient itself: let it do so under torch.enable_grad(), by a copy "
            "of its input that requires one (x = x.detach().requires_grad_() where it does not)."
        )
    return "Check the input's size and number of channels."


def demand_callable(model: object) -> None:
    """Problem for what is no model, with what it may be instead.

    Examples
    --------
    >>> demand_callable({"fc.weight": torch.zeros(2, 3)})
    Traceback (most recent call last):
        ...
    explainers.errors.Problem: The model is a dict, which cannot be called. Give the module or \
function itself; a state dict goes into one by load_state_dict, or explainers.load_model.
    """
    if isinstance(model, type):
        raise Problem(
            f"The model is the class {model.__name__}, not one of its objects. Make one, and give "
            "that."
        )
    if not callable(model):
        raise Problem(
            f"The model is a {type(model).__name__}, which cannot be called. Give the module or "
            "function itself; a state dict goes into one by load_state_dict, or "
            "explainers.load_model."
        )


def demand_plain(output: Tensor) -> None:
    """ModelProblem for tensors that are not laid out in rows of numbers.

    Examples
    --------
    >>> demand_plain(torch.eye(2).to_sparse())
    Traceback (most recent call last):
        ...
    explainers.errors.ModelProblem: The model returned a sparse tensor. Let it return a plain one: \
lambda x: model(x).to_dense().
    """
    if output.is_nested:
        raise ModelProblem(
            "The model returned a nested tensor, whose rows may differ in length. Let it return a "
            "plain one: lambda x: model(x).to_padded_tensor(0.0)."
        )
    if output.layout != torch.strided:
        raise ModelProblem(
            "The model returned a sparse tensor. Let it return a plain one: "
            "lambda x: model(x).to_dense()."
        )
    if output.is_quantized:
        raise ModelProblem(
            "The model returned a quantised tensor. Let it return a plain one: "
            "lambda x: model(x).dequantize()."
        )


@contextmanager
def way_back(said: str = NO_SLOPE) -> Iterator[None]:
    """While the block runs, what a model's way back raises becomes a ModelProblem.

    Parameters
    ----------
    said : str
        How the sentence begins.

    Examples
    --------
    >>> with way_back():
    ...     raise NotImplementedError("You must implement either the backward or vjp method")
    Traceback (most recent call last):
        ...
    explainers.errors.ModelProblem: The model's gradient cannot be computed: it uses an autograd \
Function that has no backward. Write one, or use a method that needs no gradient: occlusion, \
ablation, RISE or finite differences.
    """
    try:
        yield
    except (Problem, Cancelled, WrittenOn, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ModelProblem(_without_slope(said, error)) from error


def _without_slope(said: str, error: Exception) -> str:
    known = (words for part, words in _KNOWN_WAYS_BACK.items() if part in str(error))
    reason = next(known, f"{typed_line(error, 300)}. Mend that")
    return f"{said}: {reason}, or use a method that needs no gradient: {WITHOUT_SLOPES}."


def no_way_back(output: Tensor) -> ModelProblem:
    """The problem of an answer from which no gradient leads to the input."""
    reason = "No gradient flows from the model's answer back to its input"
    if output.is_inference():
        reason += ": it runs under torch.inference_mode"
    elif not (output.is_floating_point() or output.is_complex()):
        reason += f": the answer is of whole numbers ({output.dtype})"
    return ModelProblem(
        f"{reason}. Use a method that needs none: occlusion, RISE or finite differences."
    )


def no_tensor(output: object) -> ModelProblem:
    """The problem of a model that returns something else than a tensor: what, and how to wrap it.

    Examples
    --------
    >>> print(no_tensor({"logits": torch.zeros(2, 10), "loss": None}))
    The model returned a dict, not a tensor: 'logits' of shape (2, 10), 'loss' (None). Wrap it so \
that it returns the one tensor to explain, for example lambda x: model(x)['logits'].
    """
    kind = type(output).__name__
    if output is None:
        return ModelProblem("The model returned None, not a tensor. Does it lack a return?")
    if isinstance(output, (np.ndarray, np.generic, int, float)):
        return ModelProblem(
            f"The model returned a {kind}, not a tensor. Wrap it: lambda x: "
            "torch.as_tensor(model(x)); without a gradient, use a method that needs none: "
            f"{WITHOUT_SLOPES}."
        )
    parts = _parts(output)
    listed = ", ".join(f"{name} {_shown(part)}" for name, part, _ in parts[:8])
    tensors = [way for _, part, way in parts if isinstance(part, Tensor) and part.ndim]
    way = (tensors or ["[0]"])[0]
    return ModelProblem(
        f"The model returned a {kind}, not a tensor{': ' if listed else ''}{listed}. Wrap it so "
        f"that it returns the one tensor to explain, for example lambda x: model(x){way}."
    )


def _parts(output: object) -> list[tuple[str, object, str]]:
    """Name, value and way to each part of what a model returned."""
    if isinstance(output, Mapping) and not dataclasses.is_dataclass(output):
        return [(repr(key), part, f"[{key!r}]") for key, part in output.items()]
    if hasattr(output, "_fields"):
        return [(name, getattr(output, name), f".{name}") for name in output._fields]
    if isinstance(output, (list, tuple)):
        return [(f"[{index}]", part, f"[{index}]") for index, part in enumerate(output)]
    named = {
        name: part for name, part in getattr(output, "__dict__", {}).items() if part is not None
    }
    return [(name, part, f".{name}") for name, part in named.items() if name[:1] != "_"]


def _shown(part: object) -> str:
    if isinstance(part, Tensor):
        return f"of shape {tuple(part.shape)}"
    return f"({type(part).__name__.replace('NoneType', 'None')})"
