"""A network of a physical system: its slopes beside the true ones, and where a sign is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures.chart_style import QUIET
from explainers.figures.importance.signed_matrix import signed_matrix
from explainers.figures.importance.slopes import slope_scatter
from explainers.figures.text.labels import number
from explainers.figures.text.words import percent
from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.importance import Importance
from pages.state import cases
from pages.stories.importance.asking import PAGE, WAITING, importance, link
from pages.stories.story import Story, Tables
from pages.viewers.chart import chart

if TYPE_CHECKING:
    import plotly.graph_objects as go

KEY, MODEL = "wrong_sign", "lorenz"
SLOPES = "partial_derivatives"
SIGNS = "mean slope<br><span style='font-size:12px'>red raises, blue lowers</span>"


@dataclass(frozen=True)
class Slopes:
    """The slopes of all outputs by all inputs in every state, found and true.

    Attributes
    ----------
    states : ndarray, shape (N, K)
    found, known : ndarray, shape (N, K, K)
        Output by input.
    r2 : float
        How much of the true derivatives the network explains.
    """

    states: np.ndarray
    found: np.ndarray
    known: np.ndarray
    r2: float

    @property
    def own(self) -> np.ndarray:
        """Of each output the slope by its own variable: (N, K)."""
        return np.diagonal(self.found, axis1=1, axis2=2)

    @property
    def violations(self) -> np.ndarray:
        """In which share of the states each variable's own slope is not below 0: (K,)."""
        return (self.own >= 0).mean(0)


def story() -> Story:
    """The question and its three sentences."""
    return Story(
        KEY,
        "Does it make physical sense?",
        (
            "Eight variables on a ring push and damp each other, like weather; a network learned "
            "from a thousand states how fast each of them changes.",
            "The equations are known: every variable damps itself, its own slope is −1 in every "
            "state, and four of the eight have no part in its change.",
            "Its answers are good; whether it got there by the laws of the system, only its slopes "
            "tell.",
        ),
        (),
        link(
            MODEL,
            (SLOPES, "jacobian", "permutation"),
            closer="Plausibility",
            expected=json.dumps(expected()),
        ),
        known=True,
        page=PAGE,
    )


def expected() -> list[dict[str, Any]]:
    """That every variable damps itself, as the page of importance takes it."""
    return [
        {"input": name, "sign": "-", "output": place}
        for place, name in enumerate(demos()[MODEL].spec.columns)
    ]


def tasks() -> dict[str, Importance]:
    """The slopes of each output in every state."""
    return {
        f"{KEY} {output}": importance(MODEL, (SLOPES,), output)
        for output in range(len(demos()[MODEL].outputs))
    }


def derivatives(x: np.ndarray) -> np.ndarray:
    """The true dx/dt of states (N, K)."""
    force = float(demos()[MODEL].card["key"]["force"])
    near, before, far = np.roll(x, -1, 1), np.roll(x, 1, 1), np.roll(x, 2, 1)
    return (near - far) * before - x + force


def jacobian(x: np.ndarray) -> np.ndarray:
    """The true slopes (N, K, K) of dx/dt by x."""
    many = x.shape[1]
    known = np.zeros((len(x), many, many))
    for place in range(many):
        after, before, far = (place + 1) % many, (place - 1) % many, (place - 2) % many
        known[:, place, place] = -1
        known[:, place, after] = x[:, before]
        known[:, place, far] = -x[:, before]
        known[:, place, before] = x[:, after] - x[:, far]
    return known


def slopes(answers: dict[str, Answer], said: np.ndarray) -> Slopes:
    """What the answers of `tasks` hold; the network's derivatives (N, K) are `said`."""
    every = [arrays for _, arrays in answers.values()]
    states = every[0][f"details/{SLOPES}/points"].astype(np.float64)
    found = np.stack([arrays[f"details/{SLOPES}/slopes"] for arrays in every], 1)
    true = derivatives(states)
    error, whole = ((said - true) ** 2).sum(), ((true - true.mean(0)) ** 2).sum()
    return Slopes(states, found.astype(np.float64), jacobian(states), float(1 - error / whole))


def section() -> Tables | None:
    """Mean slopes found and true, and the own slope that is wrong most often."""
    asked = tasks()
    rows = next(iter(asked.values())).rows
    every: dict[str, Task] = {**asked, f"{KEY} rows": rows}
    answers = cases.answers(every, WAITING)
    if answers is None:
        return None
    said = answers.pop(f"{KEY} rows")[1]["answers"].astype(np.float64)
    found = slopes(answers, said)
    columns, outputs = demos()[MODEL].spec.columns, demos()[MODEL].outputs
    means = {"By the equations": found.known.mean(0), "By the network": found.found.mean(0)}
    limit = max(float(np.abs(mean).max()) for mean in means.values())
    charts = {}
    for column, (title, mean) in zip(st.columns(2, gap="large"), means.items(), strict=True):
        charts[title] = _matrix(column, title, outputs, columns, mean, limit)
    worst = int(found.violations.argmax())
    left, right = st.columns([5, 4], gap="large", vertical_alignment="center")
    figure = slope_scatter(
        columns[worst], found.states[:, worst], found.own[:, worst], None, outputs[worst]
    )
    figure.add_hline(y=-1, line={"dash": "dash", "width": 2, "color": QUIET})
    with left:
        alt = f"{figure.layout.meta['alt']} By the equations it is −1 everywhere, a dashed line."
        chart(figure, alt, "wrong_sign_own")
    off = np.abs(means["By the network"] - means["By the equations"]).max()
    right.markdown(
        f"Its answers explain {percent(found.r2)} of the true derivatives, and its mean slopes are "
        f"off by {number(float(off), 2)} at most.\n\n"
        f"**Yet in {percent(float(found.violations[worst]))} of {len(found.states)} states the "
        f"own slope of {columns[worst]} has the wrong sign** (it should lie on the dashed line), "
        f"and in {percent(float(found.violations.mean()))} over all variables: there the network "
        "says that a variable feeds itself. A mean over states, or a ranking, does not show it; "
        "say which signs you expect, and look at every row."
    )
    charts[f"The own slope of {columns[worst]}"] = figure
    every_table = (StoredTable.of(*answer) for answer in answers.values())
    return Tables(
        dict(zip(outputs, zip(asked.values(), every_table, strict=True), strict=True)), charts
    )


def _matrix(
    column: DeltaGenerator,
    title: str,
    outputs: tuple[str, ...],
    inputs: tuple[str, ...],
    mean: np.ndarray,
    limit: float,
) -> go.Figure:
    alt = f"{title}, the mean slope of {len(outputs)} derivatives by {len(inputs)} variables."
    figure = signed_matrix(outputs, inputs, mean, SIGNS, alt, limit=limit)
    column.markdown(f"**{title}**")
    with column:
        chart(figure, alt, f"wrong_sign_{title.split()[-1]}")
    return figure
