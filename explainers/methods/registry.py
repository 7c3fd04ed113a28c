"""What a method declares of itself, and the table of all methods.

One file in this folder is one method (or one family): it calls `method(...)` on a function
`attribute(run, inputs, baseline, options) -> MethodResult`, and menus, widgets, recipes, the
Learn page and the shared tests follow from what it declares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainers.options import option

if TYPE_CHECKING:
    from torch import Tensor

METHODS: dict[str, Method] = {}


@dataclass(frozen=True)
class Method:
    """One attribution method.

    key, name   its name in code, and the field's name for people.
    says        one plain sentence: what it asks. `cost`: one phrase.
    misleads    one sentence: when not to trust it. `source`: the paper.
    options     a frozen dataclass whose fields are made by `option`.
    estimate    (options, shape of one input) → about how many evaluations of the model, forward
                and backward, one input will take.
    unit        what a score measures; maps of the same unit can share a colour scale.
    signed      whether scores have a sign; a function of the options where that depends on them.
    kinds       keys of the kinds of input that it is for; None: all.
    trial       options, or shape of one input → options, with which it is quick; for trying it.
    uses_baseline, complete, needs_gradient, needs_module, random   what it needs and promises.
    """

    key: str
    name: str
    says: str
    cost: str
    misleads: str
    source: str
    options: type
    attribute: Callable
    estimate: Callable[[Any, tuple[int, ...]], int]
    unit: str = "contribution"
    order: int = 100
    signed: bool | Callable[[Any], bool] = True
    uses_baseline: bool = True
    complete: bool = False
    needs_gradient: bool = True
    needs_module: bool = False
    random: bool = False
    kinds: tuple[str, ...] | None = None
    trial: dict[str, Any] | Callable[[tuple[int, ...]], dict[str, Any]] = field(
        default_factory=dict
    )

    def knows_sign(self, options: Any) -> bool:
        """Whether scores made with these options have a meaningful sign."""
        return self.signed(options) if callable(self.signed) else self.signed


@dataclass(frozen=True)
class MethodResult:
    """What a method returns: scores like the inputs, and what else it knows; see Attribution."""

    scores: Tensor
    positive: Tensor | None = None
    negative: Tensor | None = None
    spread: Tensor | None = None
    notes: tuple[str, ...] = ()
    extra: dict[str, Tensor] = field(default_factory=dict)


def method(**declared: Any) -> Callable:
    """Register the decorated function as the method that the keywords declare."""

    def register(attribute: Callable) -> Callable:
        METHODS[declared["key"]] = Method(attribute=attribute, **declared)
        return attribute

    return register


__all__ = ["METHODS", "MethodResult", "Method", "method", "option"]
