"""What the checks mean, in words for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
    beaten = [name for name, s, c in zip(names, score, chance, strict=True) if s <= c]
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
