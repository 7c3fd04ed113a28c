"""What a model writes on itself as it runs, put back: buffers, attributes, tensors, counters."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explainers.errors import ModelProblem
from explainers.running.attributes import KeptNames, Restorable, kept
from explainers.running.held import Held

MOST_WEIGHTS, MOST_OTHERS = 2**20, 2**26
"""Numbers that are copied, of parameters and of all other tensors; beyond, a change is refused."""
SMALL = 2**16
"""Tensors up to this size are compared by value: batch normalisation leaves no other trace."""


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
        self._names: list[Restorable] = []
        self._memory: list[Restorable] = []
        self._children: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._remembers = self._changes = self._settled = False
        self._tensors: list[Restorable] = []
        self._known: set[int] = set()
        self._weights, self._others = MOST_WEIGHTS, MOST_OTHERS
        self.add(held)

    def add(self, held: Held) -> None:
        """Keep the state of more modules and tensors, as it is now."""
        for module in held.modules:
            self._keep_module(module)
        for owned in held.objects:
            self._names.append(kept(owned))
        self._memory += map(kept, held.memory)
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
        for names in self._names:
            changed |= names.restore()
        for children, those in self._children:
            if [*children.items()] != [*those.items()]:
                children.clear()
                children.update(those)
                changed = True
        for tensor in self._tensors:
            changed |= tensor.restore()
        if self._remembers:
            changed |= self.forget()
        return changed

    def settle(self) -> None:
        """After a pass: put back what the first one changed, and if it did, what others do."""
        if self._changes or not self._settled:
            self._changes, self._settled = self.restore() or self._changes, True

    def forget(self) -> bool:
        """Put back what is kept outside of modules, from now on; whether anything of it changed.

        What a function of the caller's collects in lists, counters and objects stays collected, as
        the caller may want it, unless its answers depend on it.
        """
        self._remembers = self._changes = True
        changed = [memory.restore() for memory in self._memory]
        return any(changed)

    def _keep_module(self, module: nn.Module) -> None:
        scripted = isinstance(module, torch.jit.ScriptModule)
        registered: list[Any] = [] if scripted else [module._parameters, module._buffers]
        for names in registered:
            self._names.append(KeptNames(names))
        own: dict[str, Any] = {} if scripted else vars(module)
        if not scripted:
            self._names.append(KeptNames(own))
            self._children.append((module._modules, dict(module._modules)))
        for buffer in (*module.buffers(recurse=False), *own.values()):
            if isinstance(buffer, Tensor):
                self._keep(buffer)
            elif isinstance(buffer, np.ndarray):
                self._keep_array(buffer)
        for parameter in module.parameters(recurse=False):
            self._keep(parameter)

    def _keep(self, tensor: Tensor) -> None:
        lazy = torch.nn.parameter.is_lazy(tensor)
        if id(tensor) in self._known or lazy or tensor.is_meta:
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


class _KeptArray:
    def __init__(self, array: np.ndarray) -> None:
        self.array, self.copy = array, array.copy()

    def restore(self) -> bool:
        if self.array.tobytes() == self.copy.tobytes():
            return False
        self.array[...] = self.copy
        return True


class _KeptTensor:
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
