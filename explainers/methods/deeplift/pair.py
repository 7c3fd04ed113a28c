"""Running an unmodified model on pairs: every operation it calls is met and given its rule.

A `Pair` looks to the model like its input tensor, but stands for a `Value`: the input and the
reference at once. While a `Recorder` is active it sees every ATen operation, whether a module, a
functional call, a method, TorchScript or C++ composed it, and looks its rule up. Nothing is hooked,
nothing is compiled, and no batch size is assumed.

Writing in place is honoured without writing: Pairs that share memory share a `Cell`. A write gives
the cell a new Value; a view reads it anew through the operations that made the view.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

import torch
from torch import Tensor
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from explainers.errors import ModelProblem, Problem
from explainers.methods.deeplift import place
from explainers.methods.deeplift.operations import (
    BY_INDEX,
    CONTROL,
    SHAPE_ONLY,
    differs,
    functional,
    is_number,
    name_of,
    parts_of,
)
from explainers.methods.deeplift.rulebook import RULES, put
from explainers.methods.deeplift.rules.linear import overwrite
from explainers.methods.deeplift.tape import Tape, Value

aten = torch.ops.aten
_MATH = torch.nn.attention.SDPBackend.MATH


class Cell:
    """The memory that a Pair and its views share: its present Value, and how often it changed."""

    def __init__(self, value: Value) -> None:
        self.value, self.version = value, 0


class Pair(Tensor):
    """A tensor of the model that stands for a Value; `views` lead from its cell to it."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, value: Value, recorder: Recorder, cell: Cell | None = None, views=()):
        now = value.now
        self = torch.Tensor._make_wrapper_subclass(
            cls, now.shape, strides=now.stride(), dtype=now.dtype, device=now.device
        )
        self.recorder, self.cell, self.views = recorder, cell or Cell(value), views
        self.known, self.version = value, self.cell.version
        return self

    def __repr__(self, **_) -> str:
        return f"Pair({tuple(self.shape)})"

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        first = next(leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Pair))
        return first.recorder.run(function, args, kwargs or {})


class Recorder(TorchDispatchMode):
    """Runs what the model calls, on Pairs by their rules, and remembers the steps on a tape."""

    def __init__(self, model: Callable, tape: Tape, fallback: Callable | None = None) -> None:
        super().__init__()
        self.model, self.tape, self.fallback = model, tape, fallback
        self.notes: dict[str, None] = {}
        self._fast = torch._C._get_mkldnn_enabled()
        # Plain tensors that were written with what depends on the input, by their storage.
        self._written: dict[int, tuple[torch.UntypedStorage, Cell]] = {}

    def record(self, function: Callable, start: Value) -> Value:
        """function(the input as a Pair) → the Value of its answer."""
        with ExitStack() as settings:
            # Fused kernels that would hide what they compute.
            torch._C._set_mkldnn_enabled(False)
            settings.callback(torch._C._set_mkldnn_enabled, self._fast)
            settings.enter_context(torch.nn.attention.sdpa_kernel(_MATH))
            fast = torch.backends.mha.get_fastpath_enabled()
            torch.backends.mha.set_fastpath_enabled(False)
            settings.callback(torch.backends.mha.set_fastpath_enabled, fast)
            settings.enter_context(torch.no_grad())
            settings.enter_context(self)
            try:
                answer = function(Pair(start, self))
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

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return self.run(function, args, kwargs or {})

    def run(self, function, args, kwargs):
        """One operation, as the model called it, with the fast kernels that the model has."""
        before = torch._C._get_mkldnn_enabled()
        torch._C._set_mkldnn_enabled(self._fast)
        try:
            return self._run(function, args, kwargs)
        finally:
            torch._C._set_mkldnn_enabled(before)

    def _run(self, function, args, kwargs):
        leaves, spec = tree_flatten((args, kwargs))
        read = [self.read(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        if not any(isinstance(leaf, Value) for leaf in read):
            return function(*args, **kwargs)
        with_values, named = tree_unflatten(read, spec)
        if torch.Tag.inplace_view in function.tags:
            return self._reshape_in_place(function, args, kwargs)
        if function._schema.is_mutable and function not in RULES:
            return self._write(function, args, with_values, named)
        made = self.apply(function, with_values, named)
        return self._wrap(function, made, args, kwargs)

    def apply(self, function, args, kwargs):
        """The operation on Values: by its rule, as others, or as a last resort by the fallback."""
        held = [v for v in tree_leaves((args, kwargs)) if isinstance(v, Value)]
        if function in SHAPE_ONLY:
            return function(*put(args, lambda v: v.now), **put(kwargs, lambda v: v.now))
        if function in CONTROL or (function in BY_INDEX and not all(map(is_number, held))):
            raise ModelProblem(
                f"What the model does depends on the values it computes ({name_of(function)}, "
                f"{place.where(self.model)}): the input and its baseline could take different "
                "ways. DeepLIFT needs one way for both; use torch.where there, or another method."
            )
        chosen = RULES.get(function)
        if chosen is not None and all(differs(v) for v in held):
            with suppress(NotImplementedError):  # a weight or statistic that depends on the input
                return chosen(self.tape, function, args, kwargs)
            chosen = None
        if chosen is None:
            parts = parts_of(function)
            if parts is not None:
                return self._as_others(parts, args, kwargs)
        where = f"{name_of(function)}, {place.where(self.model)}"
        if self.fallback is None or not all(v.now.is_floating_point() for v in held):
            raise ModelProblem(
                f"DeepLIFT has no rule for an operation of this model: {where}. Use "
                "fallback='integral', or another method such as Integrated Gradients."
            )
        self.notes[
            f"There is no rule for {where}; a local integral along the straight way between "
            "its values was used for that operation."
        ] = None
        return self.fallback(self.tape, function, args, kwargs)

    def read(self, leaf: Tensor) -> Value | Tensor:
        """The Value that a tensor stands for, or the tensor where it does not depend on input."""
        if not isinstance(leaf, Pair):
            if not self._written:
                return leaf
            leaf = self._adopted(leaf)
            if not isinstance(leaf, Pair):
                return leaf
        if leaf.version != leaf.cell.version:
            value = leaf.cell.value
            for view, rest, kwargs, index in leaf.views:
                value = self.apply(view, (value, *rest), kwargs)
                value = value if index is None else value[index]
            leaf.known, leaf.version = value, leaf.cell.version
        return leaf.known

    def _as_others(self, parts: Callable, args, kwargs):
        def pair(value):
            return Pair(value, self)

        with self:
            made = parts(*put(args, pair), **put(kwargs, pair))
        if made is NotImplemented:
            raise ModelProblem(f"DeepLIFT cannot take {parts} apart, {place.where(self.model)}.")
        return tree_map(lambda leaf: self.read(leaf) if isinstance(leaf, Tensor) else leaf, made)

    def _wrap(self, function, made, args, kwargs):
        first = function._schema.arguments[0].alias_info if function._schema.arguments else None
        leaves, spec = tree_flatten(made)
        source = None
        if first is not None and not first.is_write and function in RULES:
            source = args[0] if isinstance(args[0], Pair) else self._adopted(args[0])
        pairs = []
        for index, leaf in enumerate(leaves):
            if not isinstance(leaf, Value):
                pairs.append(leaf)
            elif source is None:
                pairs.append(Pair(leaf, self))
            else:
                many = index if isinstance(made, (list, tuple)) else None
                views = (*source.views, (function, args[1:], kwargs, many))
                pairs.append(Pair(leaf, self, source.cell, views))
        return tree_unflatten(pairs, spec)

    # Writing in place

    def _write(self, function, args, with_values, kwargs):
        schema = function._schema
        written = [
            a for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write
        ]
        pure = functional(function)
        if len(written) != 1 or schema.arguments[0] is not written[0] or pure is None:
            raise ModelProblem(
                f"DeepLIFT cannot follow {name_of(function)}, {place.where(self.model)}: it writes "
                "on given tensors. Use the form that returns a new one."
            )
        target = args[0]
        made = self.apply(pure, with_values, kwargs)
        made = made if isinstance(made, Value) else self.tape.constant(made)
        if not isinstance(target, Pair):
            target = self._adopted(target, adopt=True)
        cell = target.cell
        if target.views:
            places = torch.arange(cell.value.now.numel(), device=cell.value.now.device)
            places = places.view(cell.value.now.shape)
            for view, rest, named, index in target.views:
                places = view(places, *rest, **named)
                places = places if index is None else places[index]
            cell.value = self.apply(overwrite, (cell.value, places, made), {})
        else:
            cell.value = made
        cell.version += 1
        target.known, target.version = made, cell.version
        return args[0]

    def _adopted(self, plain: Tensor, adopt: bool = False) -> Tensor | Pair:
        """A plain tensor as a Pair, if its memory was written with what depends on the input."""
        storage = plain.untyped_storage()
        key = storage._cdata
        if key not in self._written:
            if not adopt:
                return plain
            flat = plain.as_strided((storage.nbytes() // plain.element_size(),), (1,), 0).clone()
            self._written[key] = storage, Cell(self.tape.constant(flat))
        cell = self._written[key][1]
        rest = (plain.shape, plain.stride(), plain.storage_offset())
        value = self.apply(aten.as_strided.default, (cell.value, *rest), {})
        return Pair(value, self, cell, ((aten.as_strided.default, rest, {}, None),))

    def _reshape_in_place(self, function, args, kwargs):
        pair = args[0]
        if not isinstance(pair, Pair):
            return function(*args, **kwargs)
        view = functional(function)
        value = self.apply(view, (self.read(pair), *args[1:]), kwargs)
        with no_dispatch():
            function(pair, *args[1:], **kwargs)
        pair.views = (*pair.views, (view, args[1:], kwargs, None))
        pair.known = value
        return pair
