"""Baselines for one-hot DNA: letter frequencies, and shuffles that keep pairs of letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.baselines.registry import baseline
from explainers.errors import Problem
from explainers.kinds.alphabet import dinucleotide_shuffle, is_one_hot, letters_of, one_hot
from explainers.options import option

FIXED = (0.3, 0.2, 0.2, 0.3)


@dataclass(frozen=True)
class FrequencyOptions:
    """Options of `frequencies`."""

    rule: str = option(
        "fixed",
        "Frequencies",
        "How often each letter is expected.",
        choices={
            "fixed": "A, T 30 %; C, G 20 %",
            "uniform": "25 % each",
            "data": "As in the file, or else as in the sequence",
        },
    )


@baseline(
    key="frequencies",
    name="Letter frequencies",
    says="At every position a mixture of the four letters, as often as each is expected.",
    options=FrequencyOptions,
    order=10,
    kinds=("sequence",),
    uses_data=True,
)
def frequencies(inputs, data, options: FrequencyOptions):
    """Expected frequencies of A, C, G, T at every position of inputs (N, 4, L).

    With the rule "data", those of the data (M, 4, L), or without data those of each sequence
    alone. An unknown letter stays unknown, so that it contributes nothing.
    """
    _checked(inputs, "Letter frequencies")
    if options.rule == "data":
        counted = inputs.sum(2) if data is None else data.sum((0, 2)).expand(len(inputs), 4)
        # A sequence without a single known letter has no frequencies, and needs none.
        share = counted / counted.sum(1, keepdim=True).clamp(min=1)
    else:
        fixed = FIXED if options.rule == "fixed" else (0.25,) * 4
        share = inputs.new_tensor(fixed).expand(len(inputs), 4)
    return share.unsqueeze(2) * inputs.sum(1, keepdim=True)


@dataclass(frozen=True)
class ShuffleOptions:
    """Options of `shuffled`."""

    count: int = option(10, "Shuffles", "More shuffles: steadier, slower.", low=1, high=1000)
    seed: int = option(0, "Seed", "The same seed gives the same order.", low=0, high=2**31 - 1)


@baseline(
    key="shuffled",
    name="Shuffled sequence",
    says="Copies of the sequence in random order that keep how often each pair of letters occurs.",
    options=ShuffleOptions,
    order=20,
    kinds=("sequence",),
)
def shuffled(inputs, options: ShuffleOptions):
    """Shuffles (N, count, 4, L) of inputs (N, 4, L), see `dinucleotide_shuffle`.

    Every sequence has a generator of its own, so its shuffles do not depend on batch mates.
    """
    import torch

    _checked(inputs, "The shuffled sequence")
    found = []
    for letters in letters_of(inputs):
        generator = np.random.default_rng(options.seed)
        copies = [dinucleotide_shuffle(letters, generator) for _ in range(options.count)]
        found.append(one_hot(np.stack(copies)))
    return torch.from_numpy(np.stack(found)).to(inputs)


def _checked(inputs, what: str) -> None:
    if not is_one_hot(inputs):
        raise Problem(
            f"{what} as a baseline needs one-hot DNA: inputs (N, 4, L) of 0 and 1, rows A, C, G, "
            f"T, one letter at each position; these have shape {tuple(inputs.shape)}."
        )
