"""The tensor that an unmodified network meets: it looks like its input, and knows only the parts.

Nothing is traced and kept: every run of the network is followed anew, so that what it does is what
it would do with plain tensors, whatever decides it. An operation without a rule, and a write that
is not understood, get the whole activations; what comes out of them is plain from there on.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from explainers.dispatch.forms import View, functional_form
from explainers.dispatch.torch_private import (
    OpOverload,
    WrapperTensor,
    is_composite,
    is_mutable,
    returns_view_of_first,
    tree_leaves,
    tree_map,
    written_arguments,
)
from explainers.perturbation.incremental import reductions, windowed  # noqa: F401  # their rules
from explainers.perturbation.incremental.changed import Changed, NotLocal, Unknown, layout_of
from explainers.perturbation.incremental.registry import RULES, Rule
from explainers.perturbation.incremental.rules import is_pointwise, pointwise
from explainers.perturbation.incremental.steps import Steps


class CannotFollow(Exception):
    """The network does with its tensors what is not understood: ask it with plain ones."""


class _Memory:
    """What a tensor and its views share: their present value, and how often it was written."""

    def __init__(self, value: Changed | Unknown | Tensor) -> None:
        self.value, self.version = value, 0


class PartTensor(WrapperTensor):
    """A tensor of the network that stands for a `Changed`, or for a view of one.

    `known` is its value as of `version`; where its memory was written since, or made whole, it is
    read anew through the views that lead from there.
    """

    steps: Steps
    memory: _Memory
    views: tuple[View, ...]
    known: Changed | Unknown | Tensor
    version: int

    @staticmethod
    def of(
        value: Changed | Unknown,
        steps: Steps,
        base: PartTensor | None = None,
        view: View | None = None,
    ) -> PartTensor:
        """A tensor of the value's shape; of one that views `base`, by what."""
        if isinstance(value, Unknown):
            shape: tuple[int, ...] = tuple(value.reference.shape)
        else:
            shape = value.shape
        reference = value.reference
        strides = layout_of(reference, shape[0])
        if base is not None and view is not None:
            made = torch.empty_strided(base.shape, base.stride(), device="meta")
            viewed = view.operation(made, *view.args, **view.kwargs)
            strides = (viewed if view.output is None else viewed[view.output]).stride()
        self = PartTensor.shaped(shape, strides, reference.dtype, reference.device)
        self.steps, self.known = steps, value
        self.memory = _Memory(value) if base is None else base.memory
        self.views = () if base is None or view is None else (*base.views, view)
        self.version = self.memory.version
        return self

    # PyTorch's own has no annotations, and mypy accepts no signature beside it.
    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"PartTensor({tuple(self.shape)})"

    def value(self) -> Changed | Unknown | Tensor:
        """What it stands for now."""
        if self.version != self.memory.version:
            value = self.memory.value
            for view in self.views:
                if isinstance(value, Changed):
                    viewed = RULES[view.operation](
                        self.steps, view.operation, value, *view.args, **view.kwargs
                    )
                else:
                    viewed = view.operation(value, *view.args, **view.kwargs)
                value = viewed if view.output is None else viewed[view.output]
            self.known, self.version = value, self.memory.version
        return self.known

    def whole(self) -> Tensor:
        """The whole activation; it and its views are plain from now on."""
        value = self.memory.value
        if isinstance(value, Unknown):
            raise CannotFollow("It uses a result that is not computed in parts.")
        if isinstance(value, Changed):
            self.memory.value = value.filled()
            self.memory.version += 1
        found = self.value()
        assert isinstance(found, Tensor)
        return found

    def run(self, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """In parts where that is known, else with the whole activations."""
        if torch.Tag.inplace_view in operation.tags:
            raise CannotFollow(f"It changes the shape of a tensor in place: {operation}.")
        if isinstance(self.known, Unknown) and returns_view_of_first(operation):
            # max_pool1d gives the places of its maxima their shape, though nobody asks for them.
            viewed = self.steps.of(operation, self.known.reference, *args[1:], **kwargs)
            return PartTensor.of(Unknown(viewed), self.steps)
        rule = _rule_of(operation)
        try:
            if is_mutable(operation):
                return self._written(operation, args, kwargs)
            if rule is not None:
                return self._in_parts(rule, operation, args, kwargs)
        except NotLocal:
            pass
        if rule is None and is_composite(operation):  # as under torch.inference_mode
            return operation.decompose(*args, **kwargs)
        return _wholly(operation, args, kwargs)

    def _in_parts(
        self, rule: Rule, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        values = _values((args, kwargs))
        result = rule(self.steps, operation, *values[0], **values[1])
        base = args[0] if returns_view_of_first(operation) else None
        if not isinstance(base, PartTensor):
            base = None

        def wrapped(leaf: Any, output: int | None) -> Any:
            if not isinstance(leaf, (Changed, Unknown)):
                return leaf
            if base is None:
                if isinstance(leaf, Changed) and all(leaf.spans):
                    return leaf.part
                return PartTensor.of(leaf, self.steps)
            return PartTensor.of(leaf, self.steps, base, View(operation, args[1:], kwargs, output))

        if isinstance(result, (tuple, list)):
            return type(result)(wrapped(leaf, index) for index, leaf in enumerate(result))
        return wrapped(result, None)

    def _written(self, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A write on its first argument, as a new value of its memory."""
        target, functional = args[0], functional_form(operation)
        rule = None if functional is None else _rule_of(functional)
        if functional is None or rule is None or written_arguments(operation) != [0]:
            return _wholly(operation, args, kwargs)
        if not isinstance(target, PartTensor) or target.views:
            return _wholly(operation, args, kwargs)
        before = target.value()
        values = _values((args, kwargs))
        new = rule(self.steps, functional, *values[0], **values[1])
        if not isinstance(before, Changed) or not isinstance(new, Changed):
            raise NotLocal
        if new.shape != before.shape or new.part.dtype != before.part.dtype:
            raise NotLocal
        target.memory.value = new
        target.memory.version += 1
        target.known, target.version = new, target.memory.version
        return target


def _rule_of(operation: OpOverload) -> Rule | None:
    return RULES.get(operation) or (pointwise if is_pointwise(operation) else None)


def _values(arguments: Any) -> Any:
    """The arguments with what their tensors stand for; NotLocal where nothing is in parts."""

    def of(leaf: Any) -> Any:
        value = leaf.value() if isinstance(leaf, PartTensor) else leaf
        if isinstance(value, Unknown):
            raise CannotFollow("It uses a result that is not computed in parts.")
        return value

    values = tree_map(of, arguments)
    if not any(isinstance(leaf, Changed) for leaf in tree_leaves(values)):
        raise NotLocal
    return values


def _wholly(operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The operation as the network calls it, with the whole activations."""
    parts = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, PartTensor)]
    tensors = {id(part): part.whole() for part in parts}

    def of(leaf: Any) -> Any:
        return tensors[id(leaf)] if isinstance(leaf, PartTensor) else leaf

    plain_args, plain_kwargs = tree_map(of, (args, kwargs))
    result = operation(*plain_args, **plain_kwargs)
    back = {id(tensors[id(part)]): part for part in parts} if is_mutable(operation) else {}
    return tree_map(lambda leaf: back.get(id(leaf), leaf), result)
