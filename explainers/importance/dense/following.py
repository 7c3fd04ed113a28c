"""Following a model's operations while it runs: which values are units, and which only sums.

A tensor of a network is *affine* (a weighted sum of inputs and of units before it), *curved* (the
same function of each value of one affine tensor: an activation, in one operation or in several),
*final* (a softmax) or *lost*. A curved tensor becomes a layer of units when it enters an operation
that is no longer value by value. In a probe, the units' values are then replaced by chosen ones,
so that all affine tensors can be read as matrices, and checked to be affine, whatever operations
made them: batch norms, standardisations, residual sums, concatenations, slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from explainers.dispatch.torch_private import (
    OperationMode,
    OpOverload,
    storage_key,
    tree_leaves,
    tree_map,
    written_arguments,
)
from explainers.importance.dense.memory import Key, Memory, place_of
from explainers.importance.dense.operations import (
    FRESH,
    MOVES,
    NORMALISED,
    POINTWISE,
    PRODUCTS,
    STRAIGHT,
    telling,
)
from explainers.importance.dense.probing import (
    Found,
    Probe,
    Units,
    Value,
    axis_of,
    rows_back,
    rows_first,
)

SHARED = "it is recurrent, or else uses the same weights in several places"
COMPARES = "it decides by comparing values, as trees do"
MULTIPLIES = "it multiplies values that depend on the input with each other"


class NoLayers(Exception):
    """What a run shows of a network that has no dense layers: the reason, in words."""


class Following(OperationMode):
    """While active, follows what a model computes of a point; in double precision.

    Parameters
    ----------
    point : Tensor, float64, shape (n, …)
        What the model is given.
    probe : Probe, optional
        The values that replace those of the units.
    """

    def __init__(self, point: Tensor, probe: Probe | None = None) -> None:
        super().__init__()
        self.point, self.probe, self.count = point, probe, len(point)
        self.found, self.last = Found(), ""
        self.memory = Memory(point.dtype == torch.float64)
        self._sealed: dict[Key, Tensor] = {}
        self._weights: set[Key] = set()
        self.memory.note(point, self._affine(point, "input"))

    def value(self, tensor: Tensor) -> Value | None:
        """What a tensor is; None for constants."""
        value = self.memory.value(tensor)
        if value is None and self.memory.written(tensor):
            # Written to by way of another view of the same memory.
            value = self._affine(tensor, "view")
            self.memory.note(tensor, value)
        return value

    def run(self, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operation in double precision, units replaced, and note what its results are."""
        name = self.last = operation.name().split("::")[-1].split(".")[0].strip("_")
        args, given = tree_map(self.memory.widened, args), args
        kwargs = {key: tree_map(self.memory.widened, value) for key, value in kwargs.items()}
        places = written_arguments(operation)
        written = [place for place in places if place < len(args)]
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        known = [(one, value) for one in tensors if (value := self.value(one)) is not None]
        if not known or name in FRESH:
            result = operation(*args, **kwargs)
            for place in written:
                self.memory.write_back(given[place], args[place], None)
            return _returned(result, args, given, written, self.memory.widened)
        self._count_weights(name, tensors, known)
        if reason := telling(name):
            raise NoLayers(reason)
        value = self._judged(operation, name, args, known)
        if value is None:
            args, kwargs = tree_map(self._replaced, args), tree_map(self._replaced, kwargs)
        if value is not None and value.kind == "curved" and value.core is not None:
            value = self._moved_along(operation, value, known[0][0], args, kwargs)
        result = operation(*args, **kwargs)
        if value is not None and value.kind == "final":
            value = self._final(operation, value, args, kwargs, known, result)
        for one in tree_leaves(result):
            if isinstance(one, Tensor) and not any(one is args[place] for place in written):
                self.memory.note(one, self._result(one, name, value))
        if value is None and self.probe is not None:
            made = self.value(result) if isinstance(result, Tensor) else None
            self.found.note_entrance(self.probe, name, [value for _, value in known], made)
        for place in written:
            self.memory.write_back(
                given[place], args[place], self._result(args[place], name, value)
            )
        return _returned(result, args, given, written, self.memory.widened)

    # What a result is

    def _judged(
        self,
        operation: OpOverload,
        name: str,
        args: tuple[Any, ...],
        known: Sequence[tuple[Tensor, Value]],
    ) -> Value | None:
        """What an operation makes of its arguments; None for a new affine tensor, to be checked."""
        values = [value for _, value in known]
        for value in values:
            if value.kind == "lost":
                return value
        first = values[0]
        pointwise = torch.Tag.pointwise in operation.tags or name in POINTWISE
        if any(value.kind == "final" for value in values):
            kept = pointwise and name not in ("neg", "sub", "rsub")
            if len(known) == 1 and (kept or name in MOVES):
                return first
            return Value("lost", reason="it has a softmax before its end")
        if name in NORMALISED and len(known) == 1:
            if first.kind == "curved":
                sealed = self._seal(*known[0])
                first = self._affine(sealed, name)
            return Value("final", first.root, first.before, (name,))
        if pointwise and all(value.root == first.root for value in values):
            shape = torch.broadcast_shapes(*(one.shape for one in tree_leaves(args) if _is(one)))
            if shape == self.found.affine[first.root].shape:
                return self._pointwise(name, args, known)
        if any(not one.is_floating_point() for one, _ in known):
            return Value("lost", reason=COMPARES)
        return None

    def _pointwise(
        self, name: str, args: tuple[Any, ...], known: Sequence[tuple[Tensor, Value]]
    ) -> Value:
        values = [value for _, value in known]
        straight = name in STRAIGHT and (
            name not in ("mul", "div", "true_divide")
            or (len(known) == 1 and (name == "mul" or args[0] is known[0][0]))
        )
        befores = {value.before for value in values}
        before = befores.pop() if len(befores) == 1 else values[0].root
        curved = [value for value in values if value.kind == "curved"]
        names = tuple(dict.fromkeys(one for value in curved for one in value.names))
        if straight and not curved:
            return replace(values[0], before=-2)  # affine again, under a new number
        if straight and len(known) == 1:
            return values[0]  # its core, multiplied and shifted
        return Value("curved", values[0].root, before, (*names, name))

    @staticmethod
    def _moved_along(
        operation: OpOverload,
        value: Value,
        tensor: Tensor,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Value:
        """What a linear operation on a curved tensor makes of its core's 0 and 1."""
        ends = [
            operation(*(end.clone() if one is tensor else one for one in args), **kwargs)
            for end in (value.none, value.one)
            if end is not None
        ]
        return replace(value, none=ends[0], one=ends[1])

    def _result(self, tensor: Tensor, name: str, value: Value | None) -> Value:
        """What one result of an operation is, by what was judged."""
        if value is None:
            if not tensor.is_floating_point():
                return Value("lost", reason=COMPARES)
            return self._affine(tensor, name)
        if value.kind == "affine":
            return replace(self._affine(tensor, name), root=value.root)
        if value.kind == "curved" and value.core is None:
            ends = torch.zeros_like(tensor), torch.ones_like(tensor)
            return replace(value, core=tensor.clone(), none=ends[0], one=ends[1])
        return value

    def _affine(self, tensor: Tensor, name: str) -> Value:
        """A new affine tensor; lost where the probe shows that it is none."""
        number, axis = len(self.found.affine), axis_of(tensor, self.count)
        self.found.affine.append(tensor.clone())
        if self.probe is not None and axis is not None:
            axes = [one for one, side in enumerate(tensor.shape) if side == self.count] or [axis]
            fits = [one for one in axes if self.probe.read(rows_first(tensor, one, self.count))[2]]
            if not fits:
                self.found.axes.append(axis)
                reason = MULTIPLIES if name in ("mul", "div", *PRODUCTS) else ""
                reason = reason or f"its operation “{name}” mixes values in a way that is no sum"
                return Value("lost", number, number, reason=reason)
            axis = fits[0]
        self.found.axes.append(axis)
        return Value("affine", number, number)

    def _final(
        self,
        operation: OpOverload,
        value: Value,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        known: Sequence[tuple[Tensor, Value]],
        result: Any,
    ) -> Value:
        """A softmax that is moved takes with it what entered it."""
        (tensor, before), shape = known[0], getattr(result, "shape", None)
        if before.kind != "final" or shape == tensor.shape or not isinstance(result, Tensor):
            return value
        entered = self.found.affine[value.before]
        moved = operation(*(entered if one is tensor else one for one in args), **kwargs)
        return replace(value, before=self._affine(moved, "softmax").before)

    # Layers of units

    def _replaced(self, tensor: Any) -> Any:
        value = self.value(tensor) if isinstance(tensor, Tensor) else None
        curved = value is not None and value.kind == "curved"
        return self._seal(tensor, value) if curved and value is not None else tensor

    def _seal(self, tensor: Tensor, value: Value) -> Tensor:
        """The values that go on from a layer of units: its own, or the probe's."""
        core, none, one = value.core, value.none, value.one
        assert core is not None and none is not None and one is not None
        key = place_of(core)
        if key not in self._sealed:
            before = value.before
            self.found.layers.append(Units(before, core, value.names))
            axis = self.found.axes[before]
            self._sealed[key] = core
            if self.probe is not None and axis is not None:
                values = self.probe.of(len(self.found.layers))
                self._sealed[key] = rows_back(values, core.shape, axis, self.count)
            self.memory.keep(core)
        if self.probe is None:
            return tensor
        return none + (one - none) * self._sealed[key]

    def _count_weights(
        self, name: str, tensors: Sequence[Tensor], known: Sequence[tuple[Tensor, Value]]
    ) -> None:
        """See whether the same matrix of weights meets values a second time."""
        if name not in PRODUCTS:
            return
        ours = {id(one) for one, _ in known}
        for one in tensors:
            if id(one) not in ours and one.ndim > 1:
                key = (storage_key(one.untyped_storage()), one.storage_offset(), one.numel())
                self.found.shared |= key in self._weights
                self._weights.add(key)


def _is(leaf: Any) -> bool:
    return isinstance(leaf, Tensor)


def _returned(
    result: Any, args: tuple[Any, ...], given: tuple[Any, ...], written: Sequence[int], wide: Any
) -> Any:
    """The results in double precision; what was written is returned as the caller's own tensor."""

    def one(leaf: Any) -> Any:
        for place in written:
            if leaf is args[place]:
                return given[place]
        return wide(leaf)

    return tree_map(one, result)
