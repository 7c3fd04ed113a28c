"""Baselines of one value: zeros, and for pictures white and the mean colour."""

from __future__ import annotations

from explainers.baselines.registry import NoOptions, baseline
from explainers.errors import Problem


@baseline(
    key="zeros",
    name="Black (zeros)",
    says="Everything off: black pixels, zeros.",
    options=NoOptions,
    order=10,
    kinds=("picture", "table", "series", "sequence"),
    names={"table": "Zeros", "series": "Zeros", "sequence": "Zeros (no letter)"},
)
def zeros(inputs, options):
    """Zeros like the inputs (N, …)."""
    return inputs * 0


@baseline(
    key="white",
    name="White",
    says="White pixels: ones, for inputs from 0 to 1.",
    options=NoOptions,
    order=20,
)
def white(inputs, options):
    """Ones like the inputs (N, …)."""
    return inputs * 0 + 1


@baseline(
    key="mean",
    name="Mean colour",
    says="One flat colour: the mean of this picture.",
    options=NoOptions,
    order=30,
)
def mean(inputs, options):
    """The mean of each input's channels (N, C, …), constant over space."""
    if inputs.ndim < 3:
        raise Problem("The mean colour needs inputs with space or time: (N, channels, …).")
    return inputs.mean(tuple(range(2, inputs.ndim)), keepdim=True).expand_as(inputs).clone()
