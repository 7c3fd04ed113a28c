"""What a baseline declares of itself, and the table of all baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explainers.options import make_options

BASELINES: dict[str, Baseline] = {}


@dataclass(frozen=True)
class Baseline:
    """One way of making "nothing there": `build(inputs, options)` gives a tensor like the inputs.

    key, name   its name in code and for people; `says` one plain sentence.
    options     a frozen dataclass whose fields are made by `option`.
    """

    key: str
    name: str
    says: str
    options: type
    build: Callable
    order: int = 100

    def make(self, inputs, **given: Any):
        """The baseline (N, …) of inputs (N, …); Problem for options it does not have."""
        return self.build(inputs, make_options(self.options, given, self.name))


def baseline(**declared: Any) -> Callable:
    """Register the decorated function as the baseline that the keywords declare."""

    def register(build: Callable) -> Callable:
        BASELINES[declared["key"]] = Baseline(build=build, **declared)
        return build

    return register


@dataclass(frozen=True)
class NoOptions:
    """For baselines without options."""
