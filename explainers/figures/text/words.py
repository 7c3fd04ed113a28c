"""The sentence over a heatmap and the completeness check under it, in plain words."""

from __future__ import annotations

import math

import numpy as np

from explainers.checks import localisation
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
    """Where the centre of the positive scores is.

    Parameters
    ----------
    heat : ndarray, shape (H, W)

    Examples
    --------
    >>> position_words(np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]))
    'in the upper left'
    """
    across, down = localisation.centre(heat)
    vertical = "upper" if down < 0.4 else "lower" if down > 0.6 else ""
    horizontal = "left" if across < 0.4 else "right" if across > 0.6 else ""
    if vertical and horizontal:
        return f"in the {vertical} {horizontal}"
    if horizontal:
        return f"on the {horizontal}"
    return f"in the {vertical} part" if vertical else "in the centre"


def picture_sentence(
    heat: np.ndarray,
    about: str,
    what: str,
    regions: dict[str, np.ndarray],
    place: str = "the picture",
) -> str:
    """One sentence on where the positive scores of a picture's heatmap lie.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
    about : str
        The class that is explained.
    what : str
        "support for", "opposition to" or "attention to".
    regions : dict of str to ndarray, shape (H, W)
        Known masks by name ("the sign"), shares from 0 to 1.
    place : str
        What the heatmap covers.

    Examples
    --------
    >>> heat = np.array([[3.0, 0.0], [1.0, 0.0]])
    >>> picture_sentence(heat, "stop", "support for", {"the sign": np.eye(2)})
    '75 % of the support for stop lies on the sign, which covers 50 % of the picture.'
    """
    if not (heat > 0).any():
        return f"There is no {what} {about} in this picture, compared with the baseline."
    if not regions:
        area = localisation.half_area(heat)
        where = position_words(heat)
        return f"Half of the {what} {about} lies on {percent(area)} of {place}, mostly {where}."
    (first, mask), *others = regions.items()
    parts = [
        f"{100 * localisation.relevance_mass(heat, mask):.0f} % of the {what} {about} lies on "
        f"{first}, which covers {100 * mask.mean():.0f} % of {place}"
    ]
    parts += [
        f"{100 * localisation.relevance_mass(heat, mask):.0f} % lies on {name} "
        f"({100 * mask.mean():.0f} %)"
        for name, mask in others
    ]
    return "; ".join(parts) + "."


def receipt(
    about: str,
    answer: str,
    baseline_answer: str,
    facts: Facts,
    complete: bool,
) -> str:
    """What the scores add up to: the answer, the baseline's answer, and the share accounted for.

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

    Examples
    --------
    >>> facts = {"output": 4.0, "baseline_output": 0.0, "gap": -0.005}
    >>> print(receipt("stop", "", "", facts, complete=True))
    contributions add up to 99.5 % of the difference of 4 in score
    """
    parts = []
    if answer:
        parts.append(f"{about} {answer}, on the baseline {baseline_answer}")
    if complete:
        parts.append(_adds_up(facts))
    else:
        parts.append("this method does not promise that its scores add up to the answer")
    return "; ".join(parts)


def _adds_up(facts: Facts) -> str:
    gap, difference = facts["gap"], facts["output"] - facts["baseline_output"]
    if not difference:
        return "input and baseline score the same, so there is no difference to explain"
    if gap is None or not math.isfinite(gap):
        return (
            "contributions are not all finite numbers, so they do not add up to the difference "
            f"of {number(difference, 3)} in score"
        )
    share = f"{100 * (1 + gap):.1f} %".replace("-", "−")
    return f"contributions add up to {share} of the difference of {number(difference, 3)} in score"


def accounted(facts: Facts) -> str:
    """What share of the answer's difference from the baseline the contributions account for."""
    difference = facts["output"] - facts["baseline_output"]
    if not difference:
        return "Input and baseline score the same: there is nothing to account for."
    if not math.isfinite(facts["sum"]):
        return "Its contributions are not all finite numbers, so they account for nothing."
    share = 100 * facts["sum"] / difference
    return f"Its contributions account for {share:.1f} % of the answer.".replace("-", "−")


def gap_is_large(facts: Facts, allowed: float = 0.05) -> bool:
    """Whether a method that promises completeness missed it by more than `allowed`."""
    gap = facts["gap"]
    return gap is not None and math.isfinite(gap) and abs(gap) > allowed


def cost(facts: Facts) -> str:
    """What the explanation took, beyond what was known already."""
    passes = f"{facts['passes']} passes of the network" if facts["passes"] else "No further pass"
    layer = f", read from the layer `{facts['layer']}`" if facts.get("layer") else ""
    return f"{passes}, {facts['seconds']:.2g} s on {facts['device']} ({facts['precision']}){layer}"
