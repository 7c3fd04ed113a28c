"""What a method may want to know of the data that an input comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explainers.kinds.layout import InputLayout


@dataclass(frozen=True)
class DataStatistics:
    """Facts about a file of inputs, from which options can be chosen.

    Attributes
    ----------
    layout : InputLayout
        Of one input.
    std, ranges : callable
        () → standard deviation, and largest less smallest value, of each column or variable, found
        when asked for; () where columns mean nothing, as in pictures and DNA.
    """

    layout: InputLayout
    std: Callable[[], tuple[float, ...]] = tuple
    ranges: Callable[[], tuple[float, ...]] = tuple
