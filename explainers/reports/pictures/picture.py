"""The picture of an explanation of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explainers.errors import Problem
from explainers.figures.colours import colour_limit
from explainers.methods import METHODS
from explainers.reports.pictures import chart, logo, photo, volume
from explainers.reports.pictures.sheet import Sheet, drawing, legend
from explainers.reports.pictures.words import plain
from explainers.reports.sentence import alt_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from explainers.reports.explanation import Explanation

LINES = ("table", "series", "sequence")
"""Kinds that are drawn by lines, and so also as SVG and PDF."""


def picture(explanation: Explanation) -> Sheet:
    """The explanation's picture with headline, legend, scale, caption and alternative text.

    Of a volume it is all slices; `volume.slice_of` makes a picture of one.

    Parameters
    ----------
    explanation : Explanation

    Returns
    -------
    Sheet
        A matplotlib Figure.

    Raises
    ------
    Problem
        For what is no picture, table, series or DNA.

    Examples
    --------
    >>> import numpy as np
    >>> from explainers.reports.explanation import Explanation
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> one = Explanation("table", "saliency", scores, True, "risk", 2.0, names=("age", "mass"))
    >>> picture(one).file("png")[1:4]
    b'PNG'
    """
    if explanation.kind not in (*LINES, "picture"):
        raise Problem(
            f"Scores of the shape {explanation.scores.shape} have no picture; there is one of a "
            "picture, a table's row, a series and DNA. Save the numbers: answer.save('….npz')."
        )
    of = f"{explanation.method_name} for {explanation.about}, {explanation.title}"
    words = (
        plain(explanation.sentence) or f"What mattered for {explanation.about}",
        of + (f"; {volume.told(explanation)}" if explanation.depth else _view(explanation)),
        caption(explanation),
        alt_text(explanation),
    )
    with drawing():
        if explanation.depth:
            height = volume.height_of(explanation)
            sheet = Sheet(*words, height + 0.45)
            volume.draw(sheet, explanation)
            limit = volume.common_limit(explanation)
            legend(sheet, 0.35, height + 0.1, limit, explanation.signed, _unit(explanation))
        elif explanation.kind == "picture":
            height = photo.height_of(explanation)
            sheet = Sheet(*words, height + 0.45)
            photo.draw(sheet, explanation)
            limit = explanation.limit or colour_limit(explanation.shown_heat)
            legend(sheet, 0.35, height + 0.1, limit, explanation.signed, _unit(explanation))
        elif explanation.kind == "sequence":
            sheet = Sheet(*words, logo.height_of(explanation))
            logo.draw(sheet, explanation)
        else:
            figure = _table(explanation) if explanation.kind == "table" else _series(explanation)
            features = [text for one in explanation.features for text in (one.name, one.value)]
            names = [*explanation.names, *explanation.steps, *features]
            sheet = Sheet(*words, chart.chart_height(figure), names)
            chart.draw_chart(sheet, figure)
    return sheet


def caption(explanation: Explanation) -> str:
    """What stands under the picture: the check, and what the method was asked."""
    said = plain(explanation.check)
    said = said[:1].upper() + said[1:]
    if not said and explanation.answer and explanation.baseline_answer:
        said = f"{explanation.answer}, on the baseline {explanation.baseline_answer}"
    if explanation.depth:
        over = (
            "Over each slice its number and its share of the strength; one scale of colours for all"
        )
        said = f"{said}. {over}".removeprefix(". ")
    return f"{said}. Made with Evident.".removeprefix(". ")


def _view(explanation: Explanation) -> str:
    return f"; shown by {explanation.view}" if explanation.view not in ("", "cells") else ""


def _unit(explanation: Explanation) -> str:
    return METHODS[explanation.method].unit if explanation.signed else "strength"


def _table(explanation: Explanation) -> go.Figure:
    from explainers.figures.tables import feature_bars
    from explainers.figures.waterfall import waterfall

    names, values, scores = explanation.bars
    if explanation.limit is not None:  # beside others, bar by bar
        return feature_bars(names, values, scores, explanation.signed, limit=explanation.limit)
    if METHODS[explanation.method].complete and explanation.baseline_output is not None:
        ends = explanation.output, explanation.baseline_output
        return waterfall(names, values, scores, *ends, explanation.about)
    return feature_bars(names, values, scores, explanation.signed)


def _series(explanation: Explanation) -> go.Figure:
    from explainers.figures.series.lines import series_heat

    values, hidden = explanation.input, explanation.input is None
    if values is None:
        values = np.full(explanation.scores.shape, np.nan)
    figure = series_heat(
        explanation.heat,
        values,
        explanation.names,
        explanation.steps,
        explanation.signed,
        unit="contribution" if explanation.signed else "strength",
        limit=explanation.limit,
    )
    # Values that are not told have no scale.
    return figure.update_yaxes(tickvals=[], ticktext=[]) if hidden else figure
