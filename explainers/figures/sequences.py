"""DNA sequences as figures: the strongest stretches, a table of them, and words for both.

Stretches are the maximal scoring subsequences of Ruzzo and Tompa, "A linear time algorithm for
finding all maximal scoring subsequences" (ISMB 1999).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainers.figures import colours
from explainers.kinds.alphabet import checked_codes, text_of

LETTER_COLOURS = {
    "light": ("#00805a", "#0057b8", "#d97b00", "#b3122e", "#6b7480"),
    "dark": ("#35c790", "#6aa5ff", "#ffc247", "#f0503f", "#8f9aa6"),
}
"""Colours of A, C, G, T, N on light and on dark ground: the usual green, blue, orange and red, in
shades that differ in lightness too, so that they are told apart by colour-blind people."""

SIGN_COLOURS = {
    "light": (colours.SIGNED[9], colours.SIGNED[1]),
    "dark": (colours.SIGNED[8], colours.SIGNED[2]),
}
"""RGB of what supports and what opposes: the maps' red and blue, as bars on light and on dark."""


@dataclass(frozen=True)
class Stretch:
    """Letters next to each other that together contribute much.

    start, stop   from 0; the last letter is the one before `stop`.
    score         sum of the contributions; below 0 where it opposes.
    mean          contribution of one letter.
    sequence      its letters, or "" where they were not given.
    """

    start: int
    stop: int
    score: float
    mean: float
    sequence: str


def stretches(
    contribution: np.ndarray,
    letters: str | np.ndarray | None = None,
    *,
    most: int = 10,
    min_width: int = 4,
    opposing: bool = False,
    threshold: float | None = None,
) -> list[Stretch]:
    """The strongest stretches of a sequence, the largest sum first.

    They are the maximal scoring segments of contribution − threshold: a segment in which every
    beginning and every end has a sum above 0, and that cannot be made longer that way. So a weak
    letter between strong ones does not break a stretch, and no two stretches overlap.
    Contributions that are all the same have no stretch that stands out.

    Parameters
    ----------
    contribution : ndarray, shape (L,)
    letters : str or ndarray of codes, length L, optional
    most : int
        How many stretches are kept.
    min_width : int
        Stretches of fewer letters are left out.
    opposing : bool
        Look for stretches of −contribution instead, whose sums are below 0.
    threshold : float, optional
        What a letter must contribute to count for a stretch rather than against it; by default
        the mean of |contribution|, so that noise around 0 counts against it on average.

    Returns
    -------
    list of Stretch

    Raises
    ------
    ValueError
        Says what is wrong with an argument.

    References
    ----------
    Ruzzo & Tompa 1999, "A linear time algorithm for finding all maximal scoring subsequences".

    Examples
    --------
    >>> contribution = np.array([0.0, 0, 0, 0, 2, 2, -1, 2, 2, 0, 0, 0])
    >>> stretches(contribution, "ACGTGATTAACC")
    [Stretch(start=4, stop=9, score=7.0, mean=1.4, sequence='GATTA')]
    """
    contribution = np.asarray(contribution, dtype=np.float64)
    if contribution.ndim != 1 or not contribution.size or not np.isfinite(contribution).all():
        raise ValueError(
            "Contributions are finite numbers in one row (L,), one a letter;"
            f" got shape {contribution.shape}."
        )
    sequence = None if letters is None else text_of(checked_codes(letters))
    if sequence is not None and len(sequence) != contribution.size:
        raise ValueError(
            f"There are {len(sequence)} letters and {contribution.size} contributions; each letter"
            " has one."
        )
    if most < 1 or min_width < 1:
        raise ValueError("`most` and `min_width` are at least 1.")
    if threshold is None:
        threshold = float(np.abs(contribution).mean())
    excess = (-contribution if opposing else contribution) - threshold
    # What only rounding sets apart from the threshold is not above it.
    excess[np.abs(excess) <= 1e-12 * (np.abs(contribution).max() + abs(threshold))] = 0.0
    candidates = [
        Stretch(
            start,
            stop,
            float(contribution[start:stop].sum()),
            float(contribution[start:stop].mean()),
            "" if sequence is None else sequence[start:stop],
        )
        for start, stop in maximal_segments(excess)
        if stop - start >= min_width
    ]
    return sorted(candidates, key=lambda stretch: (-abs(stretch.score), stretch.start))[:most]


def maximal_segments(scores: np.ndarray) -> list[tuple[int, int]]:
    """All maximal scoring segments (start, stop) of scores (L,), from left to right.

    A segment is one of them if each part of it has a smaller sum, and no longer segment around it
    has that property. Ruzzo and Tompa's algorithm: the segments found so far keep the cumulative
    sums before (low) and after (high) them; a new one is joined with the nearest earlier one that
    starts lower, if that ends lower too. Linear time, for `earlier` skips what cannot match.

    Examples
    --------
    >>> maximal_segments(np.array([4, -5, 3, -3, 1, 2, -2, 2, -2, 1, 5]))
    [(0, 1), (2, 3), (4, 11)]
    """
    lows: list[float] = []
    highs: list[float] = []
    starts: list[int] = []
    stops: list[int] = []
    earlier: list[int] = []
    total = 0.0
    for at, score in enumerate(np.asarray(scores, dtype=np.float64).tolist()):
        low, total = total, total + score
        if score <= 0:
            continue
        start = at
        while True:
            match = len(lows) - 1
            while match >= 0 and lows[match] >= low:
                match = earlier[match]
            if match < 0 or highs[match] >= total:
                break
            low, start = lows[match], starts[match]
            del lows[match:], highs[match:], starts[match:], stops[match:], earlier[match:]
        lows.append(low)
        highs.append(total)
        starts.append(start)
        stops.append(at + 1)
        earlier.append(match)
    return list(zip(starts, stops, strict=True))


def bed(regions: Sequence[Stretch], name: str) -> str:
    """Stretches as a BED6+2 table, one a line, ended by a newline.

    Columns: sequence, start and stop (from 0, half-open), letters, strength from 0 to 1000 with
    the strongest 1000, strand (always "."), sum of the contributions, mean. What would end a
    column or be taken for a comment, a header or a formula is replaced or preceded by "_".

    Parameters
    ----------
    regions : sequence of Stretch
    name : str
        The sequence's.

    Examples
    --------
    >>> bed([Stretch(4, 9, 7.0, 1.4, "GATTA")], "chr1").splitlines()[1].split()
    ['chr1', '4', '9', 'GATTA', '1000', '.', '7', '1.4']
    """
    peak = max((abs(stretch.score) for stretch in regions), default=0.0) or 1.0
    lines = ["#chrom\tchromStart\tchromEnd\tname\tscore\tstrand\tcontribution\tmean"]
    for number, stretch in enumerate(regions, 1):
        strength = round(1000 * abs(stretch.score) / peak)
        letters = stretch.sequence if 0 < len(stretch.sequence) <= 100 else f"stretch_{number}"
        lines.append(
            f"{_column(name)}\t{stretch.start}\t{stretch.stop}\t{_column(letters)}\t{strength}\t.\t"
            f"{stretch.score:.6g}\t{stretch.mean:.6g}"
        )
    return "\n".join(lines) + "\n"


def _column(name: str) -> str:
    """A name that stays one column of a BED line, and is nothing but a name in a spreadsheet."""
    # \s leaves out some control characters; isprintable() knows all of them, and is false for
    # what reorders the line.
    clean = "".join(letter if letter.isprintable() else "_" for letter in name.strip())
    clean = re.sub(r"\s", "_", clean)[:255]
    taken = not clean or clean[0] in "=+-@#" or re.match(r"(track|browser)", clean, re.I)
    return f"_{clean}" if taken else clean


def sequence_alt_text(
    letters: str | np.ndarray,
    regions: Sequence[Stretch] = (),
    *,
    about: str = "",
    name: str = "",
    read: int = 3,
) -> str:
    """The alternative text of a sequence logo: its length and its first stretches.

    Positions count from 1, as on the axis.

    Parameters
    ----------
    letters : str or ndarray of codes, length L
    regions : sequence of Stretch
    about, name : str
        What is explained, and the name of the sequence.
    read : int
        How many stretches are named.
    """
    length = len(checked_codes(letters))
    of = f" of {name}" if name.strip() else ""
    to = f" to {about}" if about.strip() else ""
    size = "1 letter" if length == 1 else f"{length:,} letters"
    sentences = [f"Contributions{to} along the {size}{of}."]
    if not regions:
        sentences.append("No stretch stands out.")
    for stretch in regions[:read]:
        spelt = f", {stretch.sequence}," if 0 < len(stretch.sequence) <= 20 else ""
        total = f"{stretch.score:+.3g}".replace("-", "−")
        does = "support" if stretch.score > 0 else "oppose"
        if stretch.stop - stretch.start == 1:
            where, does = f"Letter {stretch.stop:,}", f"{does}s"
        else:
            where = f"Letters {stretch.start + 1:,} to {stretch.stop:,}"
        sentences.append(f"{where}{spelt} {does} with {total} in total.")
    return " ".join(sentences)
