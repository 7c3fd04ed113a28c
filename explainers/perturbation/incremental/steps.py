"""What a network makes of the unperturbed input: computed once, found again batch after batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explainers.dispatch.torch_private import tree_leaves


@dataclass(frozen=True, eq=False)
class _Step:
    function: Callable[..., Any]
    leaves: list[Any]
    versions: list[int]
    result: Any


class Steps:
    """The results of a run's computations, in their order, each with what it was computed from.

    A run that asks for the same of the same tensors finds it; one that goes another way computes
    it, and is what the next run is compared with.

    Examples
    --------
    >>> import torch
    >>> steps, one, calls = Steps(), torch.ones(1), []
    >>> def double(x):
    ...     calls.append(x)
    ...     return 2 * x
    >>> for _ in range(2):
    ...     steps.rewind()
    ...     found = steps.of(double, one)
    >>> found, len(calls)
    (tensor([2.]), 1)
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._next = 0

    def rewind(self) -> None:
        """Begin a run."""
        del self._steps[self._next :]
        self._next = 0

    def of(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """function(*args, **kwargs), as it was computed at this place of the run before."""
        leaves = tree_leaves((args, kwargs))
        place, self._next = self._next, self._next + 1
        if place < len(self._steps):
            step = self._steps[place]
            if step.function is function and _same(step, leaves):
                return step.result
        result = function(*args, **kwargs)
        step = _Step(function, leaves, _versions(leaves), result)
        self._steps[place : place + 1] = [step]
        return result


def _versions(leaves: list[Any]) -> list[int]:
    return [0 if leaf.is_inference() else leaf._version for leaf in leaves if _is_tensor(leaf)]


def _is_tensor(leaf: object) -> bool:
    return isinstance(leaf, Tensor)


def _same(step: _Step, leaves: list[Any]) -> bool:
    """Whether they are the very tensors, unwritten since, and equal numbers."""
    if len(step.leaves) != len(leaves) or step.versions != _versions(leaves):
        return False
    for before, now in zip(step.leaves, leaves, strict=True):
        if before is not now and (_is_tensor(before) or _is_tensor(now) or before != now):
            return False
    return True
