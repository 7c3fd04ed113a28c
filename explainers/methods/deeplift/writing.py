"""Writing in place, honoured without writing.

PairTensors that share memory share a `Memory`. A write gives it a new Value; a view reads it anew
through the operations that made the view. A plain tensor that is written with what depends on the
input, or after a step has remembered it, is taken for a PairTensor from then on, and stays as it
was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.dispatch.forms import View, functional_form
from explainers.dispatch.torch_private import (
    OpOverload,
    no_dispatch,
    storage_key,
    tree_leaves,
    written_arguments,
)
from explainers.methods.deeplift.operations import write_refused
from explainers.methods.deeplift.pair_tensor import Memory, PairTensor
from explainers.methods.deeplift.rule_registry import Arguments, Keywords, values_in
from explainers.methods.deeplift.rules.linear import overwrite
from explainers.methods.deeplift.tape import Value

if TYPE_CHECKING:
    from explainers.methods.deeplift.recorder import Recorder

aten = torch.ops.aten


class Writer:
    """Does what the model writes in place, for one recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        # Plain tensors that were written, by their storage.
        self._written: dict[int, tuple[torch.UntypedStorage, Memory]] = {}

    def write(
        self, operation: OpOverload, args: Arguments, with_values: Arguments, kwargs: Keywords
    ) -> Tensor:
        """What was called to write on its first argument; returns that."""
        functional = functional_form(operation)
        followed = written_arguments(operation) == [0] and isinstance(args[0], Tensor)
        if functional is None or not followed or _is_conjugate(args[0]):
            raise write_refused(self.recorder.location(operation))
        target = args[0]
        moves = values_in((with_values, kwargs))
        new = (
            self.recorder.apply(functional, with_values, kwargs)
            if moves
            else functional(*args, **kwargs)
        )
        new = new if isinstance(new, Value) else self.recorder.tape.constant(new)
        if not isinstance(target, PairTensor):
            target = self.adopt(target)
        memory = target.memory
        if target.views:
            memory.value = self.recorder.apply(overwrite, (memory.value, target.places(), new), {})
        else:
            memory.value = new
        memory.version += 1
        target.known, target.version = new, memory.version
        return args[0]

    def adopt(self, plain: Tensor) -> PairTensor:
        """A plain tensor, which is about to be written, as a PairTensor."""
        storage = plain.untyped_storage()
        key = storage_key(storage)
        if key not in self._written:
            flat = plain.as_strided((storage.nbytes() // plain.element_size(),), (1,), 0).clone()
            self._written[key] = storage, Memory(self.recorder.tape.constant(flat))
        memory = self._written[key][1]
        place = (plain.shape, plain.stride(), plain.storage_offset())
        value = self.recorder.apply(aten.as_strided.default, (memory.value, *place), {})
        return PairTensor(value, self.recorder, memory, (View(aten.as_strided.default, place, {}),))

    def as_pair(self, plain: Tensor) -> Tensor | PairTensor:
        """A plain tensor as a PairTensor, if its memory was written with what depends on input."""
        if not self._written or storage_key(plain.untyped_storage()) not in self._written:
            return plain
        return self.adopt(plain)

    def reshape(self, operation: OpOverload, args: Arguments, kwargs: Keywords) -> Any:
        """What was called to give its first argument another shape; returns that."""
        pair = args[0]
        if not isinstance(pair, PairTensor):
            return operation(*args, **kwargs)
        view = functional_form(operation)
        if view is None:
            raise write_refused(self.recorder.location(operation))
        value = self.recorder.apply(view, (self.recorder.read(pair), *args[1:]), kwargs)
        with no_dispatch():
            operation(pair, *args[1:], **kwargs)
        pair.views = (*pair.views, View(view, args[1:], kwargs))
        pair.known = value
        return pair


def _is_conjugate(target: Tensor) -> bool:
    """Whether it is a view that shows other numbers than its memory holds."""
    views = target.views if isinstance(target, PairTensor) else ()
    return any(view.operation in (aten._conj.default, aten._neg_view.default) for view in views)


class RememberedTensors:
    """The plain tensors that steps may look at on the way back: no write may change them.

    They are kept by their memory, since a view may write on it.
    """

    def __init__(self) -> None:
        self._storages: dict[int, torch.UntypedStorage] = {}

    def add(self, leaves: Iterable[object]) -> None:
        """Remember the tensors among the leaves."""
        for leaf in leaves:
            if isinstance(leaf, Tensor) and leaf.layout is torch.strided:
                storage = leaf.untyped_storage()
                self._storages[storage_key(storage)] = storage

    def are_written(self, operation: OpOverload, args: tuple[Any, ...]) -> bool:
        """Whether the operation writes on one of them."""
        written = tree_leaves([args[place] for place in written_arguments(operation)[: len(args)]])
        return any(
            storage_key(leaf.untyped_storage()) in self._storages
            for leaf in written
            if isinstance(leaf, Tensor) and leaf.layout is torch.strided
        )
