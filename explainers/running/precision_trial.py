"""Whether another precision or layout of a model is quicker on this machine, and says the same."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.errors import Problem

Answers = tuple[Tensor, Tensor]
"""Scores (n,) and attributions (n, …) of the points of a trial."""

RANKS, SCORE_OFF = 0.999, 0.01
QUICKER, ROUNDS, POINTS = 1.2, 3, 4
clock = time.perf_counter


@dataclass(frozen=True)
class Way:
    """How a model computes: in its own precision or another, in torch's usual layout or not.

    Examples
    --------
    >>> Way("bfloat16", channels_last=True).words
    'bfloat16, channels last'
    """

    precision: str = "auto"
    channels_last: bool = False

    @property
    def words(self) -> str:
        """For people."""
        precision = "its own precision" if self.precision == "auto" else self.precision
        return precision + ", channels last" * self.channels_last


OWN = Way()


@dataclass(frozen=True)
class Tried:
    """One way beside the model's own.

    Attributes
    ----------
    way : Way
    quicker : float
        The own way's time over this one's.
    ranks : float
        Spearman's correlation of all attributions with the own way's.
    off : float
        The largest difference of a score, as a share of the scores' range.
    """

    way: Way
    quicker: float
    ranks: float
    off: float

    @property
    def agrees(self) -> bool:
        """Whether it says the same."""
        return self.ranks >= RANKS and self.off <= SCORE_OFF

    @property
    def words(self) -> str:
        """What was found, in a sentence.

        Examples
        --------
        >>> print(Tried(Way("bfloat16"), 1.6, 0.9412, 0.002).words)
        bfloat16 was 1.6 times as fast, but its ranks agree to 0.9412 only: it was not used.
        """
        said = f"{self.way.words} was {self.quicker:.1f} times as fast"
        if not self.agrees:
            return f"{said}, but its ranks agree to {self.ranks:.4f} only: it was not used."
        if self.quicker < QUICKER:
            return f"{said}, which is not worth a copy of the model: it was not used."
        return f"{said} and agrees (ranks to {self.ranks:.4f}): it was used."


def try_ways(ways: Mapping[Way, Callable[[], Answers]]) -> list[Tried]:
    """Each way but the own one, beside that; ways that fail are left out.

    Parameters
    ----------
    ways : mapping
        Way → () → answers on the same points; `OWN` is one of them. All are asked in turn, several
        times; medians count.

    Examples
    --------
    >>> scores, maps = torch.tensor([0.0, 1.0]), torch.rand(2, 8)
    >>> (tried,) = try_ways({way: lambda: (scores, maps) for way in (OWN, Way("bfloat16"))})
    >>> tried.agrees
    True
    """
    answers: dict[Way, Answers] = {}
    for way, ask in ways.items():  # the first time of each also warms it
        try:
            answers[way] = ask()
        except Problem:
            if way == OWN:
                raise
    taken: dict[Way, list[float]] = {way: [] for way in answers}
    for _ in range(ROUNDS):
        for way in answers:
            started = clock()
            scores, _ = ways[way]()
            scores.sum().item()  # waits for a device
            taken[way].append(clock() - started)
    scores, maps = answers[OWN]
    reach = float(scores.double().max() - scores.double().min())
    own = statistics.median(taken[OWN])
    return [
        Tried(
            way,
            own / max(statistics.median(taken[way]), 1e-9),
            rank_correlation(found[1], maps),
            float((found[0].double() - scores.double()).abs().max()) / max(reach, 1e-12),
        )
        for way, found in answers.items()
        if way != OWN
    ]


def best(tried: list[Tried]) -> Tried | None:
    """The quickest that agrees, where it is worth its copy of the model."""
    worth = [one for one in tried if one.agrees and one.quicker >= QUICKER]
    return max(worth, key=lambda one: one.quicker, default=None)


def rank_correlation(one: Tensor, two: Tensor) -> float:
    """Spearman's correlation of all values; nan where all of one are alike.

    Examples
    --------
    >>> round(rank_correlation(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 4.0, 9.0])), 6)
    1.0
    """
    ranks = torch.stack([_ranks(values) for values in (one, two)])
    return float(torch.corrcoef(ranks)[0, 1])


def _ranks(values: Tensor) -> Tensor:
    """Mean ranks, so that equal values have equal ones."""
    _, place, counts = (
        values.detach().double().flatten().cpu().unique(return_inverse=True, return_counts=True)
    )
    last = counts.cumsum(0)
    return (last - (counts.double() - 1) / 2)[place]
