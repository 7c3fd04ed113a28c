"""The sentence over a map and the receipt under it, in plain words."""

from __future__ import annotations

import math

import numpy as np

from explainers.checks import localisation


def percent(share: float) -> str:
    """A share as per cent: one decimal between 0.1 % and 99.9 %, never rounded up to certainty."""
    value = 100 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100:
        return "> 99.9 %"
    return f"{value:.1f} %"


def number(value: float) -> str:
    """A number with four digits and a real minus sign."""
    return f"{value:,.4g}".replace("-", "−")


def where(heat: np.ndarray) -> str:
    """Where the middle of the positive scores is, such as "in the upper left"."""
    across, down = localisation.centre(heat)
    vertical = "upper" if down < 0.4 else "lower" if down > 0.6 else ""
    horizontal = "left" if across < 0.4 else "right" if across > 0.6 else ""
    if vertical and horizontal:
        return f"in the {vertical} {horizontal}"
    if horizontal:
        return f"on the {horizontal}"
    return f"in the {vertical} part" if vertical else "in the centre"


def sentence(
    heat: np.ndarray,
    about: str,
    what: str,
    regions: dict[str, np.ndarray],
    place: str = "the picture",
) -> str:
    """One sentence on where the positive scores of `heat` (H, W) lie.

    `what` is "support for", "opposition to" or "attention to", `about` the class; `regions` are
    known masks by name ("the sign"), shares from 0 to 1 like `heat`; `place` is what is covered.
    """
    if not (heat > 0).any():
        return f"There is no {what} {about} in this picture, compared with the baseline."
    if not regions:
        area = localisation.half_area(heat)
        return (
            f"Half of the {what} {about} lies on {percent(area)} of {place}, mostly {where(heat)}."
        )
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
    facts: dict,
    complete: bool,
) -> str:
    """What the map adds up to: the answer, the baseline's answer, and the share accounted for.

    The answers are in words; "" where the question has none.
    """
    parts = []
    if answer:
        parts.append(f"{about} {answer}, on the baseline {baseline_answer}")
    if complete:
        parts.append(_adds_up(facts))
    else:
        parts.append("this method does not promise that its scores add up to the answer")
    return "; ".join(parts)


def _adds_up(facts: dict) -> str:
    gap, difference = facts["gap"], facts["output"] - facts["baseline_output"]
    if gap is None or not math.isfinite(gap):
        return "input and baseline score the same, so there is no difference to explain"
    share = 100 * (1 + gap)
    text = f"contributions add up to {share:.1f} % of the difference of {difference:.3g} in score"
    return text.replace("-", "−")


def accounted(facts: dict) -> str:
    """What share of the answer's difference from the baseline the contributions account for."""
    difference = facts["output"] - facts["baseline_output"]
    if not difference:
        return "Input and baseline score the same: there is nothing to account for."
    share = 100 * facts["sum"] / difference
    return f"Its contributions account for {share:.1f} % of the answer.".replace("-", "−")


def gap_is_large(facts: dict, allowed: float = 0.05) -> bool:
    """Whether a method that promises completeness missed it by more than `allowed`."""
    gap = facts["gap"]
    return gap is not None and math.isfinite(gap) and abs(gap) > allowed


def cost(facts: dict) -> str:
    """What the explanation took, beyond what was known already."""
    passes = f"{facts['passes']} passes of the network" if facts["passes"] else "No further pass"
    return f"{passes}, {facts['seconds']:.2g} s on {facts['device']} ({facts['precision']})"
