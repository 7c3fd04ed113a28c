"""How often an answer flips, beside random patches, with 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Z = 1.959963984540054
"""The normal distribution's quantile of 97.5 %."""


@dataclass(frozen=True)
class Flips:
    """Counts over pairs of trials: the cue, and a random patch of the same size in its place.

    Attributes
    ----------
    both, cue_only, random_only, neither : int
        Pairs in which the answer flipped with both, with one of them, with none.

    Examples
    --------
    >>> flips = Flips(both=1, cue_only=79, random_only=0, neither=20)
    >>> flips.rate, flips.random_rate
    (0.8, 0.01)
    >>> [round(end, 3) for end in flips.interval]
    [0.711, 0.867]
    """

    both: int
    cue_only: int
    random_only: int
    neither: int

    @classmethod
    def of(cls, cue: np.ndarray, random: np.ndarray) -> Flips:
        """From whether each trial flipped, (pairs,) of bool each."""
        return cls(
            int((cue & random).sum()),
            int((cue & ~random).sum()),
            int((~cue & random).sum()),
            int((~cue & ~random).sum()),
        )

    @property
    def pairs(self) -> int:
        """How many there are."""
        return self.both + self.cue_only + self.random_only + self.neither

    @property
    def rate(self) -> float:
        """The share of pairs in which the answer flipped with the cue."""
        return (self.both + self.cue_only) / max(self.pairs, 1)

    @property
    def random_rate(self) -> float:
        """The same with the random patch."""
        return (self.both + self.random_only) / max(self.pairs, 1)

    @property
    def interval(self) -> tuple[float, float]:
        """Of `rate`, 95 %."""
        return wilson(self.both + self.cue_only, self.pairs)

    @property
    def random_interval(self) -> tuple[float, float]:
        """Of `random_rate`, 95 %."""
        return wilson(self.both + self.random_only, self.pairs)

    @property
    def excess_interval(self) -> tuple[float, float]:
        """Of rate − random_rate, 95 %, for pairs.

        References
        ----------
        Agresti & Min 2005, "Simple improved confidence intervals for comparing matched
        proportions", doi:10.1002/sim.1781: half a pair is added to each of the four counts.
        """
        total = self.pairs + 2
        up, down = (self.cue_only + 0.5) / total, (self.random_only + 0.5) / total
        half = Z * float(np.sqrt(max(up + down - (up - down) ** 2, 0) / total))
        return max(up - down - half, -1.0), min(up - down + half, 1.0)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Parameters
    ----------
    hits, total : int

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0, 10)]
    [0.0, 0.2775]
    """
    if not total:
        return 0.0, 1.0
    share, square = hits / total, Z * Z / total
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * float(np.sqrt(share * (1 - share) / total + square / (4 * total)))
    return max(middle - half, 0.0), min(middle + half, 1.0)
