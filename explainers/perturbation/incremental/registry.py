"""Which operations are computed on parts, and how: a rule for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from explainers.dispatch.torch_private import OpOverload, tree_leaves, tree_map
from explainers.perturbation.incremental.changed import Changed
from explainers.perturbation.incremental.steps import Steps

Rule: TypeAlias = Callable[..., Any]
"""rule(steps, operation, *args, **kwargs), with `Changed` for activations, returns such or tensors;
raises NotLocal where it does not know these arguments."""

RULES: dict[OpOverload, Rule] = {}


def rule(*operations: OpOverload) -> Callable[[Rule], Rule]:
    """Register a rule for operations."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(operations, function))
        return function

    return register


def at_reference(steps: Steps, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The operation on what activations are for the input itself."""

    def of(leaf: Any) -> Any:
        return leaf.reference if isinstance(leaf, Changed) else leaf

    return steps.of(operation, *tree_map(of, args), **tree_map(of, kwargs))


def changed_in(*args: Any) -> list[Changed]:
    """The activations among arguments."""
    return [leaf for leaf in tree_leaves(args) if isinstance(leaf, Changed)]
