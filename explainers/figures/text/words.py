"""The sentence over a heatmap and the completeness check under it, in plain words."""

from __future__ import annotations

import math

import numpy as np

from explainers.checks import localisation
from explainers.figures.text.sides import Side, none_of, other_side, sides
from explainers.kinds import Facts


def percent(share: float) -> str:
    """A share as per cent: one decimal between 0.1 % and 99.9 %, never rounded up to certainty.

    Examples
    --------
    >>> percent(0.1234), percent(0.99999), percent(0.00001)
    ('12.3 %', '> 99.9 %', '< 0.1 %')
    """
    value = 100 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100:
        return "> 99.9 %"
    return f"{value:.1f} %"


def is_share(values: float | np.ndarray) -> bool:
    """Whether numbers lie from 0 to 1, but for rounding, so that they can be shown as per cent.

    Examples
    --------
    >>> is_share(0.4), is_share(np.array([0.4, 1.139]))
    (True, False)
    """
    return bool(((np.asarray(values) >= -1e-4) & (np.asarray(values) <= 1 + 1e-4)).all())


def number(value: float, digits: int = 4) -> str:
    """A number with so many digits, or whole where it has more, and a real minus sign.

    Examples
    --------
    >>> number(-0.123456), number(1234.0), number(351234.5, digits=3), number(1e-9)
    ('−0.1235', '1,234', '351,234', '1e−09')
    """
    whole = 10 ** (digits - 1) <= abs(value) < 1e12
    return (f"{value:,.0f}" if whole else f"{value:,.{digits}g}").replace("-", "−")


def position_words(heat: np.ndarray) -> str:
    """Where most of the positive scores are, or that they are spread.

    The part of the picture that their centre points at must hold more than half of them: two blobs
    in opposite corners are not "in the centre".

    Parameters
    ----------
    heat : ndarray, shape (H, W)

    Examples
    --------
    >>> position_words(np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]))
    'mostly in the upper left'
    >>> position_words(np.eye(9)[::-1])
    'spread over it'
    """
    across, down = localisation.centre(heat)
    vertical = "upper" if down < 0.4 else "lower" if down > 0.6 else ""
    horizontal = "left" if across < 0.4 else "right" if across > 0.6 else ""
    part = np.outer(_band(len(heat), vertical), _band(heat.shape[1], horizontal))
    if vertical and not horizontal:
        part = np.outer(_band(len(heat), vertical), np.ones(heat.shape[1]))
    if horizontal and not vertical:
        part = np.outer(np.ones(len(heat)), _band(heat.shape[1], horizontal))
    if not localisation.relevance_mass(heat, part) > 0.5:
        return "spread over it"
    if vertical and horizontal:
        return f"mostly in the {vertical} {horizontal}"
    if horizontal:
        return f"mostly on the {horizontal}"
    return f"mostly in the {vertical} part" if vertical else "mostly in the centre"


def _band(count: int, side: str) -> np.ndarray:
    """How much of each of so many rows or columns lies in a half of them, by its name.

    "upper" and "left" are the first half, "lower" and "right" the second, "" the middle one.
    """
    start = {"upper": 0.0, "left": 0.0, "lower": 0.5, "right": 0.5}.get(side, 0.25) * count
    places = np.arange(count)
    return np.clip(np.minimum(places + 1, start + count / 2) - np.maximum(places, start), 0, 1)


def picture_sentence(
    heat: np.ndarray,
    about: str,
    what: str,
    regions: dict[str, np.ndarray],
    place: str = "the picture",
) -> str:
    """Where the scores of a picture's heatmap lie: the stronger side first, and the other.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
    about : str
        The class that is explained.
    what : str
        What the scores are; see `sides`.
    regions : dict of str to ndarray, shape (H, W)
        Known masks by name ("the sign"), shares from 0 to 1.
    place : str
        What the heatmap covers.

    Examples
    --------
    >>> heat = np.array([[3.0, -1.0], [1.0, 0.0]])
    >>> print(picture_sentence(heat, "stop", "effect on", {"the sign": np.eye(2)}))
    75 % of the support for stop lies on the sign, which covers 50 % of the picture. The \
opposition is 25 % as strong: 0 % of it lies there.
    """
    found = sides(heat, what)
    if not found:
        return none_of(what, about, "in this picture")
    side = found[0]
    if not regions:
        text = f"Half of the {side.what} {about} lies {_on_half(side, f' of {place}')}."
        return text + other_side(
            found, about, what, lambda other: f"half of it lies {_on_half(other)}"
        )
    (first, mask), *more = regions.items()
    parts = [
        f"{_mass(side, mask)} of the {side.what} {about} lies on {first}, which covers "
        f"{100 * mask.mean():.0f} % of {place}"
    ]
    parts += [
        f"{_mass(side, mask)} lies on {name} ({100 * mask.mean():.0f} %)" for name, mask in more
    ]

    def shares(other: Side) -> str:
        there = [f"{_mass(other, mask)} of it lies there"]
        there += [f"{_mass(other, mask)} on {name}" for name, mask in more]
        return " and ".join(there)

    return "; ".join(parts) + "." + other_side(found, about, what, shares)


def _on_half(side: Side, of: str = "") -> str:
    """The smallest area that holds half of a side, and where that is."""
    area = percent(localisation.half_area(side.amounts))
    return f"on {area}{of}, {position_words(side.amounts)}"


def _mass(side: Side, mask: np.ndarray) -> str:
    return f"{100 * localisation.relevance_mass(side.amounts, mask):.0f} %"


def check(
    about: str,
    answer: str,
    baseline_answer: str,
    facts: Facts,
    complete: bool,
    one: str = "input",
) -> str:
    """The check of completeness: the share of the answer's change that the scores add up to.

    Parameters
    ----------
    about : str
        What is explained.
    answer, baseline_answer : str
        The network's answers in words; "" where the question has none.
    facts : dict
        "output", "baseline_output" (numbers) and "gap" (the completeness gap, or None).
    complete : bool
        Whether the method promises completeness.
    one : str
        What is explained, in a word: "picture".

    Examples
    --------
    >>> facts = {"output": 4.0, "baseline_output": 0.0, "gap": -0.005}
    >>> print(check("stop", "99.8 %", "8.1 %", facts, complete=True, one="picture"))
    the scores add up to 99.5 % of the change in stop from baseline (8.1 %) to picture (99.8 %), \
which is 4 in score
    """
    ends = f"from baseline to {one}"
    if answer:
        ends = f"from baseline ({baseline_answer}) to {one} ({answer})"
    if not complete:
        return (
            f"{about} changes {ends}; this method does not promise that its scores add up to that"
        )
    gap, difference = facts["gap"], facts["output"] - facts["baseline_output"]
    if not difference:
        return f"{one} and baseline have the same score for {about}, so there is nothing to share"
    size = f"which is {number(difference, 3)} in score"
    if gap is None or not math.isfinite(gap):
        return (
            "the scores are not all finite numbers, so they do not add up to the change in "
            f"{about} {ends}, {size}"
        )
    share = f"{100 * (1 + gap):.1f} %".replace("-", "−")
    return f"the scores add up to {share} of the change in {about} {ends}, {size}"


def accounted(facts: Facts, one: str = "input") -> str:
    """What share of the answer's change from the baseline the contributions add up to.

    Examples
    --------
    >>> accounted({"output": 1.0, "baseline_output": 0.0, "sum": 0.05}, "picture")
    'Its scores add up to 5.0 % of the change from baseline to picture.'
    """
    difference = facts["output"] - facts["baseline_output"]
    if not difference:
        return f"Baseline and {one} have the same score: there is no change to add up to."
    if not math.isfinite(facts["sum"]):
        return "Its scores are not all finite numbers, so they add up to nothing."
    share = f"{100 * facts['sum'] / difference:.1f} %".replace("-", "−")
    return f"Its scores add up to {share} of the change from baseline to {one}."


def gap_is_large(facts: Facts, allowed: float = 0.05) -> bool:
    """Whether a method that promises completeness missed it by more than `allowed`."""
    gap = facts["gap"]
    return gap is not None and math.isfinite(gap) and abs(gap) > allowed


def cost(facts: Facts) -> str:
    """What the explanation took, beyond what was known already.

    Examples
    --------
    >>> facts = {"passes": 258, "seconds": 1.5, "device": "cpu", "precision": "float32"}
    >>> print(cost(facts | {"samples_taken": 128, "standard_error": 0.052}))
    258 passes of the network for 128 draws, whose standard error is at most 5.2 % of the \
strongest part, 1.5 s on cpu (float32)
    """
    passes = f"{facts['passes']} passes of the network" if facts["passes"] else "No further pass"
    if draws := facts.get("samples_taken"):
        passes += (
            f" for {draws:,} draws, whose standard error is at most "
            f"{percent(facts['standard_error'])} of the strongest part"
        )
    layer = f", read from the layer `{facts['layer']}`" if facts.get("layer") else ""
    seconds = number(facts["seconds"], 2)
    return f"{passes}, {seconds} s on {facts['device']} ({facts['precision']}){layer}"
