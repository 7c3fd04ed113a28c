"""Interactions of every two inputs, below the diagonal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.importance.signed_matrix import signed_matrix
from explainers.figures.text.labels import escaped, number

SIGNS = "<br><span style='font-size:12px'>red: more together than apart; blue: less</span>"


def interaction_matrix(
    names: Sequence[str],
    values: ArrayLike,
    unit: str = "interaction",
    signed: bool = True,
    error: ArrayLike | None = None,
    most: int = 20,
) -> go.Figure:
    """How much every two inputs do together that neither does alone.

    Each pair is drawn once, below the diagonal; of many inputs those with the strongest pairs.

    Parameters
    ----------
    names : sequence of str, length F
    values : array_like, shape (F, F)
        Symmetric; the diagonal is not drawn. NaN pairs stay empty.
    unit : str
        What the values are.
    signed : bool
        Whether values may be below 0.
    error : array_like, shape (F, F), optional
        Standard errors, read by hovering.
    most : int
        How many inputs are shown; the axis says of how many.

    Raises
    ------
    Problem
        For fewer than two inputs, shapes that do not fit, or a matrix that is not symmetric.

    Examples
    --------
    >>> figure = interaction_matrix(["a", "b"], [[1.0, 3.0], [3.0, 0.0]])
    >>> figure.data[0].z.tolist(), figure.layout.yaxis.ticktext, figure.layout.xaxis.ticktext
    ([[3.0]], ('b',), ('a',))
    >>> figure.layout.meta["alt"]
    'Interactions (interaction) of 2 inputs. The strongest pair: b with a, 3.'
    """
    pairs = np.asarray(values, dtype=np.float64)
    if len(names) < 2 or pairs.shape != (len(names), len(names)):
        raise Problem(
            "Interactions need at least two inputs and a square matrix; got "
            f"{len(names)} and {pairs.shape}."
        )
    if not np.allclose(pairs, pairs.T, rtol=1e-6, atol=1e-12, equal_nan=True):
        raise Problem("A matrix of interactions is symmetric; this one is not.")
    size = np.where(np.isfinite(pairs), np.abs(pairs), 0.0)
    np.fill_diagonal(size, 0)
    kept = np.sort(np.argsort(-size.max(0), kind="stable")[: max(2, most)])
    lower = np.where(np.tri(len(kept), k=-1, dtype=bool), pairs[np.ix_(kept, kept)], np.nan)
    shown = [names[index] for index in kept]
    hover = None
    if error is not None:
        errors = np.asarray(error, dtype=np.float64)[np.ix_(kept, kept)][1:, :-1]
        hover = [[f" ± {number(e)}" if np.isfinite(e) and e else "" for e in r] for r in errors]
    figure = signed_matrix(
        shown[1:],
        shown[:-1],
        lower[1:, :-1],
        f"{unit[:1].upper()}{escaped(unit[1:])}{SIGNS if signed else ''}",
        _spoken(names, pairs, unit),
        signed,
        hover=hover,
    )
    if len(kept) < len(names):
        figure.update_yaxes(title_text=f"{len(kept)} of {len(names)} inputs")
    return figure


def _spoken(names: Sequence[str], pairs: np.ndarray, unit: str) -> str:
    low = np.where(np.tri(len(names), k=-1, dtype=bool) & np.isfinite(pairs), np.abs(pairs), -1)
    text = f"Interactions ({unit}) of {len(names)} inputs."
    order = [int(place) for place in np.argsort(-low, axis=None, kind="stable")[:3]]
    best = [divmod(place, len(names)) for place in order if low.flat[place] > 0]
    if not best:
        return f"{text} No two inputs interact."
    first, *others = [f"{names[i]} with {names[j]}, {number(pairs[i, j])}" for i, j in best]
    then = f"; then {'; '.join(others)}" if others else ""
    return f"{text} The strongest pair: {first}{then}."
