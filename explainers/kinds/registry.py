"""What a kind of input declares of itself, and the table of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Facts: TypeAlias = dict[str, Any]
"""What is read from a file besides numbers, as JSON can hold it: names, types, notes."""

Arrays: TypeAlias = dict[str, np.ndarray]
"""The numbers in a file, by name."""

ParsedFile: TypeAlias = tuple[Facts, Arrays]
"""What is read from an uploaded file."""

Items: TypeAlias = Sequence[int] | np.ndarray
"""Which inputs of a file are meant: their places in it, from 0."""

KINDS: dict[str, Kind] = {}
"""Kinds of inputs by key, which is also the key of the parser of their files."""

# So many inputs of a file stand for the data from which a baseline is made.
MOST_DATA = 2000

Scores = TypeVar("Scores", "Tensor", np.ndarray)


class InputSpec(Protocol):
    """What a kind asks of a model: how the model's input is prepared (`ModelSpec` has it).

    shape     of one input where it is no picture; () where it is not known.
    columns   names of features or variables, in the network's order.
    sides     height and width of what the network sees of a picture, in px.
    fit       "crop", "stretch" or "pad": how a picture gets that shape.
    mean      what the network subtracts, per channel, feature or variable; one alone for a
              picture: it is seen in grey.
    white     what it gets for the white of a picture, before the mean is subtracted.
    depth     how many slices a volume has, whose channels × slices are those of a picture; else 0.
    order     "RGB", or "BGR" where it gets a picture's blue first.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def sides(self) -> tuple[int, int]: ...
    @property
    def fit(self) -> str: ...
    @property
    def mean(self) -> tuple[float, ...]: ...
    @property
    def white(self) -> float: ...
    @property
    def depth(self) -> int: ...
    @property
    def order(self) -> str: ...


class FactsFunction(Protocol):
    """Tells what pages must know to draw an input of a file."""

    def __call__(self, parsed: ParsedFile, spec: InputSpec, item: int = 0) -> dict[str, Any]:
        """Plain data; {} for nothing."""
        ...


def _no_facts(parsed: ParsedFile, spec: InputSpec, item: int = 0) -> dict[str, Any]:
    return {}


def _as_it_is(values: np.ndarray, facts: Facts) -> np.ndarray:
    return values


@dataclass(frozen=True)
class Kind:
    """One kind of input: what a batch of it looks like, and what belongs together in it.

    ========  ===============  =========================  ===================================
    kind      one input        channel axis               one unit
    ========  ===============  =========================  ===================================
    picture   (C, H, W)        0: red, green, blue, …     a cell: one pixel, all its channels
    table     (F,)             none                       a feature
    series    (T, V)           none (axis 1: variables)   a cell: one variable at one step
    sequence  (4, L)           0: A, C, G, T              a letter: one column
    ========  ===============  =========================  ===================================

    A batch has one more axis in front: (N, C, H, W), (N, F), (N, T, V), (N, 4, L). A unit is what
    is hidden at once and drawn as one.

    Parameters
    ----------
    key, one : str
        Its key, and one input in words: "table", "row".
    unit, units : str
        One unit in words, and several: "cell", "cells".
    dimensions : int
        How many axes one input has.
    scaled_axis : int
        The axis of one input along which means and standard deviations lie.
    channels : bool
        Whether axis 0 of one input is the channel axis, whose values at one place are one unit.
    default_baseline : str
        Key of the baseline that is offered first.
    inputs : callable
        (parsed, spec, items) → ndarray, float32, shape (len(items), …): those inputs of an
        uploaded file.
    items : callable
        (parsed, spec) → ndarray of whole numbers: the inputs of the file that the model can take.
    facts : callable
        (parsed, spec, item=0) → what pages must know to draw that input; plain data.
    shown : callable
        (one input, its facts) → the array that pages draw of it.
    """

    key: str
    one: str
    unit: str
    units: str
    dimensions: int
    scaled_axis: int
    channels: bool
    default_baseline: str
    inputs: Callable[[ParsedFile, InputSpec, Items], np.ndarray]
    items: Callable[[ParsedFile, InputSpec], np.ndarray]
    facts: FactsFunction = _no_facts
    shown: Callable[[np.ndarray, Facts], np.ndarray] = _as_it_is

    def some(self, parsed: ParsedFile, spec: InputSpec, most: int = MOST_DATA) -> np.ndarray:
        """At most `most` of the file's inputs, evenly spread over it: float32 (M, …)."""
        items = self.items(parsed, spec)
        places = np.linspace(0, len(items) - 1, min(len(items), most)).astype(int)
        return self.inputs(parsed, spec, items[np.unique(places)])

    def heat(self, scores: Scores) -> Scores:
        """The heatmap of one input's scores: one number a unit, the sum over its channels.

        Parameters
        ----------
        scores : Tensor or ndarray, of the shape of one input

        Returns
        -------
        Tensor or ndarray, without the channel axis

        Examples
        --------
        >>> from explainers.kinds import KINDS
        >>> KINDS["sequence"].heat(np.array([[0, 1], [5, 0], [0, 0], [0, 0]])).tolist()
        [5, 1]
        """
        return scores.sum(0) if self.channels else scores

    def along(self, count: int) -> tuple[int, ...]:
        """The shape in which `count` means broadcast over a batch (N, …).

        Examples
        --------
        >>> from explainers.kinds import KINDS
        >>> KINDS["picture"].along(3), KINDS["series"].along(5)
        ((1, 3, 1, 1), (1, 1, 5))
        """
        shape = [1] * (1 + self.dimensions)
        shape[1 + self.scaled_axis] = count
        return tuple(shape)
