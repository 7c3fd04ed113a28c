"""The steps of a graph as torch modules: each operation with the weights that are its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from explainers.batch_plan import is_out_of_memory
from explainers.errors import ModelProblem, Problem, typed_line
from explainers.models.formats.onnx.flow import SHAPE, depths
from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.operations import Input, NotCovered, Surroundings, find

Types: TypeAlias = tuple[torch.dtype, torch.dtype]
"""The declared type of the weights, and the one that they have now."""
Values: TypeAlias = Mapping[str, Tensor]
"""Tensors by the names that the graph gives them."""
# Statistics, which torch keeps as buffers and not as weights.
_STATISTICS = {("BatchNormalization", 3), ("BatchNormalization", 4)}


class Step(nn.Module):
    """One node: its operation, and its constant inputs by position.

    Weights are parameters, shared ones shared; whole numbers and lone numbers stay on the CPU,
    where shapes are computed.

    Parameters
    ----------
    node : Node
        Of an operation that has a translation.
    constants : Mapping[str, Tensor]
        The numbers that the file holds, by name.
    by_shape : bool
        Whether its outputs depend on the shape of the model's input alone.
    """

    def __init__(self, node: Node, constants: Values, by_shape: bool) -> None:
        nn.Module.__init__(self)
        operation = find(node)
        assert operation is not None, node
        self.node, self.operation, self.by_shape = node, operation, by_shape
        self.held: dict[int, str] = {}
        self.fixed: dict[int, Tensor | list] = {}
        for position, name in enumerate(node.inputs):
            if name in constants:
                self._hold(position, name, constants[name])

    def _hold(self, position: int, name: str, tensor: Tensor) -> None:
        if position in self.operation.lists:
            self.fixed[position] = tensor.reshape(-1).tolist()
        elif not isinstance(tensor, nn.Parameter):
            self.fixed[position] = tensor
        else:
            short = re.split(r"[./:]", name)[-1]
            taken = not short.isidentifier() or hasattr(self, short)
            short = self.held[position] = f"input_{position}" if taken else short
            if (self.node.op, position) in _STATISTICS:
                self.register_buffer(short, tensor.detach())
            else:
                self.register_parameter(short, tensor)

    @property
    def has_weights(self) -> bool:
        """Whether it holds parameters or statistics."""
        return bool(self.held)

    def extra_repr(self) -> str:
        return str(self.node)

    def compute(self, values: Values, types: Types) -> tuple[Tensor, ...]:
        """The node's outputs from the named tensors made so far."""
        inputs = [self._input(i, name, values, types) for i, name in enumerate(self.node.inputs)]
        surroundings = Surroundings(self.node.version, len(self.node.outputs), *types)
        return self.operation(surroundings, _on_one_device(inputs), dict(self.node.attributes))

    forward: Callable[..., Any] = compute

    def _input(self, position: int, name: str, values: Values, types: Types) -> Input:
        if not name:
            return None
        if position in self.held:
            return getattr(self, self.held[position])
        if position in self.fixed:
            fixed = self.fixed[position]
            if isinstance(fixed, Tensor) and fixed.is_floating_point() and types[0] != types[1]:
                return fixed.to(types[1])
            return fixed
        tensor = values[name]
        return tensor.reshape(-1).tolist() if position in self.operation.lists else tensor


class Convolution(Step):
    """A convolution that Grad-CAM finds, with the tensor itself as its output."""

    def first_output(self, values: Values, types: Types) -> Tensor:
        """The node's output."""
        return self.compute(values, types)[0]

    forward: Callable[..., Any] = first_output  # of other arguments than an nn.Conv takes


class Convolution1d(Convolution, nn.Conv1d):
    """Over (N, C, L)."""


class Convolution2d(Convolution, nn.Conv2d):
    """Over (N, C, H, W)."""


class Convolution3d(Convolution, nn.Conv3d):
    """Over (N, C, D, H, W)."""


class Branches(nn.Module):
    """If: one of two graphs, by a condition that the shapes alone decide.

    Parameters
    ----------
    node : Node
    build : callable
        Makes the module of a graph.
    constants, by_shape
        See `Step`.
    """

    has_weights = True

    def __init__(
        self, node: Node, build: Callable[[Graph], Block], constants: Values, by_shape: bool
    ) -> None:
        super().__init__()
        self.node, self.by_shape = node, by_shape
        self.then, self.otherwise = (
            build(node.attributes[name]) for name in ("then_branch", "else_branch")
        )
        self.condition = constants.get(node.inputs[0])

    def forward(self, values: Values, types: Types) -> tuple[Tensor, ...]:
        """The outputs of the chosen graph."""
        held = self.condition if self.condition is not None else values[self.node.inputs[0]]
        chosen = self.then if bool(held) else self.otherwise
        return chosen.run(dict(values), types)


class Block(nn.Module):
    """A graph as steps in order.

    Parameters
    ----------
    graph : Graph
    constants : Mapping[str, Tensor], optional
        The numbers of the graphs around it, by name.
    outside : Mapping[str, int], optional
        What the names of the graph around it depend on, as `depths` gives it.
    seen : bool
        Whether convolutions are nn.Conv instances, which Grad-CAM finds.
    """

    def __init__(
        self,
        graph: Graph,
        constants: Values | None = None,
        outside: Mapping[str, int] | None = None,
        seen: bool = True,
    ) -> None:
        super().__init__()
        constants = {**(constants or {}), **{n: _tensor(a) for n, a in graph.tensors.items()}}
        depth = depths(graph, outside or {})
        self.outputs = [port.name for port in graph.outputs]
        # A plain list: only what has weights is a submodule, and thereby seen from outside.
        self.steps: list[Step | Branches] = []
        for index, node in enumerate(graph.nodes):
            if node.op == "Identity" and node.inputs[0] in constants:
                constants[node.outputs[0]] = constants[node.inputs[0]]
                continue
            by_shape = all(depth[name] == SHAPE for name in node.outputs if name)
            step: Step | Branches
            if node.op == "If":
                step = Branches(
                    node, lambda inner: Block(inner, constants, depth, seen), constants, by_shape
                )
            else:
                step = _kind(node, constants, seen)(node, constants, by_shape)
            self.steps.append(step)
            if step.has_weights:
                self.add_module(self._name(node, index), step)
        self.constant_outputs = {n: constants[n] for n in self.outputs if n in constants}
        self.last_use = {
            name: index for index, step in enumerate(self.steps) for name in step.node.needs()
        }

    def _name(self, node: Node, index: int) -> str:
        name = node.name or f"{node.op}_{index}"
        for weight in node.inputs[1:2]:
            if re.fullmatch(r"[\w.]+\.weight", weight):
                name = weight.removesuffix(".weight")
        name = re.sub(r"\W+", "_", name).strip("_") or f"{node.op}_{index}"
        return f"{name}_{index}" if hasattr(self, name) else name

    def run(
        self, values: dict[str, Tensor], types: Types, known: dict[str, Tensor] | None = None
    ) -> tuple[Tensor, ...]:
        """The graph's outputs.

        Parameters
        ----------
        values : dict[str, Tensor]
            The inputs by name, to which the steps add.
        types : tuple of torch.dtype
        known : dict[str, Tensor], optional
            Results of an earlier run on inputs of this shape, which are used again or, where it is
            empty, filled in: what depends on the shape alone.
        """
        by_shape: dict[str, Tensor] = {}
        values.update(known or {})
        for index, step in enumerate(self.steps):
            if known and step.by_shape:
                continue
            made = self._run(step, values, types)
            made = made if isinstance(made, tuple) else (made,)
            for name, tensor in zip(step.node.outputs, made, strict=False):
                values[name] = tensor
                if step.by_shape:
                    by_shape[name] = tensor
            for name in step.node.needs():
                if self.last_use[name] == index and name not in self.outputs:
                    values.pop(name, None)
        if known is not None:
            known.update(by_shape)
        return tuple(
            self.constant_outputs[n] if n in self.constant_outputs else values[n]
            for n in self.outputs
        )

    def _run(
        self, step: Step | Branches, values: Values, types: Types
    ) -> Tensor | tuple[Tensor, ...]:
        try:
            if not step.by_shape:
                return step(values, types)
            with torch.inference_mode(False), torch.no_grad():
                return step(values, types)
        except (Problem, torch.OutOfMemoryError):
            raise
        except NotCovered as error:
            raise ModelProblem(
                f"The operation {step.node} has a form that is not covered: {error}. Use methods "
                "that need no gradient, or export the model in another way."
            ) from error
        except Exception as error:
            if is_out_of_memory(error):
                raise  # for whoever can try again with fewer rows
            raise ModelProblem(
                f"The model stopped in {step.node}: {typed_line(error)}. "
                "Check the input's size and number of channels."
            ) from error


def _kind(node: Node, constants: Values, seen: bool) -> type[Step]:
    if not seen or node.op != "Conv" or node.inputs[1] not in constants:
        return Step
    kinds: dict[int, type[Step]] = {3: Convolution1d, 4: Convolution2d, 5: Convolution3d}
    return kinds.get(constants[node.inputs[1]].ndim, Step)


def _tensor(array: np.ndarray) -> Tensor:
    """A Parameter for a weight, else a plain tensor."""
    if array.dtype.kind not in "fiub":
        return torch.zeros(0)  # strings, which no operation of ours takes
    tensor = torch.from_numpy(array.copy())
    weight = tensor.is_floating_point() and tensor.ndim > 0
    return nn.Parameter(tensor) if weight else tensor


def _on_one_device(inputs: list[Input]) -> list[Input]:
    """All tensors on one device: shapes are computed on the CPU, the rest where the input is."""
    devices = {value.device for value in inputs if isinstance(value, Tensor)}
    if len(devices) < 2:
        return inputs
    device = next(device for device in devices if device.type != "cpu")
    return [value.to(device) if isinstance(value, Tensor) else value for value in inputs]
