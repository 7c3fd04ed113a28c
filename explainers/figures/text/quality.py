"""How good a network is on the rows, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from explainers.figures.text.words import number, percent

WEAK = 0.3
"""R² below which a network of numbers is called weak; of classes the same share of the way from the
commonest class to no mistake."""


def quality_sentence(found: Mapping[str, float], rows: int, one: str = "row") -> tuple[str, bool]:
    """What the network's error says, and whether it is too bad for its importance to mean much.

    Parameters
    ----------
    found : mapping
        See `explainers.importance.reliability.quality`.
    rows : int
        How many.
    one : str
        One of them in words.

    Returns
    -------
    sentence : str
        In Markdown.
    bad : bool

    Examples
    --------
    >>> found = {"error": 0.25, "constant_error": 1.0, "r2": 0.75}
    >>> quality_sentence(found, 300)
    ('**How good the network is:** it explains 75.0 % of the truth (R² 0.75) in 300 rows; it is \
off by 0.5 on average (root mean square), saying always the mean by 1.', False)
    >>> found = {"error": 0.6, "constant_error": 0.7, "accuracy": 0.5, "commonest": 0.5}
    >>> quality_sentence(found, 300)[1]
    True
    """
    where = f"in {rows:,} {one if one == 'series' else one + 's'}"
    if "accuracy" in found:
        right, common = found["accuracy"], found["commonest"]
        gained = (right - common) / (1 - common) if common < 1 else 1.0
        said = (
            f"it is right {where} {percent(right)} of the time; saying always the commonest class "
            f"would be right {percent(common)} of it; its cross-entropy is "
            f"{number(found['error'], 3)}, that of the commonest shares "
            f"{number(found['constant_error'], 3)}"
        )
        if "confidence" in found:
            said += (
                f"; it is {percent(found['confidence'])} sure on average (calibration error "
                f"{percent(found['calibration_error'])})"
            )
    elif "r2" not in found:
        gained = 0.0
        said = (
            f"the truth is one and the same number {where}, so R² cannot be told; it is off by "
            f"{number(found['error'] ** 0.5, 3)} on average (root mean square)"
        )
    else:
        gained = found["r2"]
        root, constant = found["error"] ** 0.5, found["constant_error"] ** 0.5
        share = percent(gained) if gained > 0 else "nothing"
        said = (
            f"it explains {share} of the truth (R² {number(gained, 3)}) {where}; it is off by "
            f"{number(root, 3)} on average (root mean square), saying always the mean by "
            f"{number(constant, 3)}"
        )
    bad = gained < WEAK
    often = "not tested" if {"r2", "accuracy"}.isdisjoint(found) else "so often wrong"
    more = f" What matters to a network that is {often} says little about the world." * bad
    return f"**How good the network is:** {said}.{more}", bad
