"""Following a model's operations while it runs, to know what the numbers of its output are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from explainers.output_form import places
from explainers.output_form.activations import ACTIVATIONS
from explainers.output_form.arithmetic import ARITHMETIC, PAIRS
from explainers.output_form.bounds import bounds
from explainers.output_form.calls import UNKNOWN, Call, Plain, State, canonical_name, version
from explainers.output_form.meaning import Meaning
from explainers.output_form.quotients import quotient_bounds, relations

_LAYERS = """
    linear matmul rmatmul mm bmm addmm baddbmm addbmm einsum tensordot bilinear embedding mv
    dot inner outer scaled_dot_product_attention multi_head_attention_forward lstm gru
    rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell cdist addmv
"""
LAYERS = frozenset(_LAYERS.split())
"""Functions behind which nothing is left of a probability: what they give is a hidden layer."""


class Tracker(TorchFunctionMode):
    """While active, follows what the tensors that a model computes are.

    It works on operations and not on modules, so that `nn.Softmax`, `F.softmax`, `x.softmax(1)`,
    one written out with exp and sum, and what is done to it afterwards are all understood.
    Only what is still in use is remembered.

    Parameters
    ----------
    *inputs : Tensor
        Of the model; what is computed without them is a constant.

    Examples
    --------
    >>> import torch
    >>> with Tracker() as tracker:
    ...     p = torch.tensor([0.5, -2.0]).sigmoid()
    ...     output = torch.stack([1 - p, p], 1)
    >>> tracker.meaning(output).form, tracker.meaning(output).logit()
    ('sigmoid', tensor([[-0.5000,  0.5000],
            [ 2.0000, -2.0000]]))
    """

    def __init__(self, *inputs: Tensor) -> None:
        super().__init__()
        self._states: Any = WeakTensorKeyDictionary()
        for tensor in inputs:
            self._note(tensor, Plain())

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function of torch, and note what its results are."""
        kwargs = kwargs or {}
        name, in_place = canonical_name(func)
        out = kwargs.get("out")
        if not args and "input" in kwargs:
            args, kwargs = (kwargs["input"],), {k: v for k, v in kwargs.items() if k != "input"}
        given = args
        if args and (in_place or kwargs.get("inplace") or out is args[0]) and name in ACTIVATIONS:
            given = (args[0].clone(), *args[1:])  # what entered will be overwritten
        if out is not None or kwargs.get("inplace"):
            options = {k: v for k, v in kwargs.items() if k not in ("out", "inplace")}
        else:
            options = kwargs
        states = tuple(self._state(arg) for arg in args)
        call = Call(name, func, given, options, states, in_place)
        result = func(*args, **kwargs)
        if name == "setitem":
            self._note(args[0], places.written(call))
        elif isinstance(result, Tensor):
            self._note(result, self._result(call, result))
        elif isinstance(result, (tuple, list)):
            self._note_all(call, result)
        return result

    def meaning(self, output: Tensor) -> Meaning | None:
        """What the values of a tensor are; None for scores, and for what was not seen."""
        state = self._look_up(output)
        if isinstance(state, Plain):
            between = Meaning(state.low, state.high)
            return between if between.unit else None
        return state

    def seen(self, output: Tensor) -> bool:
        """Whether a tensor's way from the input was seen, and nothing out of sight wrote on it."""
        entry = self._states.get(output)
        return entry is not None and entry[0] == version(output) and entry[1] is not None

    def _state(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self._look_up(value)
        if isinstance(value, (list, tuple)):
            return [self._look_up(one) if isinstance(one, Tensor) else None for one in value]
        return None

    def _look_up(self, tensor: Tensor) -> State:
        entry = self._states.get(tensor)
        if entry is None:
            return None
        noted, state = entry
        return state if noted == version(tensor) else UNKNOWN

    def _note(self, tensor: Tensor, state: State) -> None:
        now = version(tensor)
        if now is not None:
            self._states[tensor] = (now, state)

    def _note_all(self, call: Call, results: Sequence[Any]) -> None:
        states: list[State] = [Plain()] * len(results)
        if call.name in places.SORTS and len(results) == 2:
            known = isinstance(call.states[0], Meaning)
            if known or call.name != "max":
                states = places.sorted_by(call, results)
            else:
                states[0] = ACTIVATIONS["max"](call)
        elif call.name in places.MOVES:
            states = places.parts(call, len(results))
        for one, state in zip(results, states, strict=True):
            if isinstance(one, Tensor):
                self._note(one, state)

    def _result(self, call: Call, result: Tensor) -> State:
        """What the one result of a call is, within its bounds."""
        state = self._made(call, result)
        named = state.role if isinstance(state, Plain) else state.form if state else ""
        if state is None:
            return None
        state = replace(state, relations=relations(call, result))
        if named:
            return state
        ends = (bounds(call, result), quotient_bounds(call, result), (state.low, state.high))
        low, high = max(low for low, _ in ends), min(high for _, high in ends)
        return replace(state, low=low, high=high)

    def _made(self, call: Call, result: Tensor) -> State:
        name, first = call.name, call.states[0] if call.states else None
        if name in places.FRESH:
            return None
        if not any(_depends(state) for state in call.states) and name not in ACTIVATIONS:
            # A layer of what was made out of sight, or of a constant.
            return Plain() if name in LAYERS else None
        if not (result.is_floating_point() or result.is_complex()):
            return Plain()
        if name in ACTIVATIONS and call.args and isinstance(call.args[0], Tensor):
            state = ACTIVATIONS[name](call)
            if state is not None:
                return state
        if isinstance(first, Plain) and not first.role and name in places.SAME | places.MOVES:
            return first
        if name in places.SCATTERS:
            return places.written(call)
        if name in places.JOINS:
            return places.put_together(call)
        if isinstance(first, Meaning) or (isinstance(first, Plain) and first.role):
            if name in places.SAME:
                return first
            if name in places.MOVES:
                return places.moved(call)
            if name in places.SUMS:
                return places.summed(call, result)
        return self._computed(call, first)

    def _computed(self, call: Call, first: State) -> State:
        name = call.name
        known = any(isinstance(state, Meaning) for state in call.states)
        helped = any(isinstance(state, Plain) and state.role for state in call.states)
        layer = name in LAYERS or "conv" in name or name.endswith("_norm")
        if not (known or helped) or layer:
            return Plain()
        if name == "copy":
            alike = call.first.shape == call.args[1].shape
            return call.states[1] if alike else UNKNOWN
        if isinstance(first, Meaning) and name in places.MEANS:
            return places.averaged(call)
        if name in places.MOVES or not (known or name in PAIRS):
            return Plain()
        if name in ARITHMETIC and (isinstance(first, Meaning) or name in PAIRS):
            return ARITHMETIC[name](call)
        return UNKNOWN


def _depends(state: Any) -> bool:
    if isinstance(state, list):
        return any(one is not None for one in state)
    return state is not None
