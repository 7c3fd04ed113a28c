"""What a baseline declares of itself, and the table of all baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explainers.errors import Problem
from explainers.options import make_options

BASELINES: dict[str, Baseline] = {}


@dataclass(frozen=True)
class Baseline:
    """One way of making "nothing there": `build(inputs, options)` gives a tensor like the inputs.

    key, name   its key in code, and its name for people; `says` one plain sentence.
    options     a frozen dataclass whose fields are made by `option`.
    kinds       keys of the kinds of input that it is offered for.
    names       kind → name, where people would call it something else for that kind.
    uses_data   whether it is made from other inputs too: `build(inputs, data, options)`, where
                data is (M, …) or None.
    """

    key: str
    name: str
    says: str
    options: type
    build: Callable
    order: int = 100
    kinds: tuple[str, ...] = ("picture",)
    names: Mapping[str, str] = field(default_factory=dict)
    uses_data: bool = False

    def title(self, kind: str) -> str:
        """Its name for people who look at an input of that kind."""
        return self.names.get(kind, self.name)

    def make(self, inputs, data=None, **given: Any):
        """The baseline of inputs (N, …): (N, …), or (N, R, …) for R references each.

        `data` (M, …) are other inputs, for baselines that use them. Raises Problem for options
        that it does not have, and for data that are needed and missing, or do not fit.
        """
        options = make_options(self.options, given, self.name)
        if not self.uses_data:
            return self.build(inputs, options)
        return self.build(inputs, None if data is None else _fitting(data, inputs), options)


def baseline(**declared: Any) -> Callable:
    """Register the decorated function as the baseline that the keywords declare."""

    def register(build: Callable) -> Callable:
        BASELINES[declared["key"]] = Baseline(build=build, **declared)
        return build

    return register


@dataclass(frozen=True)
class NoOptions:
    """For baselines without options."""


def _fitting(data, inputs):
    """The data where and in what precision the inputs are; Problem where they do not fit."""
    if data.ndim != inputs.ndim or data.shape[1:] != inputs.shape[1:] or len(data) == 0:
        raise Problem(
            f"The data have shape {tuple(data.shape)}; for inputs {tuple(inputs.shape)} they must "
            f"be {('M', *inputs.shape[1:])} with at least one row."
        )
    data = data.detach().to(inputs)
    bad = int((~data.isfinite()).sum())
    if bad:
        raise Problem(f"{bad} values of the data are NaN or infinite; replace them first.")
    return data
