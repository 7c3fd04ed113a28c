"""The operations of the exported program's JSON, in order, only those on the list."""

from __future__ import annotations

from collections.abc import Mapping

from explainers.errors import Problem
from explainers.models.formats.pt2.arguments import Values, argument
from explainers.models.formats.pt2.operations import CHECKS, known
from explainers.models.formats.pt2.program import Node

_KEYWORD = 2
_PREFIX = "torch.ops."
# Where operations say whether they train.
TRAINING = {
    "aten.batch_norm.default": 5,
    "aten._native_batch_norm_legit_functional.default": 5,
    "aten._native_batch_norm_legit.default": 5,
    "aten.native_batch_norm.default": 5,
    "aten.dropout.default": 2,
    "aten.dropout_.default": 2,
    "aten.native_dropout.default": 2,
    "aten.alpha_dropout.default": 2,
    "aten.feature_dropout.default": 2,
    "aten.feature_alpha_dropout.default": 2,
}
_NUMBERS = ("as_sym_int", "as_sym_bool", "as_sym_float")
_FIXED = ("as_none", "as_int", "as_bool", "as_float")  # results that are no values
_TRAINS = (
    "The model was exported in training mode. Here its dropout is off, and batch normalisation "
    "uses what it remembers of the training, as after model.eval()."
)


def read_nodes(rows: list, values: Values) -> tuple[tuple[Node, ...], list[str]]:
    """(the operations, notes). What they make gets the next numbers in `values`.

    Checks of sizes and types are left out. Problem for an operation that is not on the list, and
    for one that uses what nothing has made yet.
    """
    nodes, trains = [], False
    for row in rows:
        op = row["target"].removeprefix(_PREFIX)
        if op in CHECKS:
            continue
        if op == "aten.as_strided.default":
            nodes.append(_same(row, values))
        elif not known(op):
            raise Problem(_unknown(op))
        else:
            args, kwargs = _arguments(row, values)
            nodes.append(Node(op, args, kwargs, _made(row, values)))
            place = TRAINING.get(op)
            trains |= place is not None and args[place : place + 1] == (True,)
    return tuple(nodes), [_TRAINS] * trains


def _unknown(op: str) -> str:
    return (
        f"The operation {op[:80]!r} is not on the list of those that are accepted: it is not one "
        "of PyTorch's own, draws random numbers, or chooses by the input's values. Export the "
        "model in eval mode, without its own operations, or use ONNX."
    )


def _arguments(row: Mapping, values: Values) -> tuple[tuple, dict]:
    args, kwargs = [], {}
    for entry in row["inputs"]:
        value = argument(entry["arg"], values)
        if entry.get("kind") == _KEYWORD or kwargs:
            kwargs[entry["name"]] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def _made(row: Mapping, values: Values) -> tuple[int | None, ...]:
    """How many values each result has, after their names have been noted."""
    makes: list[int | None] = []
    for entry in row["outputs"]:
        ((kind, said),) = entry.items()
        if kind in _FIXED:
            makes.append(0)
        elif kind == "as_tensors":
            makes.append(len(said))
            for one in said:
                values.add(one["name"])
        elif kind == "as_tensor" or kind in _NUMBERS:
            makes.append(None)
            values.add(said["name" if kind == "as_tensor" else "as_name"])
        else:
            raise Problem(f"An operation makes something of the kind {kind[:40]!r}. Use ONNX.")
    return tuple(makes)


def _same(row: Mapping, values: Values) -> Node:
    """as_strided with the strides that the tensor had when it was exported: nothing changes."""
    said = {entry["name"]: entry["arg"] for entry in row["inputs"]}
    name = said["self"]["as_tensor"]["name"]
    meta = values.meta[name]
    sizes = argument(said["size"], values)
    wanted = argument(said["stride"], values)
    strides = [stride.get("as_int") for stride in meta["strides"]]
    sides = [side.get("as_int") for side in meta["sizes"]]
    alike = len(sizes) == len(wanted) == len(strides) and all(
        side == 1 or stride == given
        for side, stride, given in zip(sides, strides, wanted, strict=True)
    )
    known_sides = [(a, b) for a, b in zip(sides, sizes, strict=False) if type(b) is int and a]
    if not alike or any(a != b for a, b in known_sides):
        raise Problem(
            "The model addresses memory by strides (as_strided), which depends on how it lies "
            "there. Export without run_decompositions(), or write it with unfold and reshape."
        )
    return Node("aten.alias.default", (argument(said["self"], values),), {}, _made(row, values))
