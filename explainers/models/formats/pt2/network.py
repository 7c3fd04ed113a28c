"""An exported program as a torch module that every method can explain."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from explainers.models.formats.graph_model import GraphModel
from explainers.models.formats.pt2.calls import Surroundings, run_node
from explainers.models.formats.pt2.functions import Function, function_of
from explainers.models.formats.pt2.operations import writes_in_place
from explainers.models.formats.pt2.program import Program, Stored
from explainers.models.formats.pt2.values import Node, Ref

_CONVOLUTIONS = {
    "aten.conv1d.default": 3,
    "aten.conv1d.padding": 3,
    "aten.conv2d.default": 4,
    "aten.conv2d.padding": 4,
    "aten.conv3d.default": 5,
    "aten.conv3d.padding": 5,
    "aten.convolution.default": 0,
}


class ExportedModel(GraphModel):
    """An exported program as a torch module, from x (N, …) to its output (N, …).

    Weights have the names and places that they had in the exported module. Convolutions are
    nn.Conv instances, so that Grad-CAM finds them, unless some rows are run at a time. The
    precision follows `.to(dtype)`, also where the program names a type.

    Parameters
    ----------
    program : Program
        As `read_program` or `Program.from_facts` gives it.
    rows : int, optional
        See `GraphModel`.
    """

    def __init__(self, program: Program, rows: int | None = None) -> None:
        for node in program.nodes:
            function_of(node.op)  # nothing else can ever be called
        super().__init__(program.input.dtype, rows)
        self.steps, self.output = tuple(program.numbered()), program.output
        self._convolutions: dict[int, str] = {}
        self._where = self._register_all(program, rows is None)
        self.declared = self._precision(self.input_type)
        self._written = _written(program)
        self._finished = _finished(program)

    def values(self) -> dict[int, Tensor]:
        """The stored tensors by their numbers; what the program writes on is a copy."""
        held = {i: self._tensor(where) for i, where in enumerate(self._where, 1)}
        return {i: t.clone() if i in self._written else t for i, t in held.items()}

    def _run_batch(self, x: Tensor, working: torch.dtype) -> Tensor:
        surroundings = Surroundings(len(x), x.device, self.declared, working)
        values: dict[int, object] = {0: x, **self.values()}
        for index, (first, node) in enumerate(self.steps):
            path = self._convolutions.get(index)
            call = None if path is None else self.get_submodule(path)
            made = run_node(node, values, surroundings, call)
            values.update(enumerate(made, first))
            for number in self._finished[index]:
                values.pop(number, None)
        return cast(Tensor, values[self.output])  # whoever explains checks that it is one

    def _tensor(self, where: tuple[str, str]) -> Tensor:
        return getattr(self.get_submodule(where[0]), where[1])

    def _register_all(self, program: Program, seen: bool) -> list[tuple[str, str]]:
        """Register the stored tensors in the order of their use; where each is."""
        layers = _layers(program) if seen else {}
        order = {i: len(program.nodes) for i in range(1, len(program.stored) + 1)}
        for index, node in reversed([*enumerate(program.nodes)]):
            order |= {need: index for need in node.needs() if need in order}
        where: dict[int, tuple[str, str]] = {}
        known: dict[int, Tensor] = {}
        for number in sorted(order, key=lambda n: (order[n], n)):
            stored = program.stored[number - 1]
            path, _, name = stored.name.rpartition(".")
            module, path = self._module(path or "layer", layers.get(number))
            name = _free(module, name)
            where[number] = (path, name)
            _register(module, name, stored, known)
            if isinstance(module, Convolution) and number in layers:
                nodes = enumerate(program.nodes)
                self._convolutions |= {i: path for i, n in nodes if _weight(n) == number}
        return [where[number] for number in sorted(where)]

    def _module(self, path: str, kind: type[nn.Module] | None) -> tuple[nn.Module, str]:
        module: nn.Module = self
        names = []
        parts = path.split(".")[:20]
        for depth, part in enumerate(parts):
            part = re.sub(r"\W", "_", part)[:60] or "_"
            if part not in module._modules:
                part = _free(module, part)
                last = depth == len(parts) - 1
                module.add_module(part, kind() if last and kind else nn.Module())
            module = module.get_submodule(part)
            names.append(part)
        return module, ".".join(names)


class Convolution(nn.Module):
    """A convolution that Grad-CAM finds: it holds the weights, the program says the rest."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def call(self, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Tensor:
        """The operation's result."""
        return function(*args, **kwargs)

    forward: Callable[..., Any] = call  # of other arguments than an nn.Conv takes

    def extra_repr(self) -> str:
        return ""


class Convolution1d(Convolution, nn.Conv1d):
    """Over (N, C, L)."""


class Convolution2d(Convolution, nn.Conv2d):
    """Over (N, C, H, W)."""


class Convolution3d(Convolution, nn.Conv3d):
    """Over (N, C, D, H, W)."""


def _layers(program: Program) -> dict[int, type[nn.Module]]:
    """The kind of module for every stored tensor that is the weight of a convolution."""
    kinds = {3: Convolution1d, 4: Convolution2d, 5: Convolution3d}
    kind_of: dict[int, type[nn.Module]] = {}
    for node in program.nodes:
        number = _weight(node)
        if number is None or not 1 <= number <= len(program.stored):
            continue
        stored = program.stored[number - 1]
        if stored.name.rpartition(".")[2] == "weight" and stored.array.ndim in kinds:
            kind_of[number] = kinds[stored.array.ndim]
    return kind_of


def _weight(node: Node) -> int | None:
    """The number of a convolution's weight, None for other operations and transposed ones."""
    if node.op not in _CONVOLUTIONS or len(node.args) < 2 or not isinstance(node.args[1], Ref):
        return None
    transposed = node.op == "aten.convolution.default" and node.args[6:7] != (False,)
    return None if transposed else node.args[1].index


def _free(module: nn.Module, name: str) -> str:
    """The name, changed where the module uses it for something else."""
    name = re.sub(r"\W", "_", name)[:60] or "_"
    while hasattr(module, name) or name.startswith("__"):
        name = f"own_{name}"
    return name


def _register(module: nn.Module, name: str, stored: Stored, known: dict[int, Tensor]) -> None:
    tensor = known.get(id(stored.array))
    if tensor is None:
        tensor = torch.from_numpy(stored.array.copy())
        if stored.role == "parameter" and tensor.is_floating_point():
            tensor = nn.Parameter(tensor)
        known[id(stored.array)] = tensor
    if isinstance(tensor, nn.Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _finished(program: Program) -> list[tuple[int, ...]]:
    """For each step the values that no later one needs, nor the output."""
    last = {program.output: len(program.nodes)}
    for index, node in enumerate(program.nodes):
        last |= {need: max(index, last.get(need, 0)) for need in node.needs()}
    return [
        tuple(
            number
            for number in {*node.needs(), *range(first, first + node.count)}
            if last.get(number, -1) <= index
        )
        for index, (first, node) in enumerate(program.numbered())
    ]


def _written(program: Program) -> set[int]:
    """Numbers of the stored tensors that operations write on, be it through a view of them."""
    roots: dict[int, frozenset[int]] = {
        i: frozenset([i]) for i in range(1, len(program.stored) + 1)
    }
    written: set[int] = set()
    for first, node in program.numbered():
        if node.args and isinstance(node.args[0], Ref):
            under = roots.get(node.args[0].index, frozenset())
            if writes_in_place(node.op):
                written |= under
            # Most operations make new memory; to take one of them for a view costs a copy only.
            roots |= {first + i: under for i in range(node.count)}
    return written
