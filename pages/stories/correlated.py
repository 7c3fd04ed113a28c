"""What mattered where nobody knows the truth, and what correlated measurements can hide."""

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures.tables import global_bars
from explainers.figures.text.labels import number
from explainers.importance.uncertainty.intervals import mean_with_interval
from explainers.kinds import features
from explainers.models.zoo.demos import demos
from explainers.service.tasks import Task
from pages.state import cases
from pages.state.cases import Answer
from pages.stories.examples import METHOD, explain_rows
from pages.viewers.chart import chart

CORRELATED = 0.6
"""Measurements whose correlation is stronger are hidden together."""


def tasks() -> dict[str, Task]:
    """Contributions of all patients; each measurement hidden alone."""
    return {"diabetes all": _every(METHOD), "diabetes alone": _every("ablation")}


def together(answers: dict[str, Answer]) -> tuple[list[str], Task]:
    """Measurements that say nearly the same, and the task that hides them at once."""
    names, values = list(demos()["diabetes"].spec.columns), answers["diabetes alone"][1]["inputs"]
    alike = max(features.correlated_groups(values.astype(np.float64), names, CORRELATED), key=len)
    group = tuple(names.index(name) for name in alike)
    return alike, _every("ablation", options={"groups": (group,)})


def _every(method: str, **fields: Any) -> Task:
    """Every patient's estimate, explained against the mean patient."""
    return explain_rows(
        "diabetes", 1000, method=method, score="output", target=0, baseline="data_mean", **fields
    )


def changes(alone: Answer, at_once: Answer, alike: list[str]) -> dict[str, np.ndarray]:
    """What hiding each of the alike measurements changes, by patient (M,), and all of them."""
    places = [demos()["diabetes"].spec.columns.index(name) for name in alike]
    single = dict(zip(alike, alone[1]["scores"][:, places].T, strict=True))
    return single | {f"all {len(alike)} together": at_once[1]["scores"][:, places].sum(1)}


def section() -> None:
    """Which measurements mattered, and what the correlated ones hide, alone and at once."""
    answers = cases.answers(tasks(), "Explaining patients")
    if answers is None:
        return
    alike, task = together(answers)
    hidden = cases.answers({"diabetes together": task}, "Hiding measurements together")
    if hidden is None:
        return
    names, (_, arrays) = list(demos()["diabetes"].spec.columns), answers["diabetes all"]
    effects = changes(answers["diabetes alone"], hidden["diabetes together"], alike)
    alone = max(np.abs(effects[name]).mean() for name in alike)
    total = np.abs(effects[f"all {len(alike)} together"]).mean()
    left, right = st.columns(2, gap="large")
    effected = np.stack(list(effects.values()), 1)
    end = 1.1 * max(np.abs(scores).mean(0).max() for scores in (arrays["scores"], effected))
    _bars(left, f"What mattered in {len(effected)} patients", names, arrays["scores"], end)
    _bars(right, "Hidden one at a time, or together", list(effects), effected, end)
    st.markdown(
        "There is no truth to compare with; the whiskers say how sure the means are. Beware of "
        f"the {len(alike)} blood measures on the right: they are correlated, so each tells in part "
        f"what the others tell. Hidden alone, the strongest moves the estimate by {number(alone)}; "
        f"all together, by **{number(total)}**. A short bar may only mean that others say it too."
    )


def _bars(
    column: DeltaGenerator, title: str, names: list[str], scores: np.ndarray, end: float
) -> None:
    """Means of |score| with intervals, on an axis that ends at `end`."""
    mean, low, high = mean_with_interval(scores)
    figure = global_bars(names, mean, low, high)
    figure.update_layout(height=420)
    figure.update_xaxes(range=[0, end])
    with column:
        st.markdown(f"### {title}")
        chart(figure, f"{title}. {figure.layout.meta['alt']}", f"truth_{title.split()[0]}")
