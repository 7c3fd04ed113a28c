"""What was found beside what is known: points on a diagonal, lists of bars, means with cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.palette import GREY, OPPOSE, QUIET, STRENGTH, SUPPORT, calm
from explainers.figures.text.labels import finite, number, safe, wrapped

ROOM = 1.06


def against_known(
    found: np.ndarray, known: np.ndarray, names: Sequence[str], height: int = 400
) -> go.Figure:
    """Contributions found (M, F) over the true ones (M, F): equal where a point is on the diagonal.

    Both axes have one range and one scale, so that the diagonal is where it is drawn.
    """
    found, known = finite(found, names), finite(known, names)
    if found.shape != known.shape or found.ndim != 2:
        raise Problem(
            f"Found and true contributions need one shape (rows, features); got {found.shape} and "
            f"{known.shape}."
        )
    reach = ROOM * (float(max(np.abs(found).max(), np.abs(known).max())) or 1.0)
    figure = go.Figure()
    figure.add_scatter(
        x=[-reach, reach],
        y=[-reach, reach],
        mode="lines",
        name="found = true",
        hoverinfo="skip",
        line={"color": GREY.format(0.9), "width": 1.5, "dash": "dash"},
    )
    across, up = known.ravel(), found.ravel()
    figure.add_scatter(
        x=across,
        y=up,
        mode="markers",
        name="one value of one row",
        customdata=np.tile([safe(name) for name in names], len(found)),
        marker={
            "size": 4,
            "opacity": 0.6,
            "color": np.where(across > 0, SUPPORT, np.where(across < 0, OPPOSE, QUIET)),
        },
        hovertemplate="%{customdata}<br>true %{x:+.3~g}<br>found %{y:+.3~g}<extra></extra>",
    )
    off = float(np.abs(up - across).max())
    calm(
        figure,
        height,
        f"{up.size:,} contributions found, over the true ones. The farthest from the diagonal is "
        f"off by {number(off)}, on axes from {number(-reach)} to {number(reach)}.",
    )
    axis = {"range": [-reach, reach], "fixedrange": True, "nticks": 6, "zeroline": True}
    figure.update_xaxes(title_text="True contribution", constrain="domain", **axis)
    figure.update_yaxes(title_text="Found", scaleanchor="x", constrain="domain", **axis)
    return figure


def side_by_side(
    names: Sequence[str], lists: dict[str, Sequence[float]], what: str, height: int = 230
) -> go.Figure:
    """Lists of amounts (F,) by title, each as bars beside the others on one scale."""
    amounts = [finite(list(values), names) for values in lists.values()]
    end = 1.25 * (max(float(values.max()) for values in amounts) or 1.0)
    titles = [safe(title) for title in lists]
    figure = make_subplots(
        1, len(lists), subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.06
    )
    for column, values in enumerate(amounts, 1):
        figure.add_bar(
            x=values,
            y=list(range(len(values))),
            orientation="h",
            width=0.6,
            row=1,
            col=column,
            marker={"color": STRENGTH if column == 1 else QUIET},
            text=[number(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=[safe(name) for name in names],
            hovertemplate="%{customdata}: %{x:.4~g}<extra></extra>",
        )
    rows.write(figure, [wrapped(name) for name in names], [])
    spoken = "; ".join(
        f"{title}: {', '.join(f'{n} {number(v)}' for n, v in zip(names, values, strict=True))}"
        for title, values in zip(lists, amounts, strict=True)
    )
    calm(figure, height, f"{what}. {spoken}.", top=36)
    figure.update_xaxes(range=[0, end], fixedrange=True, nticks=5, title_text=safe(what))
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5], fixedrange=True, showgrid=False, zeroline=False
    )
    return figure


def means_with_cases(
    names: Sequence[str],
    cases: Sequence[Sequence[float]],
    what: str,
    line: tuple[str, float] | None = None,
    scale: float = 1.0,
    suffix: str = "",
) -> go.Figure:
    """The mean of each row of cases (K, N) as a bar with its cases as dots, the highest on top.

    `line` is a name and an amount that all are held against; amounts are written times `scale`,
    with the suffix: 100 and " %" for shares.
    """
    cases = scale * finite(np.asarray(cases, dtype=np.float64).T, names).T
    mean = cases.mean(1)
    order = np.argsort(-mean, kind="stable")
    labels = [wrapped(names[index]) for index in order]
    numbers = [f"{number(mean[index])}{suffix}" for index in order]
    places = list(range(len(order)))
    figure = go.Figure(
        go.Bar(
            x=mean[order],
            y=places,
            orientation="h",
            width=0.6,
            marker={"color": STRENGTH},
            customdata=[[safe(names[i]), text] for i, text in zip(order, numbers, strict=True)],
            hovertemplate="%{customdata[0]}: %{customdata[1]} in the mean<extra></extra>",
        )
    )
    figure.add_scatter(
        x=cases[order].ravel(),
        y=np.repeat(places, cases.shape[1]),
        mode="markers",
        marker={"size": 7, "color": "rgba(0,0,0,0)", "line": {"width": 1.5, "color": QUIET}},
        hovertemplate=f"one case: %{{x:.3~g}}{suffix}<extra></extra>",
    )
    spoken = "; ".join(f"{names[i]} {text}" for i, text in zip(order, numbers, strict=True))
    against = ""
    if line is not None:
        name, amount = line[0], scale * line[1]
        against = f" {name}: {number(amount)}{suffix}."
        figure.add_vline(x=amount, line={"color": GREY.format(1), "width": 2, "dash": "dash"})
        figure.add_annotation(
            x=amount,
            y=1,
            yref="paper",
            yanchor="bottom",
            showarrow=False,
            font={"size": 13},
            text=f"{safe(name)}: {number(amount)}{suffix}",
        )
    right = rows.write(figure, labels, numbers)
    calm(
        figure,
        rows.height(labels) + 100,
        f"{what}, mean of {cases.shape[1]}: {spoken}.{against}",
        right,
        top=28,
    )
    low, high = min(0.0, float(cases.min())), float(cases.max())
    figure.update_xaxes(
        title_text=safe(what),
        range=[ROOM * low, ROOM * high or 1.0],
        fixedrange=True,
        nticks=6,
        ticksuffix=suffix,
    )
    return figure
