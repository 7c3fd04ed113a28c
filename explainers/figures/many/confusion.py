"""What inputs are filed under by what the network answers: counts, coloured by shares of a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import apply_chart_style, colorscale, colour_key
from explainers.figures.importance.signed_matrix import name_columns
from explainers.figures.text.labels import escaped, shortened, wrapped
from explainers.figures.text.words import percent

ROW, HEADER, KEY = 34, 120, 92
SHOWN = 20
"""Classes that have a row and a column of their own."""
LEVEL = 5
"""Columns up to which names lie level; more stand upright, so that they fit a phone."""


def confusion_matrix(names: Sequence[str], counts: ArrayLike, most: int = SHOWN) -> go.Figure:
    """Labels down, answers across; each cell says how many inputs, its colour the row's share.

    Parameters
    ----------
    names : sequence of str, length K
    counts : array_like, int, shape (K, K)
        Labels × answers, as of `explainers.many.summary.summarise.Confusion`.
    most : int
        Classes that are shown by themselves, those that are confused most often, in the order of
        `names`; the others are one row and one column.

    Raises
    ------
    Problem
        Where shapes do not fit, or nothing was counted.

    Examples
    --------
    >>> figure = confusion_matrix(["stop", "yield"], [[9, 1], [0, 5]])
    >>> figure.data[0].text, figure.data[0].z.tolist()
    ((['9', '1'], ['', '5']), [[0.9, 0.1], [0.0, 1.0]])
    >>> print(figure.layout.meta["alt"])
    15 inputs of 2 classes; 1 is answered with another class than its label. Most often: 1 of
    “stop” answered “yield”.
    """
    whole = np.asarray(counts, np.int64)
    if whole.shape != (len(names), len(names)) or not whole.any() or (whole < 0).any():
        raise Problem(
            f"{len(names)} classes need a table of counts of that many rows and columns, with at "
            f"least one input; got the shape {whole.shape}."
        )
    shown, cells = _gathered(names, whole, most)
    sums = cells.sum(1, keepdims=True)
    shares = cells / np.maximum(sums, 1)
    figure = go.Figure(
        go.Heatmap(
            x=list(range(len(shown))),
            y=list(range(len(shown))),
            z=shares,
            coloraxis="coloraxis",
            xgap=1,
            ygap=1,
            text=[[f"{count:,}" if count else "" for count in line] for line in cells.tolist()],
            texttemplate="%{text}",
            textfont={"size": 12 if len(shown) <= 8 else 10},
            customdata=[
                [
                    [escaped(label), escaped(said), f"{count:,} of {of:,}", percent(share)]
                    for said, count, share in zip(shown, line, part, strict=True)
                ]
                for label, line, part, (of,) in zip(
                    shown, cells.tolist(), shares.tolist(), sums.tolist(), strict=True
                )
            ],
            hovertemplate="filed under %{customdata[0]}<br>answered %{customdata[1]}: "
            "%{customdata[2]}, %{customdata[3]}<extra></extra>",
        )
    )
    labels = [wrapped(shortened(name, 28), width=15) for name in shown]
    plot = max(ROW * len(labels), rows.height_of(labels))
    rows.label_rows(figure, labels, [])
    apply_chart_style(figure, plot + HEADER + KEY, _spoken(names, whole), top=12)
    name_columns(figure, [shortened(name, 18) for name in shown], upright=len(shown) > LEVEL)
    key = "Share of the inputs with that label<br><span style='font-size:12px'>down: the label; "
    key += "across: the answer</span>"
    ticks = {0.0: "0 %", 0.5: "50 %", 1.0: "100 %"}
    colour_key(figure, key, colorscale(signed=False), ticks, -8 / plot)
    return figure


def _gathered(names: Sequence[str], counts: np.ndarray, most: int) -> tuple[list[str], np.ndarray]:
    """Names and counts of the classes that are shown, the others' together last."""
    if len(names) <= most:
        return list(names), counts
    off = counts - np.diag(np.diag(counts))
    confused = off.sum(0) + off.sum(1)
    order = np.lexsort((-counts.sum(1), -confused))[: most - 1]
    place = np.full(len(names), most - 1)
    place[np.sort(order)] = np.arange(most - 1)
    gathered = np.zeros((most, most), np.int64)
    np.add.at(gathered, (place[:, None], place[None]), counts)
    shown = [names[k] for k in np.sort(order)]
    return [*shown, f"{len(names) - most + 1} others"], gathered


def _spoken(names: Sequence[str], counts: np.ndarray) -> str:
    total, wrong = int(counts.sum()), int(counts.sum() - np.trace(counts))
    verb = "is answered with another class than its label"
    if wrong != 1:
        verb = "are answered with another class than their label"
    text = f"{total:,} inputs of {len(names)} classes; {f'{wrong:,}' if wrong else 'none'} {verb}."
    if not wrong:
        return text.replace("none are", "none is").replace("their label", "its label")
    off = counts - np.diag(np.diag(counts))
    label, said = divmod(int(off.argmax()), len(names))
    return f"{text} Most often: {int(off.max()):,} of “{names[label]}” answered “{names[said]}”."
