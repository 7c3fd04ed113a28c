"""What a model writes on itself as it runs, put back: buffers, attributes, tensors, counters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explainers.errors import ModelProblem
from explainers.running.held import OWN_NAMES, Held

MOST_WEIGHTS, MOST_OTHERS = 2**20, 2**26
"""Numbers that are copied, of parameters and of all other tensors; beyond, a change is refused."""
SMALL = 2**16
"""Tensors up to this size are compared by value: batch normalisation leaves no other trace."""
_CONTAINERS = (list, dict, set, deque)


class State:
    """What modules and tensors hold at a moment, and the way back to it.

    Parameters
    ----------
    held : Held

    Examples
    --------
    >>> net = nn.BatchNorm1d(1)
    >>> state = State(Held(modules=[net]))
    >>> _ = net(torch.tensor([[1.0], [3.0]]))
    >>> state.restore(), net.running_mean, int(net.num_batches_tracked), state.restore()
    (True, tensor([0.]), 0, False)
    """

    def __init__(self, held: Held) -> None:
        self._names: list[tuple[Any, dict[str, Any]]] = []
        self._tensors: list[_Kept] = []
        self._known: set[int] = set()
        self._weights, self._others = MOST_WEIGHTS, MOST_OTHERS
        self.add(held)

    def add(self, held: Held) -> None:
        """Keep the state of more modules and tensors, as it is now."""
        for module in held.modules:
            self._keep_module(module)
        for tensor in held.tensors:
            self._keep(tensor)
        for array in held.arrays:
            self._keep_array(array)

    def restore(self) -> bool:
        """Put back whatever changed; whether anything did.

        Raises
        ------
        ModelProblem
            For a weight that the model changed and that is too large to be kept twice.
        """
        changed = False
        for names, before in self._names:
            changed |= _restore_names(names, before)
        for kept in self._tensors:
            changed |= kept.restore()
        return changed

    def _keep_module(self, module: nn.Module) -> None:
        scripted = isinstance(module, torch.jit.ScriptModule)
        registered: list[Any] = [] if scripted else [module._parameters, module._buffers]
        for names in registered:
            self._names.append((names, dict(names)))
        own: dict[str, Any] = {} if scripted else vars(module)
        named = {name: _copied(part) for name, part in own.items() if name not in OWN_NAMES}
        self._names.append((own, named))
        for buffer in (*module.buffers(recurse=False), *own.values()):
            if isinstance(buffer, Tensor):
                self._keep(buffer)
            elif isinstance(buffer, np.ndarray):
                self._keep_array(buffer)
        for parameter in module.parameters(recurse=False):
            self._keep(parameter)

    def _keep(self, tensor: Tensor) -> None:
        if id(tensor) in self._known or torch.nn.parameter.is_lazy(tensor):
            return
        self._known.add(id(tensor))
        weight = isinstance(tensor, nn.Parameter)
        room = self._weights if weight else self._others
        copied = tensor.numel() <= room
        if copied and weight:
            self._weights -= tensor.numel()
        elif copied:
            self._others -= tensor.numel()
        self._tensors.append(_KeptTensor(tensor, copied))

    def _keep_array(self, array: np.ndarray) -> None:
        if id(array) not in self._known and array.size <= self._others:
            self._known.add(id(array))
            self._others -= array.size
            self._tensors.append(_KeptArray(array))


class _Kept:
    restore: Callable[[], bool]


class _KeptArray(_Kept):
    def __init__(self, array: np.ndarray) -> None:
        self.array, self.copy = array, array.copy()

    def restore(self) -> bool:
        if self.array.tobytes() == self.copy.tobytes():
            return False
        self.array[...] = self.copy
        return True


class _KeptTensor(_Kept):
    def __init__(self, tensor: Tensor, copied: bool) -> None:
        self.tensor, self.version = tensor, version_of(tensor)
        self.data = tensor.detach()  # the same memory
        try:
            self.copy = self.data.clone() if copied else None
        except Exception:  # a kind of tensor that cannot be copied
            self.copy = None

    def restore(self) -> bool:
        elsewhere = not _same_place(self.tensor, self.data)
        written = elsewhere or self.version != version_of(self.tensor)
        if self.copy is None:
            if written:
                raise ModelProblem(
                    "The model changes its own weights when it runs, and they are too large to be "
                    "put back. Give a model that only reads them."
                )
            return False
        if elsewhere:
            self.tensor.data = self.data
        if self.data.shape != self.copy.shape:
            self.data.resize_(self.copy.shape)
        # Written by .data, because a backward pass may still need to see an unchanged version.
        if (written or self.data.numel() <= SMALL) and not torch.equal(self.data, self.copy):
            self.data.data.copy_(self.copy)
            written = True
        self.version = version_of(self.tensor)
        return written


def _same_place(a: Tensor, b: Tensor) -> bool:
    try:
        return a.data_ptr() == b.data_ptr() and a.shape == b.shape
    except RuntimeError:  # a kind of tensor without memory of its own
        return True


def version_of(tensor: Tensor) -> int:
    """How often a tensor was written in place, as far as torch counts that; else 0."""
    return 0 if tensor.is_inference() else tensor._version


def _copied(value: Any) -> Any:
    """Containers of tensors and numbers are copied one level deep, all else is as it is."""
    return value.copy() if isinstance(value, _CONTAINERS) and _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    """Whether a value, and what it contains, is a tensor, a number or a word."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (tuple, *_CONTAINERS)):
        return all(map(_is_plain, value))
    return isinstance(value, (Tensor, np.ndarray, bool, int, float, complex, str, type(None)))


def _restore_names(names: MutableMapping[str, Any], before: dict[str, Any]) -> bool:
    """Bind the names of a module to what they were; what is no tensor or number stays."""
    changed = False
    for name in [name for name in names if name not in before]:
        if name not in OWN_NAMES and _is_plain(names[name]):
            del names[name]
            changed = True
    for name, value in before.items():
        now = names.get(name, _MISSING)
        if isinstance(value, _CONTAINERS) and type(now) is type(value):
            changed |= _restore_container(now, value)
        elif now is not value and _is_plain(value) and (now is _MISSING or _is_plain(now)):
            same = type(now) is type(value) and not isinstance(value, (Tensor, np.ndarray))
            changed |= not (same and _equal(now, value))
            names[name] = value
    return changed


def _restore_container(now: Any, before: Any) -> bool:
    """Fill a list, dict or set of tensors and numbers as it was; others are the same object."""
    if now is before or not _is_plain(now):
        return False
    if len(now) == len(before):
        pairs = zip(_flat(now), _flat(before), strict=True)
        if all(a is b or (not isinstance(a, Tensor) and _equal(a, b)) for a, b in pairs):
            return False
    now.clear()
    now.extend(before) if isinstance(now, (list, deque)) else now.update(before)
    return True


def _flat(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return [part for pair in container.items() for part in pair]
    return list(container)


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except (RuntimeError, ValueError, TypeError):  # tensors and arrays inside
        return False


_MISSING = object()
