"""Running an unmodified model on pairs: every operation it calls is met and given its rule.

A `PairTensor` looks to the model like its input tensor, but stands for a `Value`: the input and the
reference at once. While a `Recorder` is active it sees every ATen operation, whether a module, a
functional call, a method, TorchScript or C++ composed it, and looks its rule up. Nothing is hooked,
nothing is compiled, and no batch size is assumed.

Writing in place is honoured without writing: see `writing`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from explainers.batch_plan import is_out_of_memory
from explainers.dispatch.forms import View, name_of
from explainers.dispatch.torch_private import (
    OperationMode,
    OpOverload,
    is_mutable,
    mkldnn_enabled,
    nothing_fused,
    returns_view_of_first,
    set_mkldnn_enabled,
    tree_flatten,
    tree_leaves,
    tree_map,
    tree_unflatten,
)
from explainers.errors import ModelProblem, Problem
from explainers.methods.deeplift.operations import (
    CHECKS,
    READ,
    SHAPE_ONLY,
    choice_refused,
    chooses_by_value,
    decomposition_of,
    has_complex,
    has_difference,
    refusal,
    rule_of,
)
from explainers.methods.deeplift.pair_tensor import PairTensor
from explainers.methods.deeplift.rule_registry import (
    COMPLEX_RULES,
    RULES,
    Arguments,
    Keywords,
    Operation,
    Rule,
    at_actual,
    at_both,
    substitute,
    values_in,
)
from explainers.methods.deeplift.rules.linear import MOVES_PLACES
from explainers.methods.deeplift.second_look import SecondLook
from explainers.methods.deeplift.source_location import current_location
from explainers.methods.deeplift.tape import Tape, Value
from explainers.methods.deeplift.writing import RememberedTensors, Writer


class Recorder(OperationMode):
    """Runs what the model calls, on PairTensors by their rules, and remembers it on a tape.

    Parameters
    ----------
    model : nn.Module or callable
        Only to name its layers in messages.
    tape : Tape
    fallback : Rule, optional
        Serves the operations that have no rule; without one they are refused.
    second_look : SecondLook, optional
        Is shown every step, with its name and place.
    """

    def __init__(
        self,
        model: Callable[..., Any],
        tape: Tape,
        fallback: Rule | None = None,
        second_look: SecondLook | None = None,
    ) -> None:
        super().__init__()
        self.model, self.tape, self.fallback = model, tape, fallback
        self.second_look = second_look
        self.notes: dict[str, None] = {}
        self._mkldnn = mkldnn_enabled()
        self._remembered = RememberedTensors()
        self._writer = Writer(self)

    def record(self, function: Callable[[Tensor], Any], start: Value) -> Value:
        """Run the function on the input and the reference at once.

        Parameters
        ----------
        function : callable
            From a tensor (n, …) to a tensor.
        start : Value of shape (n, …)

        Returns
        -------
        Value
            Of what the function returned.

        Raises
        ------
        ModelProblem
            Where an operation has no rule, the model chooses by values that depend on the input,
            or leaves PyTorch's operations.
        """
        with nothing_fused(), torch.no_grad(), self:
            try:
                answer = function(PairTensor(start, self))
            except (Problem, torch.OutOfMemoryError):
                raise
            except Exception as error:
                if is_out_of_memory(error):
                    raise
                raise ModelProblem(
                    "DeepLIFT follows the model through PyTorch's operations and could not here: "
                    f"{type(error).__name__}: {str(error)[:300]} Keep to tensors (no NumPy, no "
                    "data pointers) between input and output, or use another method."
                ) from error
        if not isinstance(answer, Tensor):
            raise ModelProblem(f"The model returned a {type(answer).__name__}, not a tensor.")
        value = self.read(answer)
        return value if isinstance(value, Value) else self.tape.constant(answer)

    def run(self, operation: OpOverload, args: Arguments, kwargs: Keywords) -> Any:
        """One operation, as the model called it, with the fast kernels that the model has."""
        before = mkldnn_enabled()
        set_mkldnn_enabled(self._mkldnn)
        try:
            return self._run(operation, args, kwargs)
        finally:
            set_mkldnn_enabled(before)

    def _run(self, operation: OpOverload, args: Arguments, kwargs: Keywords) -> Any:
        leaves, spec = tree_flatten((args, kwargs))
        read = [self.read(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        follows = any(isinstance(leaf, Value) for leaf in read)
        if not (
            follows or (is_mutable(operation) and self._remembered.are_written(operation, args))
        ):
            return operation(*args, **kwargs)
        self._remembered.add(read)
        with_values, named = tree_unflatten(read, spec)
        if torch.Tag.inplace_view in operation.tags:
            return self._writer.reshape(operation, args, kwargs)
        if is_mutable(operation) and operation not in RULES:
            return self._writer.write(operation, args, with_values, named)
        result = self.apply(operation, with_values, named)
        return self._wrap(operation, result, args, kwargs)

    def apply(self, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
        """The operation on Values: by its rule, decomposed, or as a last resort by the fallback.

        Returns what the operation does, with Values for tensors. Raises ModelProblem where nothing
        can follow it.
        """
        before = len(self.tape.steps)
        result = self._apply(operation, args, kwargs)
        if self.second_look is not None:
            for step in self.tape.steps[before:]:
                step.place = step.place or self.location(operation)
                self.second_look.met(step)
        return result

    def _apply(self, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
        leaves = tree_leaves((args, kwargs))
        values = values_in(leaves)
        if operation in SHAPE_ONLY:
            return at_actual(operation, args, kwargs)
        if operation in CHECKS or operation in READ:
            actual, reference = at_both(operation, args, kwargs)
            if actual == reference:  # both go on alike
                return actual
        if chooses_by_value(operation, args):
            raise choice_refused(self.location(operation))
        in_complex = has_complex(leaves)
        rule = rule_of(operation, in_complex)
        if rule is not None and (rule in MOVES_PLACES or all(map(has_difference, values))):
            with suppress(NotImplementedError):  # a weight or statistic that depends on the input
                return rule(self.tape, operation, args, kwargs)
        decomposition = decomposition_of(operation, in_complex)
        if decomposition is not None:
            return self._decomposed(decomposition, args, kwargs)
        return self._last_resort(operation, args, kwargs)

    def _last_resort(self, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
        """The fallback, where there is one that can serve."""
        location = self.location(operation)
        problem = refusal(operation, args, kwargs, location, self.fallback is not None)
        if problem is not None:
            raise problem
        self.notes[
            f"There is no rule for {location}; a local integral along the straight way between "
            "its values was used for that operation."
        ] = None
        assert self.fallback is not None
        return self.fallback(self.tape, operation, args, kwargs)

    def read(self, leaf: Tensor) -> Value | Tensor:
        """The Value that a tensor stands for, or the tensor where it does not depend on input."""
        if not isinstance(leaf, PairTensor):
            leaf = self._writer.as_pair(leaf)
            if not isinstance(leaf, PairTensor):
                return leaf
        if leaf.version != leaf.memory.version:
            value = leaf.memory.value
            for view in leaf.views:
                viewed = self.apply(view.operation, (value, *view.args), view.kwargs)
                value = viewed if view.output is None else viewed[view.output]
            leaf.known, leaf.version = value, leaf.memory.version
        return leaf.known

    def _decomposed(self, decomposition: Operation, args: Arguments, kwargs: Keywords) -> Any:
        def pair(value: Value) -> PairTensor:
            return PairTensor(value, self)

        with self:
            result = decomposition(*substitute(args, pair), **substitute(kwargs, pair))
        if result is NotImplemented:
            raise ModelProblem(
                f"DeepLIFT cannot take {decomposition} apart, {current_location(self.model)}."
            )
        return tree_map(lambda leaf: self.read(leaf) if isinstance(leaf, Tensor) else leaf, result)

    def _wrap(self, operation: OpOverload, result: Any, args: Arguments, kwargs: Keywords) -> Any:
        """The result as the model gets it: Values as PairTensors, views of what they view."""
        leaves, spec = tree_flatten(result)
        base = None
        follows = operation in RULES or operation in COMPLEX_RULES
        if returns_view_of_first(operation) and follows:
            base = args[0] if isinstance(args[0], PairTensor) else self._writer.adopt(args[0])
        wrapped: list[Any] = []
        for index, leaf in enumerate(leaves):
            if not isinstance(leaf, Value):
                wrapped.append(leaf)
            elif base is None:
                wrapped.append(PairTensor(leaf, self))
            else:
                of_many = index if isinstance(result, (list, tuple)) else None
                views = (*base.views, View(operation, args[1:], kwargs, of_many))
                wrapped.append(PairTensor(leaf, self, base.memory, views))
        return tree_unflatten(wrapped, spec)

    def location(self, operation: Operation) -> str:
        """The operation's name, and where the model calls it."""
        return f"{name_of(operation)}, {current_location(self.model)}"
