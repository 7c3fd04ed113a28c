"""What was found beside the known truth: points on a diagonal, lists of bars, means with cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import GREY, OPPOSE, QUIET, STRENGTH, SUPPORT, apply_chart_style
from explainers.figures.importance.importance_bars import importance_bars
from explainers.figures.text.labels import checked_scores, escaped, number, wrapped

HEADROOM = 1.06
MARK, MARK_WIDTH = 26, 3


def against_known(
    attributed: np.ndarray, known: np.ndarray, names: Sequence[str], height: int = 400
) -> go.Figure:
    """Contributions of a method over the true ones: equal where a point is on the diagonal.

    Both axes have one range and one scale, so that the diagonal is where it is drawn.

    Parameters
    ----------
    attributed, known : ndarray, shape (M, F)
    names : sequence of str, length F
    height : int
        In px.

    Raises
    ------
    Problem
        Where shapes do not fit, or contributions are not finite.
    """
    attributed, known = checked_scores(attributed, names), checked_scores(known, names)
    if attributed.shape != known.shape or attributed.ndim != 2:
        raise Problem(
            "Found and true contributions need one shape (rows, features); got "
            f"{attributed.shape} and {known.shape}."
        )
    reach = HEADROOM * (float(max(np.abs(attributed).max(), np.abs(known).max())) or 1.0)
    figure = go.Figure()
    figure.add_scatter(
        x=[-reach, reach],
        y=[-reach, reach],
        mode="lines",
        name="found = true",
        hoverinfo="skip",
        line={"color": GREY.format(0.9), "width": 1.5, "dash": "dash"},
    )
    across, up = known.ravel(), attributed.ravel()
    figure.add_scatter(
        x=across,
        y=up,
        mode="markers",
        name="one value of one row",
        customdata=np.tile([escaped(name) for name in names], len(attributed)),
        marker={
            "size": 4,
            "opacity": 0.6,
            "color": np.where(across > 0, SUPPORT, np.where(across < 0, OPPOSE, QUIET)),
        },
        hovertemplate="%{customdata}<br>true %{x:+.3~g}<br>found %{y:+.3~g}<extra></extra>",
    )
    off = float(np.abs(up - across).max())
    apply_chart_style(
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
    """Lists of amounts, each as bars beside the others on one scale.

    Parameters
    ----------
    names : sequence of str, length F
    lists : dict of str to sequence of float, length F
        The amounts by the title of their list.
    what : str
        What the amounts are.
    height : int
        In px.
    """
    amounts = [checked_scores(list(values), names) for values in lists.values()]
    end = 1.25 * (max(float(values.max()) for values in amounts) or 1.0)
    titles = [escaped(title) for title in lists]
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
            customdata=[escaped(name) for name in names],
            hovertemplate="%{customdata}: %{x:.4~g}<extra></extra>",
        )
    rows.label_rows(figure, [wrapped(name) for name in names], [])
    spoken = "; ".join(
        f"{title}: {', '.join(f'{n} {number(v)}' for n, v in zip(names, values, strict=True))}"
        for title, values in zip(lists, amounts, strict=True)
    )
    apply_chart_style(figure, height, f"{what}. {spoken}.", top=36)
    figure.update_xaxes(range=[0, end], fixedrange=True, nticks=5, title_text=escaped(what))
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
    """Means as bars with their cases as dots, the highest on top.

    Parameters
    ----------
    names : sequence of str, length K
    cases : sequence of sequences of float, shape (K, N)
        The N cases of each mean.
    what : str
        What the amounts are.
    line : (str, float), optional
        A name and an amount that all are held against.
    scale, suffix : float, str
        Amounts are written times the scale, with the suffix: 100 and " %" for shares.
    """
    amounts = scale * checked_scores(np.asarray(cases, dtype=np.float64).T, names).T
    mean = amounts.mean(1)
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
            customdata=[[escaped(names[i]), text] for i, text in zip(order, numbers, strict=True)],
            hovertemplate="%{customdata[0]}: %{customdata[1]} in the mean<extra></extra>",
        )
    )
    figure.add_scatter(
        x=amounts[order].ravel(),
        y=np.repeat(np.array(places), amounts.shape[1]),
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
            text=f"{escaped(name)}: {number(amount)}{suffix}",
        )
    right = rows.label_rows(figure, labels, numbers)
    apply_chart_style(
        figure,
        rows.height_of(labels) + 100,
        f"{what}, mean of {amounts.shape[1]}: {spoken}.{against}",
        right,
        top=28,
    )
    low, high = min(0.0, float(amounts.min())), float(amounts.max())
    figure.update_xaxes(
        title_text=escaped(what),
        range=[HEADROOM * low, HEADROOM * high or 1.0],
        fixedrange=True,
        nticks=6,
        ticksuffix=suffix,
    )
    return figure


def beside_known(
    names: Sequence[str],
    values: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    known: ArrayLike,
    unit: str,
) -> go.Figure:
    """Sizes found with 95 % intervals, and the true ones as upright marks, the largest on top.

    Parameters
    ----------
    names : sequence of str, length F
    values, low, high, known : array_like, shape (F,)
        0 and more, in one unit.
    unit : str
        What the values are.

    Raises
    ------
    Problem
        Where shapes do not fit, or a true one is not known.

    Examples
    --------
    >>> figure = beside_known(["a", "b"], [1, 3], [0.5, 2], [2, 4], [1.5, 2.5], "share")
    >>> figure.data[-1].x.tolist(), figure.data[-1].y.tolist()
    ([2.5, 1.5], [0, 1])
    >>> figure.layout.meta["alt"]
    'Importance of 2 inputs (share): b 3, 95 % interval 2 to 4; a 1, 0.5 to 2. True: b 2.5; a 1.5.'
    """
    true = np.asarray(known, dtype=np.float64)
    if true.shape != (len(names),) or not np.isfinite(true).all():
        raise Problem(f"{len(names)} inputs need one true value each; got shape {true.shape}.")
    figure = importance_bars(names, values, low, high, unit, False, most=len(names))
    order = np.argsort(-np.abs(np.asarray(values, dtype=np.float64)), kind="stable")
    figure.add_scatter(
        x=true[order],
        y=np.arange(len(order)),
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": MARK,
            "line": {"width": MARK_WIDTH, "color": OPPOSE},
        },
        customdata=[[escaped(names[i]), number(true[i])] for i in order],
        hovertemplate="%{customdata[0]}: true %{customdata[1]}<extra></extra>",
    )
    spoken = "; ".join(f"{names[i]} {number(true[i])}" for i in order)
    figure.layout.meta["alt"] += f" True: {spoken}."
    ends = figure.layout.xaxis.range
    figure.update_xaxes(range=[ends[0], max(ends[1], HEADROOM * float(true.max(initial=0)))])
    return figure
