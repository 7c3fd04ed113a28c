"""The tensor that an unmodified model meets: it looks like the input and stands for a Value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.dispatch.forms import View
from explainers.dispatch.torch_private import OpOverload, WrapperTensor
from explainers.methods.deeplift.tape import Value

if TYPE_CHECKING:
    from explainers.methods.deeplift.recorder import Recorder


class Memory:
    """What a PairTensor and its views share: their present Value, and how often it was written."""

    def __init__(self, value: Value) -> None:
        self.value, self.version = value, 0


class PairTensor(WrapperTensor):
    """A tensor of the model that stands for a Value; `views` lead from its memory to it.

    `known` is its Value as of `version`; where its memory was written since, the recorder reads it
    anew through the views.
    """

    recorder: Recorder
    memory: Memory
    views: tuple[View, ...]
    known: Value
    version: int

    @staticmethod
    def __new__(
        cls: type[PairTensor],
        value: Value,
        recorder: Recorder,
        memory: Memory | None = None,
        views: tuple[View, ...] = (),
    ) -> PairTensor:
        self = cls.like(value.actual)
        self.recorder, self.memory, self.views = recorder, memory or Memory(value), views
        self.known, self.version = value, self.memory.version
        return self

    def places(self) -> Tensor:
        """Where each of its entries stands in its memory, counted from 0, through the views.

        A complex memory counts as one of two real numbers for each; then, where this is complex
        itself, the places have one dimension more.
        """
        memory = self.memory.value.actual
        numbers = memory.numel() * (2 if memory.is_complex() else 1)
        places = torch.arange(numbers, device=memory.device)
        if memory.is_complex():
            pairs = places.to(torch.float64).view(*memory.shape, 2)
            places = torch.view_as_complex(pairs)
        else:
            places = places.view(memory.shape)
        for view in self.views:
            viewed = view.operation(places, *view.args, **view.kwargs)
            places = viewed if view.output is None else viewed[view.output]
        return torch.view_as_real(places).long() if places.is_complex() else places.long()

    # PyTorch's own has no annotations, and mypy accepts no signature beside it.
    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"PairTensor({tuple(self.shape)})"

    def run(self, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As the recorder that made it answers."""
        return self.recorder.run(operation, args, kwargs)
