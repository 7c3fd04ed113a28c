"""The table of operations: which function on torch tensors computes which ONNX operation.

An operation takes tensors by position, as ONNX lists its inputs, None where one is left out, and
attributes by ONNX's names. The definitions are those of https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.models.formats.onnx.tensors import type_name

if TYPE_CHECKING:
    from explainers.models.formats.onnx.graph import Node

OPERATIONS: dict[str, list[Operation]] = {}


MOST_NUMBERS = 2**30


class NotCovered(NotImplementedError):
    """A form of an operation that has no translation; the message names the form."""


@dataclass(frozen=True)
class Place:
    """What an operation may ask of its surroundings.

    version   of the operator set.  outputs   how many are asked for.
    working   the type that stands for `declared`, where the model was cast to another precision.
    """

    version: int
    outputs: int
    declared: torch.dtype = torch.float32
    working: torch.dtype = torch.float32

    def dtype(self, number: int) -> torch.dtype:
        """The torch type of ONNX's type number; in a model that was cast, floats follow it."""
        name = type_name(number)
        found = getattr(torch, name, None)
        if not isinstance(found, torch.dtype):
            raise NotCovered(f"tensors of type {name} (number {number})")
        return self.working if found.is_floating_point and self.cast else found

    @property
    def cast(self) -> bool:
        """Whether the model runs in another precision than the file says."""
        return self.working != self.declared


@dataclass(frozen=True)
class Operation:
    """`function` computes `name` of the versions from `since` on.

    lists   positions of inputs that it takes as Python lists of numbers: shapes, axes, sizes.
    """

    name: str
    since: int
    function: Callable[..., Tensor | tuple[Tensor, ...]]
    lists: tuple[int, ...]
    attributes: frozenset[str]
    asks: bool

    def __call__(self, place: Place, inputs: list, attributes: dict[str, Any]) -> tuple:
        """The outputs; `inputs` as the node lists them."""
        extra = {"place": place} if self.asks else {}
        made = self.function(*inputs, **attributes, **extra)
        return made if isinstance(made, tuple) else (made,)


def operation(*names: str, since: int = 1, lists: tuple[int, ...] = ()) -> Callable:
    """Register the decorated function for these operations, from this operator set on."""

    def register(function: Callable) -> Callable:
        parameters = inspect.signature(function).parameters
        known = frozenset(
            key for key, p in parameters.items() if p.kind is not inspect.Parameter.VAR_POSITIONAL
        )
        for name in names:
            entry = Operation(
                name, since, function, lists, known - {"place"}, "place" in parameters
            )
            OPERATIONS.setdefault(name, []).append(entry)
        return function

    return register


def find(node: Node) -> Operation | None:
    """The translation of the node, or None: also where it has an attribute that has none."""
    if node.domain:
        return None
    fitting = [entry for entry in OPERATIONS.get(node.op, ()) if entry.since <= node.version]
    if not fitting:
        return None
    best = max(fitting, key=lambda entry: entry.since)
    return best if set(node.attributes) <= best.attributes else None


def affordable(count: float) -> None:
    """Problem where an operation is about to make more numbers than any net needs."""
    if not count <= MOST_NUMBERS:
        raise Problem(
            f"The model asks for a tensor of {count:,.0f} numbers; up to {MOST_NUMBERS:,} are "
            "accepted. Use a smaller input, or check the sizes in the model."
        )


def number(tensor: Tensor | None) -> float | int | bool | None:
    """The value of a plain one-element tensor; None where it has more, or depends on the input."""
    plain = type(tensor) in (Tensor, torch.nn.Parameter) and tensor.grad_fn is None
    return tensor.item() if plain and tensor.numel() == 1 else None
