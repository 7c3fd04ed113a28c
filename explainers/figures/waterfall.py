"""The waterfall: from the baseline's output to the output, one contribution at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.figures import rows
from explainers.figures.palette import GREY, KEY, QUIET, calm, ink
from explainers.figures.text.labels import finite, number, safe, shown, wrapped
from explainers.figures.text.sentences import spoken_table

INVISIBLE = 1e-3
"""A gap below this share of the chart's width is narrower than a pixel."""


def waterfall(
    names: Sequence[str],
    values: Sequence,
    scores: np.ndarray,
    output: float,
    baseline_output: float,
    about: str,
    most: int = 10,
) -> go.Figure:
    """How the contributions (F,) lead from the baseline's output down to the output for `about`.

    The strongest come first, those beyond the `most` strongest are one bar of their sum. What the
    contributions leave open is a hatched grey bar. `values` (F,) are text or numbers, NaN is
    missing. After Lundberg & Lee's waterfall plots.
    """
    scores = finite(scores, names)
    shown_first, others = rows.strongest(scores, most)
    texts = [shown(value) for value in values]
    labels = [wrapped(names[i], texts[i]) for i in shown_first]
    full = [f"{safe(names[i])} = {safe(texts[i])}" for i in shown_first]
    steps = [float(scores[i]) for i in shown_first]
    if len(others):
        hidden = scores[others]
        labels.append(f"{len(others)} others")
        full.append(f"{len(others)} others: {parts(hidden)}")
        steps.append(float(hidden.sum()))
    stops = baseline_output + np.concatenate([[0.0], np.cumsum(steps)])
    gap = float(output - stops[-1])
    if abs(gap) > INVISIBLE * np.ptp([*stops, output]):
        labels.append("not accounted for")
        full.append("not accounted for by the contributions")
        steps.append(gap)
        stops = np.append(stops, output)
        open_end = len(steps) - 1
    else:
        open_end = None
    figure = go.Figure()
    _links(figure, stops)
    figure.add_bar(
        base=stops[:-1].tolist(),
        x=steps,
        y=list(range(1, len(steps) + 1)),
        orientation="h",
        width=0.66,
        marker={
            "color": [QUIET if i == open_end else ink(step) for i, step in enumerate(steps)],
            "pattern": {"shape": ["/" if i == open_end else "" for i in range(len(steps))]},
            "line": {"width": 0},
        },
        customdata=[
            [name, number(step, sign=True), number(start, 4), number(end, 4)]
            for name, step, start, end in zip(full, steps, stops, stops[1:], strict=False)
        ],
        hovertemplate="%{customdata[0]}<br>contribution %{customdata[1]}"
        "<br>from %{customdata[2]} to %{customdata[3]}<extra></extra>",
    )
    ends = [float(baseline_output), float(output)]
    figure.add_scatter(
        x=ends,
        y=[0, len(steps) + 1],
        mode="markers",
        text=["baseline", "output"],
        marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": QUIET}},
        hovertemplate="%{text}: %{x:.4~g}<extra></extra>",
        cliponaxis=False,
    )
    labels = ["baseline", *labels, "output"]
    numbers = [number(step, sign=True) for step in steps]
    right = rows.write(figure, labels, [number(ends[0], 4), *numbers, number(ends[1], 4)])
    calm(
        figure,
        rows.height(labels) + 100,
        f"From {number(ends[0], 4)} on the baseline to {number(ends[1], 4)} for {about}. "
        + spoken_table(names, values, scores),
        right,
    )
    figure.update_xaxes(
        title_text=f"Score of {wrapped(about, width=26)}{KEY}",
        zeroline=False,
        fixedrange=True,
        nticks=6,
    )
    figure.update_yaxes(title_text="Feature")
    return figure


def parts(hidden: np.ndarray) -> str:
    """What a sum of hidden contributions is made of, so that none cancels another unseen."""
    support, oppose = hidden[hidden > 0].sum(), hidden[hidden < 0].sum()
    return f"{number(support, sign=True)} and {number(oppose)}"


def _links(figure: go.Figure, stops: np.ndarray) -> None:
    across = [x for stop in stops for x in (float(stop), float(stop), None)]
    down = [y for row in range(len(stops)) for y in (row + 0.33, row + 0.67, None)]
    figure.add_scatter(
        x=across,
        y=down,
        mode="lines",
        line={"color": GREY.format(0.7), "width": 1},
        hoverinfo="skip",
    )
