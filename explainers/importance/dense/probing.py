"""Reading matrices from a run on chosen values, and what a run notes of a network's tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from explainers.importance.dense.operations import PRODUCTS

TOLERANCE, SINGLE = 1e-8, 1e-4


@dataclass(frozen=True)
class Value:
    """What a tensor is. `root` and `before` are numbers of affine tensors.

    Attributes
    ----------
    root : int
        The affine tensor of which this is a function, value by value.
    before : int
        What entered the first operation that is not linear; of an affine tensor: itself.
    names : tuple of str
        The operations since, that are not linear.
    core : Tensor or None
        Of a curved tensor: what the last operation that is not linear gave. This is its multiple,
        shifted: `none` where the core is 0, `one` where it is 1.
    reason : str
        Why it is lost.
    """

    kind: Literal["affine", "curved", "final", "lost"]
    root: int = -1
    before: int = -1
    names: tuple[str, ...] = ()
    core: Tensor | None = None
    none: Tensor | None = None
    one: Tensor | None = None
    reason: str = ""


@dataclass
class Units:
    """A layer as it was met: which affine tensor entered, what came out, by which operations."""

    before: int
    values: Tensor
    names: tuple[str, ...]


@dataclass(frozen=True)
class Probe:
    """Chosen values of all sources: the network's inputs, then each layer of units.

    Attributes
    ----------
    values : Tensor, float64, shape (1 + S + V, S)
        Zeros, the identity, and V rows for checking.
    widths : tuple of int
        How many columns belong to each source.
    """

    values: Tensor
    widths: tuple[int, ...]

    def of(self, source: int) -> Tensor:
        """The values (rows, width) of one source."""
        start = sum(self.widths[:source])
        return self.values[:, start : start + self.widths[source]]

    def read(self, rows: Tensor) -> tuple[Tensor, Tensor, bool]:
        """Bias (m,) and weights (S, m) of an affine tensor (1 + S + V, m), and whether it is so."""
        total = self.values.shape[1]
        bias = rows[0]
        weights = rows[1 : 1 + total] - bias
        checks = self.values[1 + total :]
        size = bias.abs() + checks.abs() @ weights.abs()
        gap = (rows[1 + total :] - bias - checks @ weights).abs()
        tolerance = TOLERANCE if rows.dtype == torch.float64 else SINGLE
        return bias, weights, bool((gap <= tolerance * size.amax().clamp(min=1e-30)).all())


@dataclass
class Found:
    """What a run showed."""

    affine: list[Tensor] = field(default_factory=list)
    axes: list[int | None] = field(default_factory=list)
    layers: list[Units] = field(default_factory=list)
    entrances: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    shared: bool = False

    def note_entrance(
        self, probe: Probe, name: str, given: Sequence[Value], made: Value | None
    ) -> None:
        """Note where inputs, each still by itself, meet weights: value = slope · input + shift.

        Parameters
        ----------
        probe : Probe
        name : str
            Of the operation.
        given : sequence of Value
            What it takes.
        made : Value or None
            What it gives.
        """
        if made is None or made.kind != "affine" or self.axes[made.before] is None:
            return
        if name not in PRODUCTS:
            mixes = (self._read(probe, made)[1] != 0).sum(0) > 1
            if not bool(mixes.any()):
                return
        width = probe.widths[0]
        for value in given:
            if value.kind == "affine" and self.axes[value.before] is not None:
                bias, weights = self._read(probe, value)
                alone = (weights != 0).sum(0) == 1
                alone &= (weights[:width] != 0).any(0)
                slopes = weights[:width, alone]
                if slopes.numel():
                    inputs = slopes.abs().argmax(0)
                    centre = -bias[alone] / slopes.gather(0, inputs[None])[0]
                    self.entrances.append((inputs, centre))

    def _read(self, probe: Probe, value: Value) -> tuple[Tensor, Tensor]:
        axis, tensor = self.axes[value.before], self.affine[value.before]
        assert axis is not None
        return probe.read(rows_first(tensor, axis, len(probe.values)))[:2]


def rows_first(tensor: Tensor, axis: int, count: int) -> Tensor:
    """A tensor as (rows, values of a row).

    Parameters
    ----------
    axis : int
        The one of the rows; −1 where they are the slower part of the first.

    Examples
    --------
    >>> rows_first(torch.zeros(3, 5, 2), 1, 5).shape, rows_first(torch.zeros(6, 2), -1, 3).shape
    (torch.Size([5, 6]), torch.Size([3, 4]))
    """
    return (tensor if axis < 0 else tensor.movedim(axis, 0)).reshape(count, -1)


def rows_back(values: Tensor, shape: torch.Size, axis: int, count: int) -> Tensor:
    """What `rows_first` would read as these values."""
    if axis < 0:
        return values.reshape(shape).clone()
    sides = [side for place, side in enumerate(shape) if place != axis]
    return values.reshape(count, *sides).movedim(0, axis).clone()


def axis_of(tensor: Tensor, count: int) -> int | None:
    """Along which axis its rows lie; −1 where they are a part of the first, None where nowhere."""
    if not tensor.ndim or not tensor.numel():
        return None
    for axis, side in enumerate(tensor.shape):
        if side == count:
            return axis
    return -1 if tensor.shape[0] % count == 0 else None
