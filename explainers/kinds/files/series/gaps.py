"""Gaps in series: filled by straight lines in time, and said."""

from __future__ import annotations

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import label, listed


def ends(values: np.ndarray) -> np.ndarray:
    """How long each series is without the missing steps at its end, by which files make them even.

    Parameters
    ----------
    values : ndarray, float64, shape (N, T, V)
        NaN where a value is missing.

    Returns
    -------
    ndarray, int64, shape (N,)

    Examples
    --------
    >>> ends(np.array([[[1.0], [np.nan], [3.0], [np.nan]]])).tolist()
    [3]
    """
    there = ~np.isnan(values).all(2)
    return np.where(there.any(1), values.shape[1] - there[:, ::-1].argmax(1), 0).astype(np.int64)


def filled(
    values: np.ndarray, lengths: np.ndarray, names: list[str], variables: list[str]
) -> tuple[np.ndarray, list[str]]:
    """The series without gaps: straight lines between neighbours in time, at an end the nearest.

    Parameters
    ----------
    values : ndarray, float64, shape (N, T, V)
        NaN where a value is missing; it is changed.
    lengths : ndarray, int64, shape (N,)
        Steps of each series; 0 stands behind its end.
    names, variables : list of str
        Of series and variables, for the sentences.

    Returns
    -------
    values : ndarray, float64, shape (N, T, V)
    notes : list of str

    Raises
    ------
    Problem
        Where a series has no value at all of a variable, or an infinite one.

    Examples
    --------
    >>> gap = np.array([[[1.0], [np.nan], [4.0], [np.nan]]])
    >>> values, notes = filled(gap, np.array([4]), ["a"], ["rain"])
    >>> values[0, :, 0].tolist()
    [1.0, 2.5, 4.0, 4.0]
    """
    inside = np.arange(values.shape[1]) < lengths[:, None]
    values[~inside] = 0.0
    holes = np.isnan(values)
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        series, step, variable = infinite[0]
        raise Problem(
            f'Series "{label(names[series], 60)}", step {step + 1}, variable '
            f'"{label(variables[variable], 60)}": this is infinite; every step of a series needs a '
            "finite number. Mend it and save it again."
        )
    places = np.argwhere(holes.any(1))
    for series, variable in places.tolist():
        row, length = values[series, :, variable], int(lengths[series])
        gap = holes[series, :length, variable]
        if gap.all():
            raise Problem(
                f'Series "{label(names[series], 60)}" has no number at all of the variable '
                f'"{label(variables[variable], 60)}". Leave out that series, or the variable.'
            )
        steps = np.arange(length)
        row[:length][gap] = np.interp(steps[gap], steps[~gap], row[:length][~gap])
    if not len(places):
        return values, []
    longest = max(_longest(holes[series, :, variable]) for series, variable in places.tolist())
    share = 100 * holes.sum() / (inside.sum() * values.shape[2])
    of = listed(variables[at] for at in dict.fromkeys(places[:, 1].tolist()))
    return values, [
        f"{int(holes.sum()):,} missing values ({share:.3g} %) of {of} were filled: by straight "
        "lines between the steps before and after, at the ends by the nearest value. The longest "
        f"gap has {longest:,} step{'s' * (longest != 1)}. The network sees these values as if they "
        "were measured."
    ]


def _longest(gaps: np.ndarray) -> int:
    """The longest run of True."""
    edges = np.flatnonzero(np.diff(np.r_[0, gaps.astype(np.int8), 0]))
    return int((edges[1::2] - edges[::2]).max())
