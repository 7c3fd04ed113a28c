"""What an answer does not know, in words: a weak guess, an unusual input, a baseline above it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.figures.text.as_text import escape_markdown
from explainers.figures.text.words import percent

WEAK = 0.3
"""A best guess is weak below this part of the way from an even split to certainty, see `is_weak`.

Measured on the pictures of the demos and the photos that come with Evident: every right answer lies
above it (the lowest: a missile for a rocket, 31 %), and the wrong ones of the network for photos
(a bobsled for an astronaut, 28 %) below."""

ALIKE, WORTH_SAYING = 0.04, 0.1
"""Colours nearer than this part of a picture's range are alike; and the part of it to speak of."""


def is_weak(shares: np.ndarray) -> bool:
    """Whether the best guess among several classes is too weak to be called an answer.

    Of two classes one always has half, so it is never weak; nor where the shares do not add up to
    1, because each class is right or not by itself.

    Parameters
    ----------
    shares : ndarray, shape (classes,)
        Probabilities.

    Examples
    --------
    >>> is_weak(np.array([0.12] + [0.08] * 11)), is_weak(np.array([0.52, 0.48]))
    (True, False)
    """
    classes = len(shares)
    even = 1 / classes
    one_is_right = classes > 2 and abs(float(shares.sum()) - 1) < 1e-3
    return one_is_right and float(shares.max()) < even + WEAK * (1 - even)


def calls(names: Sequence[str], shares: np.ndarray, says: str = "The network calls it") -> str:
    """What a network says to an input, or that it is undecided, as a sentence.

    Examples
    --------
    >>> calls(["cat", "dog", "cow"], np.array([0.9, 0.1, 0.0]))
    'The network calls it *cat*, 90.0 %.'
    >>> calls(["cat", "dog", "cow"], np.array([0.4, 0.3, 0.3]))
    'The network is undecided (best guess *cat*, 40.0 %).'
    """
    best = int(shares.argmax())
    share = percent(float(shares[best]))
    if is_weak(shares):
        return f"The network is undecided (best guess *{escape_markdown(names[best])}*, {share})."
    return f"{says} *{escape_markdown(names[best])}*, {share}."


def best_guess(names: Sequence[str], shares: np.ndarray) -> str:
    """The name of the best guess, as plain text, which says so where it is a weak one.

    Examples
    --------
    >>> best_guess(["cat", "dog", "cow"], np.array([0.9, 0.1, 0.0]))
    'cat'
    >>> best_guess(["cat", "dog", "cow"], np.array([0.4, 0.3, 0.3]))
    'undecided (best guess cat)'
    """
    name = names[int(shares.argmax())]
    return f"undecided (best guess {name})" if is_weak(shares) else name


def unseen(values: np.ndarray, baseline: np.ndarray, name: str) -> str:
    """How much of a picture a baseline of one colour cannot show, as a sentence; "" for little.

    What is as dark as black gets no score against black, however much the network looks at it.

    Parameters
    ----------
    values, baseline : ndarray, shape (C, H, W)
        The picture, and what it is compared with.
    name : str
        What the baseline is called.

    Examples
    --------
    >>> picture = np.array([[[0.0, 0.01, 0.9, 1.0]]])
    >>> unseen(picture, np.zeros((1, 1, 4)), "Black").partition(":")[0]
    '50.0 % of the picture is nearly of the colour of the baseline (Black)'
    >>> unseen(picture, picture, "Blurred picture"), unseen(picture, 0 * picture + 0.5, "Grey")
    ('', '')
    """
    span = float(np.ptp(values)) or 1.0
    if np.ptp(baseline, axis=(1, 2)).max() > 1e-6 * span:
        return ""
    share = float((np.abs(values - baseline) <= ALIKE * span).all(0).mean())
    if share < WORTH_SAYING:
        return ""
    return (
        f"{percent(share)} of the picture is nearly of the colour of the baseline ({name}): scores "
        "there are small, whatever the network looks at. A blurred copy shows such parts."
    )


def doubts(
    names: Sequence[str],
    shares: np.ndarray,
    baseline_shares: np.ndarray,
    target: int,
    evidence: float = np.inf,
    usual: float = -np.inf,
    change: float | None = None,
) -> list[str]:
    """What must be known before an explanation of a class is read.

    Parameters
    ----------
    names : sequence of str, length classes
    shares, baseline_shares : ndarray, shape (classes,)
        Probabilities that the network gives to the input and to its baseline.
    target : int
        The class that is explained.
    evidence, usual : float
        The evidence that the network finds for any of its classes, ln Σ exp(logits) (Liu et al.
        2020, arXiv:2010.03759), and the least that it found in inputs that it was made for.
    change : float, optional
        Of the explained score of that class from the baseline to the input, where that is no
        probability: it may rise while the probability falls.

    Returns
    -------
    list of str
        Sentences, the weightiest first.

    Examples
    --------
    >>> doubts(["a", "b", "c"], np.array([0.9, 0.1, 0.0]), np.array([0.3, 0.3, 0.4]), 0)
    []
    """
    found = []
    if evidence < usual:
        found.append(
            "This input is unlike what the network was made for: it finds less in it for any of "
            f"its {len(names)} classes than in every one of its own examples. What it calls it "
            "means little, and so does a map of why."
        )
    if is_weak(shares):
        best = int(shares.argmax())
        found.append(
            "The network does not know what this is: its best guess is "
            f"*{escape_markdown(names[best])}* with {percent(float(shares[best]))}. The map shows "
            "what speaks for a guess, not for an answer."
        )
    here, there = float(shares[target]), float(baseline_shares[target])
    name = escape_markdown(names[target])
    if change and here != there and (change > 0) != (here > there):
        likely, score, others = (
            ("more", "lower", "fall") if here > there else ("less", "higher", "rise")
        )
        found.append(
            f"*{name}* is {likely} likely here ({percent(here)}) than on "
            f"the baseline ({percent(there)}), although its score, which the map shares out, is "
            f"{score} here: the scores of other classes {others} more. To see what tells them "
            "apart, ask for this class *rather than* another."
        )
    elif there > here:
        found.append(
            f"The baseline scores higher than the input: *{name}* has {percent(there)} "
            f"there and {percent(here)} here. The map says what speaks against it; to see what "
            "speaks for it, choose another baseline."
        )
    return found
