"""The charts of a run on sheets, from the same figures as the screen shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from explainers.figures.many.confidences import confidence_histogram
from explainers.figures.many.confusion import confusion_matrix
from explainers.figures.many.places import evidence_places
from explainers.figures.tables import global_bars
from explainers.reports.pictures import chart, matrix
from explainers.reports.pictures.sheet import GRID, Sheet, drawing
from explainers.reports.pictures.words import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from matplotlib.axes import Axes

    from explainers.many.summary.means import Mean
    from explainers.many.summary.summarise import Confusion, Point, Summary

POINTS = 500
"""Of the points, those that are drawn."""


def confusion_sheet(confusion: Confusion) -> Sheet:
    """Labels down, answers across."""
    figure = confusion_matrix(confusion.names, confusion.counts)
    about = f"{confusion.total:,} inputs; down: the label, across: the answer"
    with drawing():
        sheet = _sheet("Labels and answers", about, figure, matrix.matrix_height(figure))
        matrix.draw_matrix(sheet, figure)
    return sheet


def confidence_sheet(summary: Summary) -> Sheet:
    """How sure the network is; wrong answers by themselves, where labels are known."""
    wrong = None if summary.confusion is None else summary.wrong
    figure = confidence_histogram(summary.confidences, wrong)
    with drawing():
        sheet = _sheet("Confidence", f"{summary.confidences.sum():,} answers", figure, 2.3)
        axes = sheet.place(0.9, 0.1, 6.7, 1.6)
        below = np.zeros(len(summary.confidences))
        for trace in figure.data:
            counts = np.asarray(trace.y)
            axes.bar(
                trace.x, counts, trace.width, below, color=trace.marker.color, label=trace.name
            )
            below += counts
        if len(figure.data) > 1:
            axes.legend(frameon=False, fontsize=8.5, loc="upper left")
        _labelled(axes, figure)
    return sheet


def places_sheet(points: Sequence[Point]) -> Sheet:
    """Where the evidence of an even part of the inputs lies."""
    some = points[:: -(-len(points) // POINTS)]
    figure = evidence_places([one.centre for one in some], [one.border for one in some])
    dots, scale = figure.data[0], figure.layout.coloraxis
    with drawing():
        sheet = _sheet("Where the evidence lies", f"{len(some):,} inputs", figure, 5.0)
        axes = sheet.place(0.9, 0.1, 3.8, 3.8)
        colours, norm = matrix.named_colours(scale)
        axes.scatter(
            dots.x,
            dots.y,
            s=14,
            c=dots.marker.color,
            cmap=colours,
            norm=norm,
            edgecolors="#888888",
            linewidths=0.5,
            clip_on=False,
        )
        axes.set_ylim(*figure.layout.yaxis.range)
        _labelled(axes, figure)
        matrix.colour_key(sheet, 0.9, 4.45, scale)
    return sheet


def means_sheet(mean: Mean, columns: Sequence[str], about: str) -> Sheet:
    """Of a table: mean contributions without signs, the strongest column first."""
    unknown = np.full(mean.sizes.shape, np.nan)
    figure = global_bars(columns, mean.sizes, unknown, unknown)
    with drawing():
        sheet = Sheet(
            "Mean |contribution|",
            about,
            "",
            figure.layout.meta["alt"],
            chart.chart_height(figure),
            columns,
        )
        chart.draw_chart(sheet, figure)
    return sheet


def _sheet(headline: str, about: str, figure: go.Figure, height: float) -> Sheet:
    return Sheet(headline, about, "", figure.layout.meta["alt"], height)


def _labelled(axes: Axes, figure: go.Figure) -> None:
    """Titles, per cents and the grid as the figure's."""
    layout = figure.layout
    axes.set_xlim(*layout.xaxis.range)
    for axis, told in ((axes.xaxis, layout.xaxis), (axes.yaxis, layout.yaxis)):
        axis.set_label_text(label(told.title.text or ""), fontsize=9)
        if told.ticksuffix:
            axis.set_major_formatter(lambda value, place: f"{value:.0f} %")
        else:
            axis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
