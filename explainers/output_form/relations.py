"""How the values of one tensor are known to relate to those of another."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Multiple:
    """factor · |base| ** power.

    Attributes
    ----------
    base : weak reference to a Tensor
    written : int or None
        How often the tensor had been written to.
    factor, power : float
    """

    base: weakref.ref[Tensor]
    written: int | None
    factor: float = 1.0
    power: float = 1.0

    def times(self, factor: float) -> Multiple:
        """The same, times a number."""
        return Multiple(self.base, self.written, self.factor * factor, self.power)

    def to(self, power: float) -> Multiple:
        """The same, to a power."""
        return Multiple(self.base, self.written, self.factor**power, self.power * power)


@dataclass(frozen=True)
class Relations:
    """How the values of a tensor relate to those of others, by construction.

    Attributes
    ----------
    at_least : tuple of Multiple
        What the values are never less than, entry by entry.
    size : Multiple or None
        What the size of the values is.
    """

    at_least: tuple[Multiple, ...] = ()
    size: Multiple | None = None


NONE = Relations()
