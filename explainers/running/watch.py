"""What a model's operations tell of it: values that it uses as whole numbers, batch statistics.

Values that a model uses as whole numbers only are codes of an embedding, an index, a place. The
slope of an answer by such a value is zero although the answer depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_STEPS = {"round", "round_", "floor", "floor_", "ceil", "ceil_", "trunc", "trunc_", "fix", "sign"}
_NO_USE = {"__get__", "size", "dim", "is_floating_point", "requires_grad_", "detach", "__set__"}
# A mask that is chosen by the input is no code: attention, padding, piecewise functions.
_MOST_SOURCES = 64


class Watch(TorchFunctionMode):
    """While active, notes which tensors were made whole before something was computed from them.

    Attributes
    ----------
    batch_statistics : bool
        Whether a normalisation took its statistics from several rows.

    Examples
    --------
    >>> codes, x = torch.nn.Embedding(3, 2), torch.tensor([[1.0, 5.0]], requires_grad=True)
    >>> with Watch() as watch:
    ...     answer = codes(x[:, 0].long()) * x[:, 1:]
    >>> watch.coded(answer, x)
    tensor([ True, False])
    """

    def __init__(self) -> None:
        super().__init__()
        self._from: dict[int, tuple[Tensor, list[Tensor]]] = {}
        self._used: list[Tensor] = []
        self.batch_statistics = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function of torch, and note whole numbers that go in or come out."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "batch_norm" and len(args[0]) > 1:
            # An instance normalisation may come here too, as one row of many channels.
            training = kwargs.get("training", args[5] if len(args) > 5 else False)
            self.batch_statistics |= bool(training)
        if name not in _NO_USE and len(self._used) < _MOST_SOURCES:
            self._note(name, _tensors((args, kwargs)), _tensors(result))
        return result

    def _note(self, name: str, given: list[Tensor], results: list[Tensor]) -> None:
        sources: list[Tensor] = []
        whole = False
        for tensor in given:
            known = self._from.get(id(tensor))
            if known is not None:
                sources += known[1]
                whole |= tensor.dtype != torch.bool
        if any(result.is_floating_point() for result in results):
            if whole:
                self._used += sources
            elif name in _STEPS:
                self._used += [t for t in given if t.requires_grad]
        numbers = [result for result in results if not result.is_floating_point()]
        if numbers:
            sources += [t for t in given if t.is_floating_point() and t.requires_grad]
            for result in numbers if sources else []:
                self._from[id(result)] = result, sources[:_MOST_SOURCES]

    def coded(self, answer: Tensor, leaf: Tensor) -> Tensor | None:
        """Which values of one input reach the answer as whole numbers only.

        Parameters
        ----------
        answer : Tensor, shape (n, outputs…)
            What was computed from the leaf while this was active.
        leaf : Tensor, shape (n, …)

        Returns
        -------
        Tensor of bool, shape (…), or None
            None where there are none.
        """
        if not self._used:
            return None
        try:
            entered = torch.zeros_like(leaf, dtype=torch.bool)
            for source in {id(source): source for source in self._used}.values():
                entered |= _reached(source, leaf)
            coded = entered.any(0) & ~_reached(answer, leaf).any(0)
        except Exception:  # no way back; said when a method needs it
            return None
        return coded if bool(coded.any()) else None


def _reached(end: Tensor, leaf: Tensor) -> Tensor:
    """Where the slope of a tensor by the leaf is not zero."""
    if end is leaf:
        return torch.ones_like(leaf, dtype=torch.bool)
    if not end.requires_grad:
        return torch.zeros_like(leaf, dtype=torch.bool)
    weights = torch.linspace(1, 2, end.numel()).to(end).view_as(end)
    with torch.enable_grad():
        total = (end * weights).sum()
    (slope,) = torch.autograd.grad(total, leaf, retain_graph=True, allow_unused=True)
    return torch.zeros_like(leaf, dtype=torch.bool) if slope is None else slope != 0


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in _tensors(part)]
    return _tensors(list(value.values())) if isinstance(value, dict) else []
