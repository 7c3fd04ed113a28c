"""What the checks mean, in words for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.checks.verdict import beats_chance
from explainers.figures.text.words import percent

MUCH, SOME = 0.5, 0.25
# Above this similarity to the first map after all weights are random, a map is not of the model.
UNMOVED, HALF_MOVED = 0.7, 0.4


def agreement(names: Sequence[str], overlap: np.ndarray) -> str:
    """One line on whether heatmaps of several methods agree.

    Parameters
    ----------
    names : sequence of str, length n
    overlap : ndarray, shape (n, n)
        Shares from 0 to 1 that the maps' hottest tenths have in common; 1 on the diagonal.

    Examples
    --------
    >>> agreement(["DeepLIFT", "Occlusion"], np.array([[1.0, 0.1], [0.1, 1.0]]))[:77]
    'On average two of these maps share 10.0 % of their hottest tenth: they point '
    """
    count = len(names)
    others = (overlap.sum(1) - 1) / (count - 1)
    mean = float(others.mean())
    shared = f"On average two of these maps share {percent(mean)} of their hottest tenth"
    if mean >= MUCH:
        line = f"{shared}: they point at the same place. What all of them show is safe to say."
    elif mean >= SOME:
        line = f"{shared}: they agree in part. Say only what most of them show, and prove the rest."
    else:
        line = (
            f"{shared}: they point at different places. Do not show one of them alone; "
            "let the proof decide which to believe."
        )
    least = int(others.argmin())
    if count > 2 and others[least] < 0.6 * np.delete(others, least).mean():
        line += f" {names[least]} agrees least with the others."
    return line


def ranking(
    names: Sequence[str], deletion: np.ndarray, insertion: np.ndarray, chance: Sequence[float]
) -> str:
    """Which heatmap is the most faithful, by insertion area minus deletion area.

    Parameters
    ----------
    names : sequence of str, length n
    deletion, insertion : ndarray, shape (n,)
        Areas under the curves, see `explainers.figures.curves.area`.
    chance : sequence of float, length n
        The same difference for random orders.

    Examples
    --------
    >>> ranking(["DeepLIFT"], np.array([0.2]), np.array([0.7]), [0.1])
    'On this input, DeepLIFT beats chance. Another input may give another ranking.'
    """
    score = insertion - deletion
    areas = zip(deletion.tolist(), insertion.tolist(), chance, strict=True)
    proven = [beats_chance(*each) for each in areas]
    beaten = [name for name, better in zip(names, proven, strict=True) if not better]
    if len(names) == 1:
        line = f"On this input, {names[0]} {'does not beat' if beaten else 'beats'} chance."
    else:
        # Maps that rank the units alike have the same score, but for rounding.
        equal = score >= score.max() - 1e-6 * max(np.abs([deletion, insertion]).max(), 1e-12)
        best = [f"**{name}**" for name, ahead in zip(names, equal, strict=True) if ahead]
        alike = " alike" if len(best) > 1 else ""
        line = (
            "On this input and over all shares, hiding and revealing speak most for "
            f"{', '.join(best[:-1])}{' and ' * bool(alike)}{best[-1]}{alike}."
        )
        if beaten:
            line += f" No better than chance here: {', '.join(beaten)}."
    return f"{line} Another input may give another ranking."


def by_fillings(
    names: Sequence[str], fillings: Sequence[str], beyond: np.ndarray, own: np.ndarray
) -> str:
    """Which map hiding speaks for where each baseline in turn stands for what is hidden.

    A map is best at finding what differs from its own baseline, so that one does not count for it;
    and since some fillings make hiding easier than others, each counts by how far a map is ahead
    of the others under it.

    Parameters
    ----------
    names, fillings : sequence of str, lengths n and k
    beyond : ndarray, shape (n, k)
        Insertion area less deletion area, less chance's.
    own : ndarray of bool, shape (n, k)
        Where the filling is the map's own baseline; not all of a row or a column.

    Examples
    --------
    >>> beyond, own = np.array([[0.9, 0.1], [0.2, 0.8]]), np.eye(2, dtype=bool)
    >>> print(by_fillings(["Black", "White"], ["Black", "White"], beyond, own))
    Hidden with Black and White in turn, and no map with its own baseline, hiding and revealing \
speak most for **Black** and **White** alike. 2 of 2 maps do best under their own baseline, which \
says nothing for them. Another input may give another ranking.
    """
    others = np.where(own, np.nan, beyond)
    ahead = np.nanmean(others - np.nanmean(others, axis=0), axis=1)
    equal = ahead >= ahead.max() - 1e-6 * max(np.abs(beyond).max(), 1e-12)
    best = [f"**{name}**" for name, first in zip(names, equal, strict=True) if first]
    alike = " alike" if len(best) > 1 else ""
    line = (
        f"Hidden with {_listed(fillings)} in turn, and no map with its own baseline, hiding and "
        f"revealing speak most for {_listed(best)}{alike}."
    )
    beaten = [name for name, row in zip(names, others, strict=True) if np.nanmean(row) <= 0]
    if beaten:
        line += f" No better than chance here: {', '.join(beaten)}."
    circular = int((own.any(1) & (np.where(own, beyond, -np.inf).max(1) >= beyond.max(1))).sum())
    if circular:
        verb, whose = ("does", "its") if circular == 1 else ("do", "their")
        line += (
            f" {circular} of {len(names)} maps {verb} best under {whose} own baseline, which says "
            f"nothing for {'it' if circular == 1 else 'them'}."
        )
    return f"{line} Another input may give another ranking."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def is_neutral(shares: np.ndarray) -> bool:
    """Whether a baseline's answer leaves it open which class it is.

    It does not where a class has more than half of what lies between an even split and certainty.

    Parameters
    ----------
    shares : ndarray, shape (classes,)
        Probabilities.

    Examples
    --------
    >>> is_neutral(np.array([0.4, 0.6])), is_neutral(np.array([0.1, 0.9]))
    (True, False)
    """
    even = 1 / len(shares)
    return len(shares) == 1 or float(shares.max()) <= even + (1 - even) / 2


def sanity(name: str, similarity: Sequence[float]) -> str:
    """Whether a method's heatmap depends on the weights, by the model randomisation test.

    Parameters
    ----------
    name : str
        The method's.
    similarity : sequence of float
        The map's similarity to the maps of ever more randomised weights; the last one is of weights
        that are all random.

    Examples
    --------
    >>> sanity("Saliency", [1.0, 0.5, 0.1])[-42:]
    'the map follows the weights, as it should.'
    """
    last = similarity[-1]
    if not np.isfinite(last):
        return f"With all weights random, {name} gives a flat map: it depends on the weights."
    similar = f"{last:.2f}".replace("-", "−")
    alike = (
        f"With all weights random, the map of {name} still has a similarity of {similar} to the "
        "trained one's (1 = same map)"
    )
    if last >= UNMOVED:
        return (
            f"{alike}: it barely changes. As an edge detector would, it shows the input and not "
            "what the network learned."
        )
    if last >= HALF_MOVED:
        return (
            f"{alike}: a part of it shows the input rather than what the network learned. "
            "Read its details with care."
        )
    return f"{alike}: the map follows the weights, as it should."
