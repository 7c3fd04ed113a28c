"""From the tensors of one module to the layer that has such tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from explainers.errors import Problem
from explainers.models.formats.inferred.description import Layer

Shape: TypeAlias = tuple[int, ...]
_BATCH_NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
_GATES = {4: "lstm", 3: "gru", 1: "rnn"}
WAY_OUT = "Upload the network as .onnx or .pt2 instead, which hold what the shapes leave open."


def no_chain(reason: str) -> Problem:
    """The answer to weights that are of no plain chain."""
    return Problem(
        f"These weights alone do not say what the network computes: {reason}. Accepted without an "
        "architecture are plain chains of linear layers, convolutions, normalisations and "
        f"recurrent layers. {WAY_OUT}"
    )


def tensors_by_module(shapes: Mapping[str, Shape]) -> dict[str, dict[str, Shape]]:
    """Names and shapes of tensors by the module that they belong to, in the file's order."""
    modules: dict[str, dict[str, Shape]] = {}
    for key, shape in shapes.items():
        module, _, name = key.rpartition(".")
        modules.setdefault(module, {})[name] = shape
    return modules


def layer_of(name: str, tensors: Mapping[str, Shape]) -> Layer:
    """The layer whose tensors have these names and shapes; groups are found later.

    Parameters
    ----------
    name : str
        The module's name in the file.
    tensors : Mapping[str, tuple[int, ...]]
        Shapes of its tensors by their names in the module.

    Returns
    -------
    Layer
        `inputs` of a convolution are those of one group.

    Raises
    ------
    Problem
        Where no plain layer has such tensors.

    Examples
    --------
    >>> layer = layer_of("features.0", {"weight": (16, 3, 5, 5), "bias": (16,)})
    >>> layer.op, layer.inputs, layer.outputs, layer.kernel
    ('conv2d', 3, 16, (5, 5))
    """
    if "weight_ih_l0" in tensors:
        return _recurrent(name, tensors)
    if {"running_mean", "running_var"} <= set(tensors):
        _demand(
            name, tensors, {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
        )
        size = tensors["running_mean"]
        lengths = [s for key, s in tensors.items() if key != "num_batches_tracked"]
        if len(size) != 1 or any(shape != size for shape in lengths):
            raise no_chain(f"{name!r} has the names of a batch normalisation, but not its shapes")
        return Layer("batch_norm", name, size[0], size[0], affine="weight" in tensors)
    _demand(name, tensors, {"weight", "bias"})
    weight, bias = tensors.get("weight", ()), tensors.get("bias")
    if len(weight) == 1:
        if bias is None and weight == (1,):
            return Layer("prelu", name, 0, 0)
        if bias != weight:
            raise no_chain(f"the tensor {name}.weight has one dimension and no bias like it")
        return Layer("layer_norm", name, weight[0], weight[0])
    if len(weight) not in (2, 3, 4) or min(weight, default=0) < 1:
        raise no_chain(f"the tensor {name}.weight has the shape {weight}")
    if bias is not None and bias != weight[:1]:
        raise no_chain(
            f"the bias of {name!r} has the shape {bias} beside weights {weight}, as in a "
            "transposed convolution"
        )
    op = {2: "linear", 3: "conv1d", 4: "conv2d"}[len(weight)]
    return Layer(op, name, weight[1], weight[0], tuple(weight[2:]), affine=bias is not None)


def _demand(name: str, tensors: Mapping[str, Shape], known: set[str]) -> None:
    strange = sorted(set(tensors) - known)
    if strange or not ({"weight", "running_mean"} & set(tensors)):
        key = f"{name}.{strange[0] if strange else next(iter(tensors))}".lstrip(".")
        raise no_chain(f"{key!r} is the name of no tensor of a plain layer")


def _recurrent(name: str, tensors: Mapping[str, Shape]) -> Layer:
    both = "weight_ih_l0_reverse" in tensors
    depth = sum(key.startswith("weight_ih_l") and not key.endswith("_reverse") for key in tensors)
    biased = "bias_ih_l0" in tensors
    rows, hidden = (
        tensors.get("weight_hh_l0", (0, 0))[:1] + tensors.get("weight_hh_l0", (0, 0))[1:2]
    )
    op = _GATES.get(rows // hidden if hidden and rows % hidden == 0 else 0)
    inputs = tensors["weight_ih_l0"][-1]
    expected: dict[str, Shape] = {}
    for index in range(depth):
        below = inputs if index == 0 else hidden * (1 + both)
        for end in ("", "_reverse") if both else ("",):
            expected[f"weight_ih_l{index}{end}"] = (rows, below)
            expected[f"weight_hh_l{index}{end}"] = (rows, hidden)
            for bias in ("bias_ih", "bias_hh") if biased else ():
                expected[f"{bias}_l{index}{end}"] = (rows,)
    if op is None or expected != dict(tensors):
        raise no_chain(
            f"the tensors of {name!r} are named like a recurrent layer's, but their shapes are of "
            "no LSTM, GRU or plain recurrent layer without projections"
        )
    return Layer(op, name, inputs, hidden, affine=biased, depth=depth, both=both)
