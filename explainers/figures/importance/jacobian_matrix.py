"""The Jacobian over a data set as a matrix: slopes of outputs by inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.figures.importance.signed_matrix import matrix_of, signed_matrix
from explainers.figures.text.labels import escaped, number

SIGNS = "<br><span style='font-size:12px'>red raises the output, blue lowers it</span>"


def jacobian_matrix(
    outputs: Sequence[str],
    inputs: Sequence[str],
    values: ArrayLike,
    unit: str = "mean slope",
    deviation: ArrayLike | None = None,
    signed: bool = True,
) -> go.Figure:
    """Slopes of outputs (down) by inputs (across), in colours of symmetric limits.

    Parameters
    ----------
    outputs, inputs : sequence of str, length O, F
    values : array_like, shape (O, F)
        Such as the mean slopes over the rows; NaN cells stay empty.
    unit : str
        What the values are.
    deviation : array_like, shape (O, F), optional
        The slopes' standard deviation over the rows, read by hovering.
    signed : bool
        False for sizes, such as root mean squares.

    Raises
    ------
    Problem
        Where shapes do not fit, or nothing is finite.

    Examples
    --------
    >>> figure = jacobian_matrix(["y"], ["rain", "wind"], [[0.5, -2.0]])
    >>> figure.data[0].z.tolist(), figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax
    ([[0.5, -2.0]], -2.0, 2.0)
    >>> figure.layout.meta["alt"]
    'Mean slope of 1 output by 2 inputs. The steepest: y by wind, −2. For y the steepest is wind.'
    """
    slopes = matrix_of(values, outputs, inputs)
    hover = None
    if deviation is not None:
        spread = matrix_of(deviation, outputs, inputs)
        hover = [
            ["" if np.isnan(d) else f"<br>± {number(d)} from row to row" for d in row]
            for row in spread
        ]
    key = f"{_capital(escaped(unit))}{SIGNS if signed else ''}"
    alt = _spoken(outputs, inputs, slopes, unit)
    figure = signed_matrix(outputs, inputs, slopes, key, alt, signed, hover=hover)
    figure.update_yaxes(title_text="Output" if len(outputs) > 1 else None)
    return figure


def _spoken(outputs: Sequence[str], inputs: Sequence[str], slopes: np.ndarray, unit: str) -> str:
    size = np.where(np.isnan(slopes), -1, np.abs(slopes))
    output, steepest = divmod(int(size.argmax()), len(inputs))
    text = (
        f"{_capital(unit)} of {len(outputs)} output{'s' * (len(outputs) > 1)} by {len(inputs)} "
        f"inputs. The steepest: {outputs[output]} by {inputs[steepest]}, "
        f"{number(slopes[output, steepest])}."
    )
    each = [
        f"for {outputs[row]} the steepest is {inputs[int(size[row].argmax())]}"
        for row in range(min(len(outputs), 5))
        if size[row].max() >= 0
    ]
    return f"{text} {_capital('; '.join(each))}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
