"""What a kind of input declares of itself, and the table of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from explainers.models.spec import ModelSpec

KINDS: dict[str, Kind] = {}
"""Kinds of inputs by key, which is also the key of the reader of their files."""

# So many inputs of a file stand for the data from which a baseline is made.
MOST_DATA = 2000


@dataclass(frozen=True)
class Kind:
    """One kind of input: what a batch of it looks like, and what belongs together in it.

    key, one    its key, and one input in words: "picture", "row".
    unit, units what is hidden at once and drawn as one: "cell", "cells".
    dimensions  of one input.
    spread      the dimension of one input along which means and standard deviations lie.
    channels    whether the first dimension of an input belongs together at each place.
    inputs      (found, spec, items) → (M, …) float32: those inputs of a parsed upload.
    items       (found, spec) → which inputs of a parsed upload the model can be asked about.
    facts       (found, spec) → what pages must know to draw the input; plain data.
    shown       one input → the array that pages draw of it.
    """

    key: str
    one: str
    unit: str
    units: str
    dimensions: int
    spread: int
    channels: bool
    inputs: Callable[[tuple, ModelSpec, Sequence[int]], np.ndarray]
    items: Callable[[tuple, ModelSpec], np.ndarray]
    facts: Callable[[tuple, ModelSpec], dict[str, Any]] = lambda found, spec: {}
    shown: Callable[[np.ndarray], np.ndarray] = lambda values: values

    def some(self, found: tuple, spec: ModelSpec, most: int = MOST_DATA) -> np.ndarray:
        """At most so many of the file's inputs (M, …), evenly spread over it."""
        items = self.items(found, spec)
        places = np.linspace(0, len(items) - 1, min(len(items), most)).astype(int)
        return self.inputs(found, spec, items[np.unique(places)])

    def heat(self, scores):
        """Scores of one input as drawn and hidden: what belongs together is added up."""
        return scores.sum(0) if self.channels else scores

    def along(self, count: int) -> tuple[int, ...]:
        """The shape in which `count` means stand beside a batch (N, …)."""
        shape = [1] * (1 + self.dimensions)
        shape[1 + self.spread] = count
        return tuple(shape)
