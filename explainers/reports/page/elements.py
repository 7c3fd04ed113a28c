"""The main elements of an answer in words, strongest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explainers.figures.sequences import stretches
from explainers.figures.text.labels import number
from explainers.figures.text.words import percent

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation

MOST = 8
_DOWN, _ACROSS = ("upper", "middle", "lower"), ("left", "centre", "right")


def main_elements(explanation: Explanation) -> list[str]:
    """What mattered most, a line each.

    Parameters
    ----------
    explanation : Explanation

    Examples
    --------
    >>> from explainers.reports.explanation import Explanation
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> one = Explanation("table", "deeplift", scores, True, "risk", 2.0, names=("age", "mass"))
    >>> main_elements(one)
    ['age supports: +3', 'mass opposes: −1']
    """
    if explanation.kind == "table":
        names, values, scores = explanation.bars
        told = [f"{n} = {v}" if v else n for n, v in zip(names, values, strict=True)]
        return _strongest(told, scores, explanation.signed)
    heat = explanation.heat
    if explanation.kind == "series":
        lines = _strongest(list(explanation.names), heat.sum(0), explanation.signed)
        steps = _strongest(list(explanation.steps), heat.sum(1), explanation.signed)
        return [*lines[:4], *(f"at {line}" for line in steps[:4])]
    if explanation.kind == "sequence":
        found = stretches(heat) + stretches(heat, opposing=True)
        places = [
            f"positions {one.start + explanation.start + 1:,} to {one.stop + explanation.start:,}"
            for one in found
        ]
        scores = np.array([one.score for one in found])
        return _strongest(places, scores, explanation.signed) or ["No stretch stands out."]
    if explanation.depth:
        from explainers.reports.pictures.volume import shares

        share = shares(explanation)
        slices = [f"slice {place + 1}" for place in range(explanation.depth)]
        first = [place for place in share.argsort()[::-1][:4] if share[place]]
        lying = [
            f"{percent(float(share[at]))} of the map's strength lies in {slices[at]}"
            for at in first
        ]
        return [*lying, *_areas(heat, explanation.signed)]
    if explanation.kind == "picture":
        return _areas(heat, explanation.signed)
    return []


def _strongest(names: list[str], scores: np.ndarray, signed: bool) -> list[str]:
    order = np.argsort(-np.abs(scores), kind="stable")[:MOST]
    return [f"{names[i]} {_does(float(scores[i]), signed)}" for i in order if scores[i]]


def _does(score: float, signed: bool) -> str:
    if not signed:
        return f"has strength {number(score)}"
    return f"{'supports' if score > 0 else 'opposes'}: {number(score, sign=True)}"


def _areas(heat: np.ndarray, signed: bool) -> list[str]:
    """Ninths of the picture with their share of what supports, or attracts attention."""
    support = np.clip(heat, 0, None)
    if not support.any():
        return ["Nothing supports it, compared with the baseline."]
    what = "support" if signed else "attention"
    shares = [
        (float(part.sum() / support.sum()), f"{down} {across}")
        for row, down in zip(np.array_split(support, 3, axis=0), _DOWN, strict=True)
        for part, across in zip(np.array_split(row, 3, axis=1), _ACROSS, strict=True)
    ]
    strongest = [part for part in sorted(shares, reverse=True)[:4] if part[0]]
    return [f"{percent(share)} of the {what} lies in the {place}" for share, place in strongest]
