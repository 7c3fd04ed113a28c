"""Baselines for one-hot DNA: letter frequencies, and shuffles that keep pairs of letters.

Both leave the column of an unknown letter as it is, so that it contributes exactly 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explainers.baselines.dinucleotide_shuffle import dinucleotide_shuffle
from explainers.baselines.registry import baseline
from explainers.errors import Problem
from explainers.kinds.alphabet import (
    ambiguous_columns,
    codes_of_columns,
    is_dna,
    one_hot,
    unknown_columns,
)
from explainers.options import option

if TYPE_CHECKING:
    from torch import Tensor

FIXED = (0.3, 0.2, 0.2, 0.3)
"""Shares of A, C, G, T under the rule "fixed"."""


@dataclass(frozen=True)
class FrequencyOptions:
    """Options of `frequencies`."""

    rule: str = option("fixed", choices=("fixed", "uniform", "data"))


@baseline(
    key="frequencies", options=FrequencyOptions, order=10, kinds=("sequence",), uses_data=True
)
def frequencies(inputs: Tensor, data: Tensor | None, options: FrequencyOptions) -> Tensor:
    """Expected frequencies of A, C, G, T at every known position; unknown columns as they are.

    Parameters
    ----------
    inputs : Tensor, shape (N, 4, L)
        One-hot DNA.
    data : Tensor, shape (M, 4, L), or None
        Other sequences, in which the rule "data" counts; without them it counts in each input
        alone. Unknown letters are not counted.
    options : FrequencyOptions

    Returns
    -------
    Tensor, shape (N, 4, L)

    Raises
    ------
    Problem
        Where the inputs are no DNA.

    Examples
    --------
    >>> import torch
    >>> from explainers.kinds.alphabet import codes_of_text
    >>> inputs = torch.from_numpy(one_hot(codes_of_text("AAAC")))[None]
    >>> frequencies(inputs, None, FrequencyOptions(rule="data"))[0, :, 0].tolist()
    [0.75, 0.25, 0.0, 0.0]
    """
    _check_dna(inputs, "Letter frequencies")
    unknown = unknown_columns(inputs)
    if options.rule == "data":
        if data is None:
            counts = inputs.masked_fill(unknown, 0).sum(2)
        else:
            counts = data.masked_fill(unknown_columns(data), 0).sum((0, 2)).expand(len(inputs), 4)
        # A sequence without a single known letter has no frequencies, and needs none.
        share = counts / counts.sum(1, keepdim=True).clamp(min=1)
    else:
        fixed = FIXED if options.rule == "fixed" else (0.25,) * 4
        share = inputs.new_tensor(fixed).expand(len(inputs), 4)
    return share.unsqueeze(2).where(~unknown, inputs)


@dataclass(frozen=True)
class ShuffleOptions:
    """Options of `shuffled`."""

    count: int = option(10, low=1, high=1000)
    seed: int = option(0, low=0, high=2**31 - 1)


@baseline(key="shuffled", options=ShuffleOptions, order=20, kinds=("sequence",))
def shuffled(inputs: Tensor, data: Tensor | None, options: ShuffleOptions) -> Tensor:
    """Dinucleotide shuffles of each sequence; what is no one letter stays in place, as it is.

    Every sequence has a generator of its own, so its shuffles do not depend on batch mates.

    Parameters
    ----------
    inputs : Tensor, shape (N, 4, L)
        One-hot DNA.
    data : not used
    options : ShuffleOptions

    Returns
    -------
    Tensor, shape (N, count, 4, L)

    Raises
    ------
    Problem
        Where the inputs are no DNA.

    References
    ----------
    Altschul & Erickson 1985, doi:10.1093/oxfordjournals.molbev.a040370.
    """
    import torch

    _check_dna(inputs, "The shuffled sequence")
    references = []
    for codes in codes_of_columns(inputs):
        generator = np.random.default_rng(options.seed)
        copies = [dinucleotide_shuffle(codes, generator) for _ in range(options.count)]
        references.append(one_hot(np.stack(copies)))
    columns = torch.from_numpy(np.stack(references)).to(inputs)
    return torch.where(ambiguous_columns(inputs).unsqueeze(1), inputs.unsqueeze(1), columns)


def _check_dna(inputs: Tensor, what: str) -> None:
    if not is_dna(inputs):
        raise Problem(
            f"{what} as a baseline needs one-hot DNA: inputs (N, 4, L) of 0 and 1, rows A, C, G, "
            f"T, one letter at each position; these have shape {tuple(inputs.shape)}."
        )
