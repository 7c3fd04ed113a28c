"""What happens while a network runs once: every value on the way from its input, in order.

Operations are watched and not modules, so that functions, reused modules and plain callables are
seen as they are. What no function of torch returned, such as the result of a custom
`autograd.Function`, is noticed where it is used next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.overrides import TorchFunctionMode

from explainers.activations import names
from explainers.activations.places import Places, follow, tensors_in

Key = tuple[Any, int]
"""What identifies a value: the node of autograd's graph that made it, and which of its results."""


@dataclass
class Value:
    """One value on the way from the input.

    Attributes
    ----------
    number : int
        How many values were seen before it; the same whenever the model takes the same way.
    key : Key
    shape : torch.Size
    name : str
        Of the operation, such as "features.add()" for an addition in the module "features".
    modules : list of str
        Names of the modules that returned it, the innermost first.
    places : Places or None
    layer : bool
        Whether it can be what a layer ends with.
    mixes : bool
        Whether it comes straight from a convolution or a product with weights.
    """

    number: int
    key: Key
    shape: torch.Size
    name: str
    places: Places | None
    layer: bool
    mixes: bool
    modules: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The largest module that ends with it, else the operation."""
        return next((name for name in reversed(self.modules) if name), self.name)


class Recording(TorchFunctionMode):
    """While active, records the values that follow a leaf.

    Parameters
    ----------
    model : object
        Where it is a module, its modules' names are known.
    leaf : Tensor, shape (n, C, …)
        The input that the model is run on.
    wanted : int, optional
        The number of the value to keep. Without it the places are followed, for a leaf of one row.

    Attributes
    ----------
    values : list of Value
    kept : tuple of Tensor and GradientEdge, or None
        The wanted value as it was when it was made, and where its gradient is found.

    Examples
    --------
    >>> leaf = torch.ones(1, 1, 2, 2, requires_grad=True)
    >>> with Recording(None, leaf) as seen:
    ...     _ = (leaf * 2).relu().sum()
    >>> [value.name for value in seen.values]
    ['mul()', 'relu()', 'sum()']
    """

    def __init__(self, model: object, leaf: Tensor, wanted: int | None = None) -> None:
        super().__init__()
        self.values: list[Value] = []
        self.by_key: dict[Key, Value] = {}
        self._by_node: dict[Any, list[Value]] = {}
        self.kept: tuple[Tensor, GradientEdge] | None = None
        self._model, self._leaf, self._wanted = model, leaf, wanted
        self._of_leaf = Places.of_input(leaf) if wanted is None else None
        self._inside: list[str] = []
        self._calls: dict[str, int] = {}
        self._hooks: list[Any] = []

    def __enter__(self) -> Recording:
        if isinstance(self._model, nn.Module):
            for name, module in self._model.named_modules():
                if isinstance(module, torch.jit.ScriptModule):
                    continue  # it takes no hooks, and what it does inside is not seen
                self._hooks += [
                    module.register_forward_pre_hook(self._entering(name)),
                    module.register_forward_hook(self._leaving(name), always_call=True),
                ]
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for hook in self._hooks:
            hook.remove()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function of torch, and note what it returns."""
        kwargs = kwargs or {}
        given = [*tensors_in(args), *tensors_in(kwargs)]
        for x in given:
            self._note_stranger(x)
        places = [self._look(x) for x in given]  # before an in-place function makes them others
        result = func(*args, **kwargs)
        results = [x for x in tensors_in(result) if _follows_input(x)]
        if results and any(_key(x) not in self.by_key for x in results):
            before = {id(x): where for x, where in zip(given, places, strict=True)}
            self._note(func, args, kwargs, tensors_in(result), before)
        return result

    def of_node(self, node: Any) -> list[Value]:
        """The values that a node of autograd's graph made."""
        return self._by_node.get(node, [])

    def _note(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        results: list[Tensor],
        before: dict[int, Places | None],
    ) -> None:
        name = names.plain(func)
        found: list[Places | None] = [None] * len(results)
        if self._wanted is None:
            rank = self._leaf.ndim - 2
            found = follow(func, args, kwargs, results, lambda x: before.get(id(x)), rank)
        for x, places in zip(results, found, strict=True):
            if _follows_input(x) and _key(x) not in self.by_key:
                layer = names.makes_activation(name) and not (
                    name in names.ARITHMETIC and places and _weighs_places(args, places, before)
                )
                self._add(x, name, places, layer)

    def _note_stranger(self, x: Tensor) -> None:
        """A value that no function of torch was seen to return stays where its source is."""
        if not _follows_input(x) or _key(x) in self.by_key:
            return
        node = x.grad_fn
        assert node is not None
        sources = [self.by_key.get(source) for source in node.next_functions]
        places = [
            value.places
            for value in sources
            if value and value.places and value.places.where.shape == x.shape
        ]
        name = node.name().removesuffix("0").removesuffix("Backward")
        self._add(x, name, places[0] if places else None, bool(places))

    def _add(self, x: Tensor, name: str, places: Places | None, layer: bool) -> None:
        path = ".".join(part for part in (self._inside[-1] if self._inside else "", name) if part)
        count = self._calls[path] = self._calls.get(path, 0) + 1
        title = f"{path}()" + (f"#{count}" if count > 1 else "")
        mixes = name in names.CONVOLUTIONS | names.PRODUCTS
        value = Value(len(self.values), _key(x), x.shape, title, places, layer, mixes)
        self.values.append(value)
        self.by_key[value.key] = value
        self._by_node.setdefault(x.grad_fn, []).append(value)
        if value.number == self._wanted:
            self.kept = x.detach().clone(), get_gradient_edge(x)

    def _look(self, x: Tensor) -> Places | None:
        if x is self._leaf:
            return self._of_leaf
        value = self.by_key.get(_key(x)) if _follows_input(x) else None
        return value.places if value else None

    def _entering(self, name: str) -> Callable[..., None]:
        def enter(_module: object, _inputs: object) -> None:
            self._inside.append(name)

        return enter

    def _leaving(self, name: str) -> Callable[..., None]:
        def leave(_module: object, _inputs: object, output: object) -> None:
            for x in tensors_in(output):
                self._note_stranger(x)
                if _follows_input(x):
                    self.by_key[_key(x)].modules.append(name)
            if self._inside:
                self._inside.pop()

        return leave


def _follows_input(x: Tensor) -> bool:
    return x.grad_fn is not None and x.is_floating_point()


def _key(x: Tensor) -> Key:
    return x.grad_fn, x.output_nr


def _weighs_places(args: Any, places: Places, before: dict[int, Places | None]) -> bool:
    """Whether arithmetic brings in constants that differ from place to place."""
    where = places.where
    for x in tensors_in(args):
        if before.get(id(x)) is None and not _follows_input(x) and x.ndim <= where.ndim:
            for axis in range(-x.ndim, 0):
                if x.shape[axis] > 1 and places.varies(axis):
                    return True
    return False
