"""Baselines made from data: their mean, median, one row, typical rows, or a random sample."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.baselines.kmeans import centres
from explainers.baselines.registry import NoOptions, baseline
from explainers.errors import Problem
from explainers.options import option

KINDS = ("table", "series")


def needed(data):
    """The data; Problem where there are none."""
    if data is None:
        raise Problem(
            "This baseline is made from data, and none were given. Upload a file with several "
            "rows or series (in Python: data=, a tensor like the inputs), or take zeros."
        )
    return data


@baseline(
    key="data_mean",
    name="Mean of the data",
    says="What is usual: the mean of every value over the data.",
    options=NoOptions,
    order=12,
    kinds=KINDS,
    uses_data=True,
)
def mean(inputs, data, options):
    """The mean of data (M, …), for every one of inputs (N, …)."""
    return needed(data).mean(0).expand_as(inputs).clone()


@baseline(
    key="data_median",
    name="Median of the data",
    says="The value in the middle, for every value: a few extreme rows do not move it.",
    options=NoOptions,
    order=14,
    kinds=KINDS,
    uses_data=True,
)
def median(inputs, data, options):
    """The median of data (M, …), the mean of the two in the middle where M is even."""
    ordered = needed(data).sort(0).values
    middle = (ordered[(len(data) - 1) // 2] + ordered[len(data) // 2]) / 2
    return middle.expand_as(inputs).clone()


@dataclass(frozen=True)
class RowOptions:
    """Options of `data_row`."""

    index: int = option(0, "Row", "Which row of the data, from 0.", low=0, high=2**31 - 1)


@baseline(
    key="data_row",
    name="One row of the data",
    says="Another case: why this one and not that one?",
    options=RowOptions,
    order=16,
    kinds=KINDS,
    names={"series": "One series of the data"},
    uses_data=True,
)
def row(inputs, data, options: RowOptions):
    """One of data (M, …), for every one of inputs (N, …)."""
    if options.index >= len(needed(data)):
        raise Problem(f"There is no row {options.index}: the data have rows 0 to {len(data) - 1}.")
    return data[options.index].expand_as(inputs).clone()


@dataclass(frozen=True)
class CentreOptions:
    """Options of `data_centres`."""

    count: int = option(5, "Centres", "How many typical rows.", low=1, high=100)
    seed: int = option(0, "Seed", "The same seed gives the same rows.", low=0, high=2**31 - 1)


@baseline(
    key="data_centres",
    name="Typical rows",
    says="The centres of groups of similar rows; the attributions against them are averaged.",
    options=CentreOptions,
    order=18,
    kinds=KINDS,
    names={"series": "Typical series"},
    uses_data=True,
)
def typical(inputs, data, options: CentreOptions):
    """Centres (N, R, …) of data (M, …) by k-means; R is `count`, or M where that is less.

    Every value counts in units of its standard deviation, so that units do not matter.
    """
    flat = needed(data).double().flatten(1)
    spread = flat.std(0, correction=0)
    spread[spread == 0] = 1
    found = centres(flat / spread, min(options.count, len(data)), options.seed) * spread
    return _each(found.view(-1, *data.shape[1:]), inputs)


@dataclass(frozen=True)
class SampleOptions:
    """Options of `data_sample`."""

    count: int = option(50, "Rows", "More rows: steadier, slower.", low=1, high=10_000)
    seed: int = option(0, "Seed", "The same seed gives the same rows.", low=0, high=2**31 - 1)


@baseline(
    key="data_sample",
    name="Random rows",
    says="Rows drawn at random from the data; the attributions against them are averaged.",
    options=SampleOptions,
    order=19,
    kinds=KINDS,
    names={"series": "Random series"},
    uses_data=True,
)
def sample(inputs, data, options: SampleOptions):
    """Different rows (N, R, …) of data (M, …); R is `count`, or M where that is less."""
    import torch

    generator = torch.Generator().manual_seed(options.seed)
    drawn = torch.randperm(len(needed(data)), generator=generator)[: options.count]
    return _each(data[drawn.to(data.device)], inputs)


def _each(references, inputs):
    """References (R, …) for every one of inputs (N, …): (N, R, …)."""
    return references.to(inputs).expand(len(inputs), *references.shape)
