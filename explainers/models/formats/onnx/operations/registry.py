"""The table of operations: which function on torch tensors computes which ONNX operation.

An operation takes tensors by position, as ONNX lists its inputs, None where one is left out, and
attributes by ONNX's names. The definitions are those of https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.models.formats.onnx.tensors import type_name

if TYPE_CHECKING:
    from explainers.models.formats.onnx.graph import Node

Ints: TypeAlias = tuple[int, ...]
"""An attribute of several whole numbers, as ONNX's "ints"."""
Input: TypeAlias = Tensor | list | None
"""An input as a node gives it: a tensor, a list of numbers, or None where it is left out."""
OPERATIONS: dict[str, list[Operation]] = {}
"""By name, with the domain in front where that is not ONNX's own: "Relu", "ai.onnx.ml.Scaler"."""
TABLES = "ai.onnx.ml"
"""The domain of what scikit-learn and its like are written in."""
MOST_NUMBERS = 2**30


class NotCovered(NotImplementedError):
    """A form of an operation that has no translation; the message names the form."""


@dataclass(frozen=True)
class Surroundings:
    """What an operation may need to know of its surroundings.

    Parameters
    ----------
    version : int
        Of the operator set.
    outputs : int
        How many outputs the node names.
    declared, working : torch.dtype
        The precision in the file, and the one that it was cast to.
    """

    version: int
    outputs: int
    declared: torch.dtype = torch.float32
    working: torch.dtype = torch.float32

    def dtype(self, number: int) -> torch.dtype:
        """The torch type of ONNX's type number; in a model that was cast, floats follow it.

        Examples
        --------
        >>> Surroundings(version=17, outputs=1).dtype(1)
        torch.float32
        """
        name = type_name(number)
        dtype = getattr(torch, name, None)
        if not isinstance(dtype, torch.dtype):
            raise NotCovered(f"tensors of type {name} (number {number})")
        return self.working if dtype.is_floating_point and self.cast else dtype

    @property
    def cast(self) -> bool:
        """Whether the model runs in another precision than the file declares."""
        return self.working != self.declared


@dataclass(frozen=True)
class Operation:
    """How torch computes an ONNX operation.

    Parameters
    ----------
    name : str
        As "Conv".
    since : int
        The first version of the operator set that it is for.
    function : callable
        From tensors, by position, and attributes, by name, to one tensor or several.
    lists : tuple of int
        Positions of inputs that it takes as Python lists of numbers: shapes, axes, sizes.
    attributes : frozenset of str
        Those that it knows.
    needs_surroundings : bool
        Whether it takes `surroundings` as well.
    """

    name: str
    since: int
    function: Callable[..., Any]
    lists: tuple[int, ...]
    attributes: frozenset[str]
    needs_surroundings: bool

    def __call__(
        self, surroundings: Surroundings, inputs: list[Input], attributes: dict[str, Any]
    ) -> tuple[Tensor, ...]:
        """The outputs; `inputs` as the node lists them."""
        extra = {"surroundings": surroundings} if self.needs_surroundings else {}
        made = self.function(*inputs, **attributes, **extra)
        return made if isinstance(made, tuple) else (made,)


Translation = TypeVar("Translation", bound=Callable[..., Tensor | tuple[Tensor | None, ...]])


def operation(
    *names: str, since: int = 1, lists: tuple[int, ...] = (), domain: str = ""
) -> Callable[[Translation], Translation]:
    """Register the decorated function for these ONNX operations.

    Parameters
    ----------
    names : str
        As "Softmax".
    since : int
        The first version of the operator set that it is for; a later one takes its place.
    lists : tuple of int
        Positions of inputs that it takes as Python lists of numbers.
    domain : str
        "" for ONNX's own.
    """

    def register(function: Translation) -> Translation:
        parameters = inspect.signature(function).parameters
        known = frozenset(
            key for key, p in parameters.items() if p.kind is not inspect.Parameter.VAR_POSITIONAL
        )
        for name in names:
            entry = Operation(
                name,
                since,
                function,
                lists,
                known - {"surroundings"},
                "surroundings" in parameters,
            )
            OPERATIONS.setdefault(_key(domain, name), []).append(entry)
        return function

    return register


def entries(node: Node) -> list[Operation]:
    """The translations of a node's operation, for all versions and whatever its attributes."""
    return OPERATIONS.get(_key(node.domain, node.op), [])


def _key(domain: str, name: str) -> str:
    return f"{domain}.{name}" if domain else name


def find(node: Node) -> Operation | None:
    """The translation of a node, or None: also where it has an attribute that has none.

    Examples
    --------
    >>> from explainers.models.formats.onnx.graph import Node
    >>> from explainers.models.formats.onnx.operations import find
    >>> find(Node("Relu", "", 14, "", ("x",), ("y",))).name
    'Relu'
    >>> find(Node("Unheard", "", 14, "", ("x",), ("y",))) is None
    True
    """
    fitting = [entry for entry in entries(node) if entry.since <= node.version]
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
    """The value of a plain one-element tensor; None where it has more, or depends on the input.

    Examples
    --------
    >>> number(torch.tensor([2.0])), number(torch.zeros(2))
    (2.0, None)
    """
    if tensor is None or type(tensor) not in (Tensor, torch.nn.Parameter):
        return None
    return tensor.item() if tensor.grad_fn is None and tensor.numel() == 1 else None
