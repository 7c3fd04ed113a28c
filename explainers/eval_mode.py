"""A model in evaluation mode and frozen while it is explained, then as it was before."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from explainers.errors import ModelProblem, NotFinite, Problem
from explainers.running.failures import all_finite, demand_plain, no_tensor
from explainers.running.held import Held, held_by
from explainers.running.state import State

Model: TypeAlias = Callable[[Tensor], Tensor]
"""What can be explained: a torch module or any function from inputs (N, …) to outputs (N, …)."""
Answer: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(points (n, …), rows (n,)) → the output of the model in some form; may know a shorter way."""

PRECISIONS = {name: getattr(torch, name) for name in ("float32", "float64", "bfloat16")}
PRECISIONS["tf32"] = torch.float32


def placed_on(
    model: Model, device: str | torch.device | None, precision: str, channels_last: bool = False
) -> Model:
    """The model itself, or a copy of it on another device, in another precision or layout.

    A model that was made under `torch.inference_mode` is copied too: no gradient can pass it.

    The original is never moved or cast: bfloat16 and back would lose digits.

    Parameters
    ----------
    model : callable
        What is not a torch module is returned as it is.
    device : str, torch.device or None
        None: where the model is.
    precision : str
        "auto" for the model's own, or a key of PRECISIONS.
    channels_last : bool
        Whether weights of convolutions lie channels last.

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
        known = ", ".join(("auto", "trial", *PRECISIONS))
        raise Problem(f"precision={precision!r} is not known; it is {known}.")
    if not isinstance(model, nn.Module):
        return model
    demand_weights(model)
    tensors = (*model.parameters(), *model.buffers())
    own_device, own_dtype = _first_of(tensors)
    if own_device is None:
        return model
    frozen = any(tensor.is_inference() for tensor in tensors)
    place = own_device if device is None else device_called(device)
    dtype = PRECISIONS.get(precision, own_dtype)
    if _same(place, own_device) and dtype == own_dtype and not frozen and not channels_last:
        return model
    try:
        with torch.inference_mode(False):
            copied = copy.deepcopy(model).to(device=place, dtype=dtype)
            # As it is called for module trees: torch declares it for tensors alone.
            return copied.to(memory_format=torch.channels_last) if channels_last else copied
    except Exception as error:
        raise ModelProblem(
            f"The model could not be copied to {place} in {dtype}: {error}. "
            "Move it yourself and leave out device= and precision=."
        ) from error


def device_called(device: str | torch.device) -> torch.device:
    """The device of that name. Problem where torch knows none.

    Examples
    --------
    >>> device_called("cpu")
    device(type='cpu')
    """
    try:
        return torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise Problem(f"device={device!r} is not known; it is cpu, cuda, cuda:1, mps …") from error


def demand_weights(model: nn.Module) -> None:
    """ModelProblem where weights have no numbers yet.

    Examples
    --------
    >>> demand_weights(nn.Linear(2, 1, device="meta"))
    Traceback (most recent call last):
        ...
    explainers.errors.ModelProblem: The model's weights have no numbers yet: 'weight' is on the \
device "meta". Load them, as with model.to_empty(device="cpu") and load_state_dict.
    """
    weights = (*model.parameters(), *model.buffers())
    if not any(torch.nn.parameter.is_lazy(weight) or weight.is_meta for weight in weights):
        return
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if torch.nn.parameter.is_lazy(tensor):
            raise ModelProblem(
                f"The model's weights have no shape yet: {name!r} is that of a lazy module. Run "
                "the model once on an input, model(inputs), so that it takes one."
            )
        if tensor.is_meta:
            raise ModelProblem(
                f'The model\'s weights have no numbers yet: {name!r} is on the device "meta". Load '
                'them, as with model.to_empty(device="cpu") and load_state_dict.'
            )


def device_and_dtype(model: Model) -> tuple[torch.device | None, torch.dtype | None]:
    """Device and type of the model's first floating-point tensor, or (None, None).

    Examples
    --------
    >>> device_and_dtype(nn.Linear(2, 1))
    (device(type='cpu'), torch.float32)
    """
    if not isinstance(model, nn.Module):
        return None, None
    return _first_of(chain(model.parameters(), model.buffers()))


def _first_of(tensors: Iterable[Tensor]) -> tuple[torch.device | None, torch.dtype | None]:
    numbers = (tensor for tensor in tensors if tensor.is_floating_point())
    return next(((tensor.device, tensor.dtype) for tensor in numbers), (None, None))


def _same(a: torch.device, b: torch.device) -> bool:
    return a.type == b.type and (a.index or 0) == (b.index or 0)


@contextmanager
def evaluating(model: Model, held: Held | None = None) -> Iterator[State]:
    """While the block runs, the model is in evaluation mode and its parameters are frozen.

    So are the modules that a callable holds in closures, partials, attributes or globals, and those
    that it is seen to call. Recurrent layers run without cuDNN, which refuses their backward pass
    in evaluation mode. Afterwards every module's mode, every parameter's `requires_grad`, and what
    the model wrote on itself is as it was, also when the block raises.

    Parameters
    ----------
    model : callable
    held : Held, optional
        What it holds, where that is known.

    Yields
    ------
    State
        What the model holds; `restore` puts back what a pass changed.

    Examples
    --------
    >>> net = nn.Dropout()
    >>> with evaluating(lambda x, net=net: net(x)):
    ...     net.training
    False
    >>> net.training
    True
    """
    held = held_by(model) if held is None else held
    state, modes = State(held), _Modes()
    recurrent = any(isinstance(module, nn.RNNBase) for module in held.modules)
    try:
        for module in held.modules:
            modes.change(module)
        with ExitStack() as settings:
            # No mode of the caller's may keep gradients from being computed.
            settings.enter_context(torch.inference_mode(False))
            if recurrent:
                settings.enter_context(torch.backends.cudnn.flags(enabled=False))
            if not isinstance(model, nn.Module):
                settings.enter_context(_modules_called(modes, state))
            yield state
        state.restore()
    except BaseException:
        with suppress(ModelProblem):
            state.restore()
        raise
    finally:
        modes.restore()


class _Modes:
    """Modules in evaluation mode and frozen, and how they were."""

    def __init__(self) -> None:
        self._modes: dict[int, tuple[nn.Module, bool]] = {}
        self._learning: list[tuple[nn.Parameter, bool]] = []

    def knows(self, module: nn.Module) -> bool:
        return id(module) in self._modes

    def change(self, module: nn.Module) -> None:
        self._modes[id(module)] = module, module.training
        module.training = False
        for parameter in module.parameters(recurse=False):
            lazy = torch.nn.parameter.is_lazy(parameter)
            if parameter.requires_grad and not (lazy or parameter.is_inference()):
                self._learning.append((parameter, True))
                parameter.requires_grad_(False)

    def restore(self) -> None:
        for module, was in self._modes.values():
            module.training = was
        for parameter, was in self._learning:
            parameter.requires_grad_(was)


@contextmanager
def _modules_called(modes: _Modes, state: State) -> Iterator[None]:
    """Modules that are called in this thread are put into evaluation mode before they run."""
    thread = threading.get_ident()

    def found(module: nn.Module, _inputs: object) -> None:
        if threading.get_ident() == thread and not modes.knows(module):
            state.add(Held(modules=[module]))
            modes.change(module)

    hook = register_module_forward_pre_hook(found)
    try:
        yield
    finally:
        hook.remove()


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
        raise no_tensor(output)
    demand_plain(output)
    if output.is_complex():
        raise ModelProblem(
            "The model returned complex numbers, which have no order. Let it return their absolute "
            "values or their real parts: lambda x: model(x).abs()."
        )
    if output.ndim == 0 or output.shape[0] != points.shape[0]:
        raise ModelProblem(
            f"The model returned shape {tuple(output.shape)} for inputs of shape "
            f"{tuple(points.shape)}; the first dimension must be one row per input."
        )
    if not output.numel():
        raise ModelProblem(
            f"The model returned shape {tuple(output.shape)}, which holds no number. Check the "
            "input's size, and which part of the answer is returned."
        )
    if not output.is_floating_point():
        output = output.long()  # differences of answers must not wrap around
    if not all_finite(output):
        raise NotFinite(
            "The model's answer holds NaN or infinite values, so there is nothing to explain. "
            "Check the input's size and normalisation, and the model's weights."
        )
    return output.unsqueeze(1) if output.ndim == 1 else output
