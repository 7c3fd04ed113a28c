"""Baselines made from data: their mean, median, one row, typical rows, or a random sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.baselines.kmeans import k_means
from explainers.baselines.registry import NoOptions, baseline
from explainers.errors import Problem
from explainers.options import option

if TYPE_CHECKING:
    from torch import Tensor

KINDS = ("table", "series")


def _required(data: Tensor | None) -> Tensor:
    """The data; Problem where there are none."""
    if data is None:
        raise Problem(
            "This baseline is made from data, and none were given. Upload a file with several "
            "rows or series (in Python: data=, a tensor like the inputs), or take zeros."
        )
    return data


@baseline(key="data_mean", options=NoOptions, order=12, kinds=KINDS, uses_data=True)
def mean(inputs: Tensor, data: Tensor | None, options: NoOptions) -> Tensor:
    """The mean of the data, for every input.

    Parameters
    ----------
    inputs : Tensor, shape (N, …)
    data : Tensor, shape (M, …)
    options : not used

    Returns
    -------
    Tensor, shape (N, …)

    Examples
    --------
    >>> import torch
    >>> mean(torch.zeros(1, 2), torch.tensor([[1.0, 5.0], [3.0, 6.0]]), NoOptions()).tolist()
    [[2.0, 5.5]]
    """
    return _required(data).mean(0).expand_as(inputs).clone()


@baseline(key="data_median", options=NoOptions, order=14, kinds=KINDS, uses_data=True)
def median(inputs: Tensor, data: Tensor | None, options: NoOptions) -> Tensor:
    """The median of the data, for every input; where M is even, the mean of the two in the middle.

    Parameters
    ----------
    inputs : Tensor, shape (N, …)
    data : Tensor, shape (M, …)
    options : not used

    Returns
    -------
    Tensor, shape (N, …)

    Examples
    --------
    >>> import torch
    >>> median(torch.zeros(1, 1), torch.tensor([[1.0], [2.0], [90.0]]), NoOptions()).tolist()
    [[2.0]]
    """
    data = _required(data)
    ordered = data.sort(0).values
    middle = (ordered[(len(data) - 1) // 2] + ordered[len(data) // 2]) / 2
    return middle.expand_as(inputs).clone()


@dataclass(frozen=True)
class RowOptions:
    """Options of `data_row`."""

    index: int = option(0, low=0, high=2**31 - 1)


@baseline(key="data_row", options=RowOptions, order=16, kinds=KINDS, uses_data=True)
def row(inputs: Tensor, data: Tensor | None, options: RowOptions) -> Tensor:
    """One row of the data, for every input.

    Parameters
    ----------
    inputs : Tensor, shape (N, …)
    data : Tensor, shape (M, …)
    options : RowOptions

    Returns
    -------
    Tensor, shape (N, …)

    Raises
    ------
    Problem
        Where the data have no such row.
    """
    data = _required(data)
    if options.index >= len(data):
        raise Problem(f"There is no row {options.index}: the data have rows 0 to {len(data) - 1}.")
    return data[options.index].expand_as(inputs).clone()


@dataclass(frozen=True)
class CentreOptions:
    """Options of `data_centres`."""

    count: int = option(5, low=1, high=100)
    seed: int = option(0, low=0, high=2**31 - 1)


@baseline(key="data_centres", options=CentreOptions, order=18, kinds=KINDS, uses_data=True)
def centroids(inputs: Tensor, data: Tensor | None, options: CentreOptions) -> Tensor:
    """Centres of the data's groups by k-means, for every input.

    Every value counts in units of its standard deviation, so that units do not matter.

    Parameters
    ----------
    inputs : Tensor, shape (N, …)
    data : Tensor, shape (M, …)
    options : CentreOptions

    Returns
    -------
    Tensor, shape (N, R, …); R is `count`, or M where that is less
    """
    data = _required(data)
    flat = data.double().flatten(1)
    spread = flat.std(0, correction=0)
    spread[spread == 0] = 1
    centres = k_means(flat / spread, min(options.count, len(data)), options.seed) * spread
    return _for_each(centres.view(-1, *data.shape[1:]), inputs)


@dataclass(frozen=True)
class SampleOptions:
    """Options of `data_sample`."""

    count: int = option(50, low=1, high=10000)
    seed: int = option(0, low=0, high=2**31 - 1)


@baseline(key="data_sample", options=SampleOptions, order=19, kinds=KINDS, uses_data=True)
def sample(inputs: Tensor, data: Tensor | None, options: SampleOptions) -> Tensor:
    """Different rows of the data, drawn at random; the same for every input.

    Parameters
    ----------
    inputs : Tensor, shape (N, …)
    data : Tensor, shape (M, …)
    options : SampleOptions

    Returns
    -------
    Tensor, shape (N, R, …); R is `count`, or M where that is less
    """
    import torch

    data = _required(data)

    generator = torch.Generator().manual_seed(options.seed)
    drawn = torch.randperm(len(data), generator=generator)[: options.count]
    return _for_each(data[drawn.to(data.device)], inputs)


def _for_each(references: Tensor, inputs: Tensor) -> Tensor:
    """References (R, …) for every one of inputs (N, …): (N, R, …)."""
    return references.to(inputs).expand(len(inputs), *references.shape)
