"""What is known of tensors, by the memory they lie in, and their copies in double precision."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor

from explainers.dispatch.torch_private import storage_key
from explainers.importance.dense.probing import Value

Key: TypeAlias = tuple[Any, ...]


class Memory:
    """Values of tensors: views that PyTorch makes of the same memory are the same tensor.

    Parameters
    ----------
    wide : bool
        Whether everything is computed in double precision.
    """

    def __init__(self, wide: bool) -> None:
        self._widen = wide
        self._values: dict[Key, Value] = {}
        self._storages: dict[int, set[Key]] = {}
        self._kept: list[Any] = []
        self._wide: dict[Key, Tensor] = {}

    def value(self, tensor: Tensor) -> Value | None:
        """What was noted of a tensor."""
        return self._values.get(place_of(tensor))

    def written(self, tensor: Tensor) -> bool:
        """Whether anything is noted of the memory that a tensor lies in."""
        return bool(self._storages.get(storage_key(tensor.untyped_storage())))

    def keep(self, tensor: Tensor) -> None:
        """Keep a tensor, so that no other comes to lie where it lies."""
        self._kept.append(tensor)

    def note(self, tensor: Tensor, value: Value) -> None:
        """Note what a tensor is."""
        key = place_of(tensor)
        self.keep(tensor)
        self._values[key] = value
        self._storages.setdefault(key[0], set()).add(key)

    def write_back(self, given: Any, used: Any, value: Value | None) -> None:
        """Bring what was written on a replaced tensor to the one that the model has."""
        if given is not used:
            given.copy_(used)
            self._wide.pop(place_of(given), None)
        if value is not None:
            for key in self._storages.get(place_of(given)[0], set()) - {place_of(given)}:
                before = self._values.pop(key, None)
                if before is not None and before.kind in ("curved", "final", "lost"):
                    self._values[key] = Value(
                        "lost", reason="it writes on values that it still uses"
                    )
            self.note(given, value)

    def widened(self, leaf: Any) -> Any:
        """A tensor or a type of numbers in double precision."""
        if not self._widen:
            return leaf
        if isinstance(leaf, torch.dtype):
            return torch.float64 if leaf.is_floating_point else leaf
        if not isinstance(leaf, Tensor) or not leaf.is_floating_point():
            return leaf
        if leaf.dtype == torch.float64:
            return leaf
        key = place_of(leaf)
        if key not in self._wide:
            self._kept.append(leaf)
            self._wide[key] = leaf.detach().double()
        return self._wide[key]


def place_of(tensor: Tensor) -> Key:
    """Where a tensor lies in memory."""
    storage = storage_key(tensor.untyped_storage())
    return (storage, tensor.storage_offset(), tuple(tensor.shape), tensor.stride())
