"""The operations of the exported program's JSON, in order, only those on the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from explainers.errors import Problem
from explainers.models.formats.file_card import TRAINED
from explainers.models.formats.pt2.operations import CHECKS, is_allowed
from explainers.models.formats.pt2.reading.arguments import Values, argument
from explainers.models.formats.pt2.values import Argument, Node

Facts: TypeAlias = Mapping[str, Any]
"""An object of the file's JSON."""
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


def read_nodes(rows: list[Facts], values: Values) -> tuple[tuple[Node, ...], list[str]]:
    """The operations of a graph, without those that only check sizes and types.

    Parameters
    ----------
    rows : list of mappings
        The nodes as the schema has them.
    values : Values
        The names so far; what the operations make gets the next numbers.

    Returns
    -------
    nodes : tuple of Node
    notes : list of str
        Sentences for people.

    Raises
    ------
    Problem
        For an operation that is not on the list, or that uses what nothing has made yet.
    """
    nodes, trains = [], False
    for row in rows:
        op = row["target"].removeprefix(_PREFIX)
        if op in CHECKS:
            continue
        if op == "aten.as_strided.default":
            nodes.append(_same(row, values))
        elif not is_allowed(op):
            raise Problem(_unknown(op))
        else:
            args, kwargs = _arguments(row, values)
            nodes.append(Node(op, args, kwargs, _made(row, values)))
            place = TRAINING.get(op)
            trains |= place is not None and args[place : place + 1] == (True,)
    return tuple(nodes), [TRAINED] * trains


def _unknown(op: str) -> str:
    return (
        f"The operation {op[:80]!r} is not on the list of those that are accepted: it is not one "
        "of PyTorch's own, draws random numbers, or chooses by the input's values. Export the "
        "model in eval mode, without its own operations, or use ONNX."
    )


def _arguments(row: Facts, values: Values) -> tuple[tuple[Argument, ...], dict[str, Argument]]:
    args: list[Argument] = []
    kwargs: dict[str, Argument] = {}
    for entry in row["inputs"]:
        value = argument(entry["arg"], values)
        if entry.get("kind") == _KEYWORD or kwargs:
            kwargs[entry["name"]] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def _made(row: Facts, values: Values) -> tuple[int | None, ...]:
    """How many values each result has, after their names have been noted."""
    makes: list[int | None] = []
    for entry in row["outputs"]:
        ((kind, held),) = entry.items()
        if kind in _FIXED:
            makes.append(0)
        elif kind == "as_tensors":
            makes.append(len(held))
            for one in held:
                values.add(one["name"])
        elif kind == "as_tensor" or kind in _NUMBERS:
            makes.append(None)
            values.add(held["name" if kind == "as_tensor" else "as_name"])
        else:
            raise Problem(f"An operation makes something of the kind {kind[:40]!r}. Use ONNX.")
    return tuple(makes)


def _same(row: Facts, values: Values) -> Node:
    """as_strided with the strides that the tensor had when it was exported: nothing changes."""
    arguments = {entry["name"]: entry["arg"] for entry in row["inputs"]}
    name = arguments["self"]["as_tensor"]["name"]
    meta = values.meta[name]
    sizes = cast(tuple, argument(arguments["size"], values))
    wanted = cast(tuple, argument(arguments["stride"], values))
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
    return Node(
        "aten.alias.default", (argument(arguments["self"], values),), {}, _made(row, values)
    )
