"""Whether hiding and revealing speak for a map: more than for random orders."""

from __future__ import annotations

ROUNDING = 1e-6
"""Of the larger area: a difference below it is none."""


def beats_chance(deletion: float, insertion: float, chance: float) -> bool:
    """Whether a map finds what matters better than random orders do.

    Parameters
    ----------
    deletion, insertion : float
        Areas under the map's curves.
    chance : float
        Insertion area less deletion area, the mean over random orders.

    Returns
    -------
    bool
        A map that knows nothing does so in about half of all inputs.

    References
    ----------
    Petsiuk, Das & Saenko 2018, arXiv:1806.07421.

    Examples
    --------
    >>> beats_chance(0.2, 0.7, 0.1), beats_chance(0.5, 0.5 + 1e-9, 0.0)
    (True, False)
    """
    largest = max(abs(deletion), abs(insertion), 1e-12)
    return insertion - deletion - chance > ROUNDING * largest
