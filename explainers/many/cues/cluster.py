"""What a hunt for cues finds: pictures whose evidence is alike, and what it does elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.many.cues.flips import Flips


@dataclass(frozen=True)
class Cluster:
    """Pictures of one answer whose evidence is alike, and what its hottest patch does elsewhere.

    Attributes
    ----------
    answer : int
        The class that the network answers to them.
    name : str
    members : tuple of int
        Their indices in the run.
    places : ndarray, shape (members, 2)
        Row and column of the patch's upper left corner, in px.
    side : int
        Of the patch, in px.
    share : float
        How much of the support lies in the patch, on average.
    unlikeness : float
        See `explainers.many.cues.clusters.unlikeness`.
    cut : Flips
        The patch cut out of its pictures: how often the answer is another then.
    paste : Flips
        The patch pasted onto pictures of other answers, at the same place: how often they get
        this answer.
    """

    answer: int
    name: str
    members: tuple[int, ...]
    places: np.ndarray
    side: int
    share: float
    unlikeness: float
    cut: Flips
    paste: Flips

    @property
    def is_cue(self) -> bool:
        """Whether the patch takes the answer with it more often than not, and beyond chance.

        Evidence of a thing needs the thing around it: a part of it, pasted on something else,
        seldom decides. The lower ends of the intervals count: of the rate of flips by pasting
        against one half, and of what both tests have beyond random patches against 0.
        """
        beyond = min(self.paste.excess_interval[0], self.cut.excess_interval[0])
        return self.paste.interval[0] > 0.5 and beyond > 0

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        low, high = self.paste.interval
        said = (
            f"A patch of {self.side} px from {len(self.members)} pictures that are answered "
            f"“{self.name}”, pasted onto others, turns {100 * self.paste.rate:.0f} % of them into "
            f"“{self.name}” (95 % interval {100 * low:.0f} to {100 * high:.0f} %); random patches "
            f"of that size turn {100 * self.paste.random_rate:.0f} %. Cut out, it changes "
            f"{100 * self.cut.rate:.0f} % of the answers, random ones "
            f"{100 * self.cut.random_rate:.0f} %."
        )
        return f"{said} The network answers by this cue." if self.is_cue else said
