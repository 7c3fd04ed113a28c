"""Running one operation of an exported program, in any batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from explainers.batch_plan import is_out_of_memory
from explainers.errors import ModelProblem, Problem, typed_line
from explainers.models.formats.pt2.functions import Function, function_of
from explainers.models.formats.pt2.values import Kind, Node, Ref

Caller: TypeAlias = Callable[[Function, list[Any], dict[str, Any]], object]


@dataclass(frozen=True)
class Rows:
    """A size that was a number of rows when the model was exported: so many times those given."""

    times: int


@dataclass(frozen=True)
class Surroundings:
    """Where and how a program runs.

    Parameters
    ----------
    rows : int
        Of the input.
    device : torch.device
    declared, working : torch.dtype
        The type of its weights in the file, and the one that they have now.
    """

    rows: int
    device: torch.device
    declared: torch.dtype
    working: torch.dtype


def run_node(
    node: Node,
    values: Mapping[int, object],
    surroundings: Surroundings,
    call: Caller | None = None,
) -> list[object]:
    """What an operation of a program makes.

    Parameters
    ----------
    node : Node
    values : Mapping[int, object]
        Earlier values by their numbers.
    surroundings : Surroundings
    call : callable, optional
        (function, args, kwargs) → the result; by default the function is called as it is.

    Returns
    -------
    list
        The values that it makes, in the order of their numbers.

    Raises
    ------
    ModelProblem
        Where the operation fails, or makes something else than the file says.

    Examples
    --------
    >>> cpu = Surroundings(3, torch.device("cpu"), torch.float32, torch.float32)
    >>> node = Node("aten.add.Tensor", (Ref(0), 1.0))
    >>> run_node(node, {0: torch.zeros(3)}, cpu)
    [tensor([1., 1., 1.])]
    """
    function = function_of(node.op)
    args = [_resolve(value, values, surroundings) for value in node.args]
    kwargs = {name: _resolve(value, values, surroundings) for name, value in node.kwargs.items()}
    try:
        made = call(function, args, kwargs) if call else function(*args, **kwargs)
    except (Problem, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise  # for whoever can try again with fewer rows
        raise ModelProblem(
            f"The model stopped in {node.op}: {typed_line(error)}. Check the input's "
            "size and number of channels."
        ) from error
    return _listed(made, node)


def _listed(made: Any, node: Node) -> list[object]:
    results = (made,) if len(node.makes) == 1 else made
    if not isinstance(results, (tuple, list)) or len(results) < len(node.makes):
        raise ModelProblem(f"The file says that {node.op} makes {len(node.makes)} values.")
    listed: list[object] = []
    for result, count in zip(results, node.makes, strict=False):
        if count is None:
            listed.append(result)
        elif count:
            if not isinstance(result, (tuple, list)) or len(result) != count:
                raise ModelProblem(f"The file says that {node.op} makes {count} values.")
            listed += result
    return listed


def _resolve(value: Any, values: Mapping[int, object], surroundings: Surroundings) -> Any:
    """The argument of a node with every reference replaced by what it stands for."""
    if isinstance(value, tuple):
        return [_resolve(item, values, surroundings) for item in value]
    if isinstance(value, Ref):
        return values[value.index]
    if isinstance(value, Rows):
        return value.times * surroundings.rows
    if not isinstance(value, Kind):
        return value
    if value.what == "device":
        return surroundings.device
    named = getattr(torch, value.name)
    return surroundings.working if named is surroundings.declared else named
