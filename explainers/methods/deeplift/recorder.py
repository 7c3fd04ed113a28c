"""Running an unmodified model on pairs: every operation it calls is met and given its rule.

A `PairTensor` looks to the model like its input tensor, but stands for a `Value`: the input and the
reference at once. While a `Recorder` is active it sees every ATen operation, whether a module, a
functional call, a method, TorchScript or C++ composed it, and looks its rule up. Nothing is hooked,
nothing is compiled, and no batch size is assumed.

Writing in place is honoured without writing: PairTensors that share memory share a `Memory`. A
write gives it a new Value; a view reads it anew through the operations that made the view.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import torch
from torch import Tensor

from explainers.errors import ModelProblem, Problem
from explainers.methods.deeplift.operations import (
    DATA_DEPENDENT,
    INDEXED,
    SHAPE_ONLY,
    decomposition_of,
    functional_form,
    has_difference,
    is_real,
    name_of,
)
from explainers.methods.deeplift.pair_tensor import Memory, PairTensor, View
from explainers.methods.deeplift.rule_registry import (
    RULES,
    Arguments,
    Keywords,
    Operation,
    Rule,
    at_actual,
    substitute,
    values_in,
)
from explainers.methods.deeplift.rules.linear import overwrite
from explainers.methods.deeplift.source_location import current_location
from explainers.methods.deeplift.tape import Tape, Value
from explainers.methods.deeplift.torch_private import (
    OperationMode,
    OpOverload,
    is_mutable,
    mkldnn_enabled,
    no_dispatch,
    returns_view_of_first,
    set_mkldnn_enabled,
    storage_key,
    tree_flatten,
    tree_map,
    tree_unflatten,
    written_arguments,
)

aten = torch.ops.aten
_MATH = torch.nn.attention.SDPBackend.MATH


class Recorder(OperationMode):
    """Runs what the model calls, on PairTensors by their rules, and remembers it on a tape.

    Parameters
    ----------
    model : nn.Module or callable
        Only to name its layers in messages.
    tape : Tape
    fallback : Rule, optional
        Serves the operations that have no rule; without one they are refused.
    """

    def __init__(self, model: Callable[..., Any], tape: Tape, fallback: Rule | None = None) -> None:
        super().__init__()
        self.model, self.tape, self.fallback = model, tape, fallback
        self.notes: dict[str, None] = {}
        self._mkldnn = mkldnn_enabled()
        # Plain tensors that were written with what depends on the input, by their storage.
        self._written: dict[int, tuple[torch.UntypedStorage, Memory]] = {}

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
        with ExitStack() as settings:
            # Fused kernels that would hide what they compute.
            set_mkldnn_enabled(False)
            settings.callback(set_mkldnn_enabled, self._mkldnn)
            settings.enter_context(torch.nn.attention.sdpa_kernel(_MATH))
            fast = torch.backends.mha.get_fastpath_enabled()
            torch.backends.mha.set_fastpath_enabled(False)
            settings.callback(torch.backends.mha.set_fastpath_enabled, fast)
            settings.enter_context(torch.no_grad())
            settings.enter_context(self)
            try:
                answer = function(PairTensor(start, self))
            except (Problem, torch.OutOfMemoryError):
                raise
            except Exception as error:
                if "memory" in str(error):
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
        if not any(isinstance(leaf, Value) for leaf in read):
            return operation(*args, **kwargs)
        with_values, named = tree_unflatten(read, spec)
        if torch.Tag.inplace_view in operation.tags:
            return self._reshape_in_place(operation, args, kwargs)
        if is_mutable(operation) and operation not in RULES:
            return self._write(operation, args, with_values, named)
        result = self.apply(operation, with_values, named)
        return self._wrap(operation, result, args, kwargs)

    def apply(self, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
        """The operation on Values: by its rule, decomposed, or as a last resort by the fallback.

        Returns what the operation does, with Values for tensors. Raises ModelProblem where nothing
        can follow it.
        """
        values = values_in((args, kwargs))
        if operation in SHAPE_ONLY:
            return at_actual(operation, args, kwargs)
        if operation in DATA_DEPENDENT or (operation in INDEXED and not all(map(is_real, values))):
            raise ModelProblem(
                f"What the model does depends on the values it computes ({name_of(operation)}, "
                f"{current_location(self.model)}): the input and its baseline could take different "
                "ways. DeepLIFT needs one way for both; use torch.where there, or another method."
            )
        rule = RULES.get(operation)
        if rule is not None and all(map(has_difference, values)):
            with suppress(NotImplementedError):  # a weight or statistic that depends on the input
                return rule(self.tape, operation, args, kwargs)
            rule = None
        if rule is None:
            decomposition = decomposition_of(operation)
            if decomposition is not None:
                return self._decomposed(decomposition, args, kwargs)
        location = f"{name_of(operation)}, {current_location(self.model)}"
        if self.fallback is None or not all(map(is_real, values)):
            raise ModelProblem(
                f"DeepLIFT has no rule for an operation of this model: {location}. Use "
                "fallback='integral', or another method such as Integrated Gradients."
            )
        self.notes[
            f"There is no rule for {location}; a local integral along the straight way between "
            "its values was used for that operation."
        ] = None
        return self.fallback(self.tape, operation, args, kwargs)

    def read(self, leaf: Tensor) -> Value | Tensor:
        """The Value that a tensor stands for, or the tensor where it does not depend on input."""
        if not isinstance(leaf, PairTensor):
            if not self._written:
                return leaf
            leaf = self._as_pair(leaf)
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
        if returns_view_of_first(operation) and operation in RULES:
            base = args[0] if isinstance(args[0], PairTensor) else self._adopt(args[0])
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

    # Writing in place

    def _write(
        self, operation: OpOverload, args: Arguments, with_values: Arguments, kwargs: Keywords
    ) -> Tensor:
        functional = functional_form(operation)
        if written_arguments(operation) != [0] or functional is None:
            raise self._unfollowed(operation)
        target = args[0]
        new = self.apply(functional, with_values, kwargs)
        new = new if isinstance(new, Value) else self.tape.constant(new)
        if not isinstance(target, PairTensor):
            target = self._adopt(target)
        memory = target.memory
        if target.views:
            places = torch.arange(memory.value.actual.numel(), device=memory.value.actual.device)
            places = places.view(memory.value.actual.shape)
            for view in target.views:
                viewed = view.operation(places, *view.args, **view.kwargs)
                places = viewed if view.output is None else viewed[view.output]
            memory.value = self.apply(overwrite, (memory.value, places, new), {})
        else:
            memory.value = new
        memory.version += 1
        target.known, target.version = new, memory.version
        return args[0]

    def _adopt(self, plain: Tensor) -> PairTensor:
        """A plain tensor, which is about to be written, as a PairTensor."""
        storage = plain.untyped_storage()
        key = storage_key(storage)
        if key not in self._written:
            flat = plain.as_strided((storage.nbytes() // plain.element_size(),), (1,), 0).clone()
            self._written[key] = storage, Memory(self.tape.constant(flat))
        memory = self._written[key][1]
        place = (plain.shape, plain.stride(), plain.storage_offset())
        value = self.apply(aten.as_strided.default, (memory.value, *place), {})
        return PairTensor(value, self, memory, (View(aten.as_strided.default, place, {}),))

    def _as_pair(self, plain: Tensor) -> Tensor | PairTensor:
        """A plain tensor as a PairTensor, if its memory was written with what depends on input."""
        written = storage_key(plain.untyped_storage()) in self._written
        return self._adopt(plain) if written else plain

    def _reshape_in_place(self, operation: OpOverload, args: Arguments, kwargs: Keywords) -> Any:
        pair = args[0]
        if not isinstance(pair, PairTensor):
            return operation(*args, **kwargs)
        view = functional_form(operation)
        if view is None:
            raise self._unfollowed(operation)
        value = self.apply(view, (self.read(pair), *args[1:]), kwargs)
        with no_dispatch():
            operation(pair, *args[1:], **kwargs)
        pair.views = (*pair.views, View(view, args[1:], kwargs))
        pair.known = value
        return pair

    def _unfollowed(self, operation: OpOverload) -> ModelProblem:
        return ModelProblem(
            f"DeepLIFT cannot follow {name_of(operation)}, {current_location(self.model)}: it "
            "writes on given tensors. Use the form that returns a new one."
        )
