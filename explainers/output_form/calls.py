"""A call of one of torch's functions while a model runs, as the rules for meanings see it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from explainers.output_form.meaning import Lazily, Meaning
from explainers.output_form.relations import NONE, Relations

UNKNOWN = Meaning()
"""Made of probabilities or the like in a way that is not followed."""


@dataclass(frozen=True)
class Plain:
    """Values that depend on the input and are of no known form: those of a hidden layer, or scores.

    Attributes
    ----------
    role : str
        "max", "logsumexp", "sum_exp" or "shifted" (by its maximum) of `source`, along `dim`; "" for
        all others.
    source : Tensor or Meaning
        Of a "sum_exp": what was summed.
    relative : int or None
        See Meaning.
    low, high : float
        Bounds of the values, by construction.
    relations : Relations
        To other tensors.
    """

    role: str = ""
    source: Any = None
    dim: int | None = None
    relative: int | None = None
    low: float = -math.inf
    high: float = math.inf
    relations: Relations = NONE


@dataclass(frozen=True, eq=False)
class Exponent:
    """What entered an exp, or what that is without a shift by its maximum."""

    entered: Tensor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exponent) and self.entered is other.entered

    __hash__ = None  # type: ignore[assignment]


State = Meaning | Plain | None
"""What a tensor is; None for what does not depend on the input, as far as can be seen."""


@dataclass(frozen=True)
class Call:
    """A call, before it runs.

    Attributes
    ----------
    name : str
        Of the function, without underscores: "sigmoid" for `Tensor.sigmoid_` too.
    states : tuple
        Of the positional arguments; of a list of tensors: a list.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    states: tuple[Any, ...]
    in_place: bool

    @property
    def first(self) -> Tensor:
        """The first tensor."""
        first: Tensor = self.args[0]
        return first

    def argument(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by its place or its name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)

    def number(self, place: int, name: str, default: float | None = None) -> float | None:
        """An argument that is a number, or a tensor that holds one; None where it is neither."""
        value = self.argument(place, name, default)
        if isinstance(value, Tensor) and place < len(self.states) and self.states[place] is None:
            return constant(value)
        return None if isinstance(value, Tensor) else value

    def dim(self, place: int = 1) -> int | None:
        """The one dimension that the call works along, counted from the front; None for others."""
        dim = self.argument(place, "dim", self.kwargs.get("axis"))
        if isinstance(dim, (tuple, list)) and len(dim) == 1:
            dim = dim[0]
        sides = max(self.first.ndim, 1)
        return dim % sides if isinstance(dim, int) and not isinstance(dim, bool) else None

    def again(self, values: Tensor) -> Tensor:
        """What the call gives with other values in place of its first argument."""
        if self.in_place:
            values = values.clone()
        result: Tensor = self.function(values, *self.args[1:], **self.kwargs)
        return result


def constant(value: Tensor) -> float | None:
    """The number that all entries of a tensor are; None where they differ."""
    if type(value) not in (Tensor, nn.Parameter) or not value.numel() or value.is_complex():
        return None
    flat = value.detach().flatten()
    if flat.numel() > 1 and not bool((flat == flat[0]).all()):
        return None
    return float(flat[0])


def version(tensor: Tensor) -> int | None:
    """How often a tensor was written to; None where PyTorch does not count it."""
    return None if tensor.is_inference() else tensor._version


def unchanged(values: Tensor) -> Lazily:
    """The tensor as it is now; asked for after it was written to, it raises Overwritten."""
    before = version(values)

    def read() -> Tensor:
        if version(values) != before:
            raise Overwritten
        return values

    return read


class Overwritten(Exception):
    """What entered an activation was written to afterwards."""


def canonical_name(function: Callable[..., Any]) -> tuple[str, bool]:
    """A function's name without underscores, and whether it works in place.

    Examples
    --------
    >>> import torch
    >>> canonical_name(Tensor.sigmoid_), canonical_name(torch.special.expit)
    (('sigmoid', True), ('expit', False))
    """
    name = getattr(function, "__name__", "")
    if name == "__get__":
        name = getattr(getattr(function, "__self__", None), "__name__", "")
    name = name.split(".")[0]
    in_place = name.endswith("_") and not name.endswith("__")
    return name.strip("_").removeprefix("special_"), in_place


def is_finite(value: float | None) -> bool:
    """Whether it is a number at all, and neither NaN nor infinite."""
    return value is not None and math.isfinite(value)
