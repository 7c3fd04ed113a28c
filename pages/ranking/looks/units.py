"""Which neurons matter: slopes of and to the hidden units, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from explainers.figures.importance.network.hidden_units import hidden_units
from explainers.figures.text.sentences import italic_name
from explainers.figures.text.words import percent
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from pages.ranking.question import Question
from pages.state import address
from pages.viewers.chart import chart

MOST_CARRY = 0.8
"""The share of all effect that is said to be of so many units."""
INPUTS, ERROR = "The inputs", "The error, by its weights"


def layers_of(table: StoredTable) -> Mapping[str, Mapping[str, Any]]:
    """What is known of hidden units by layer; {} where nothing is."""
    found: Mapping[str, Mapping[str, Any]] = table.details.get("jacobian", {}).get("units", {})
    return found


def section(question: Question, prediction: Answer, table: StoredTable, output: int) -> None:
    """Draw the choice of a layer, a sentence, and its units."""
    layers = layers_of(table)
    names = sorted(layers, key=lambda name: int(name.rpartition(" ")[2]))
    chosen = names[0]
    if len(names) > 1:
        chosen = address.select(
            st.segmented_control,
            "layer",
            names,
            names[0],
            label="Hidden layer",
            format_func=lambda name: f"{name.capitalize()} ({len(layers[name]['mean'])} units)",
            required=True,
        )
    layer = layers[chosen]
    part, mean = np.asarray(layer["scaled"]), np.asarray(layer["mean"])
    count = len(part)
    features = list(table.names)
    by_feature, unit = np.asarray(layer["by_feature_mean"]), "mean slope of the unit"
    size = _deviations(table)
    if size is not None:
        by_feature, unit = by_feature * size, "mean slope of the unit, a standard deviation of each"
    about = question.names(prediction)[output]
    units = [str(number + 1) for number in range(count)]
    st.markdown(_sentence(units, part, by_feature, features, layer))
    if "loss_by_weights" in layer:
        what = address.select(
            st.segmented_control,
            "unit_slopes",
            [INPUTS, ERROR],
            INPUTS,
            label="Slopes of",
            format_func=lambda way: (
                "each unit by the inputs"
                if way == INPUTS
                else "the mean error by each unit's weights"
            ),
            required=True,
        )
        if what == ERROR and np.shape(layer["loss_by_weights"]) == (count, len(features)):
            by_feature = np.asarray(layer["loss_by_weights"])
            unit = "slope of the mean error by the weight"
    figure = hidden_units(units, features, by_feature, part, mean, unit, about)
    with st.container(key="wide_units"):
        chart(figure, figure.layout.meta["alt"], f"units_{chosen}")
    st.caption(
        f"Left, what moves each unit of {chosen} ({layer['activation']}): mean slopes over the "
        "rows. Right, how much the output moves with it: the root mean square of its slope times "
        "the unit's own standard deviation; red raises the output, blue lowers it."
    )


def _deviations(table: StoredTable) -> np.ndarray | None:
    """Each input's standard deviation, from what scales the slopes; None where none is known."""
    details = table.details["jacobian"]
    scaled, rms = np.asarray(details["scaled"]), np.asarray(details["rms"])
    if scaled.shape != (len(table.names),):
        return None
    return np.divide(scaled, rms, out=np.zeros_like(rms), where=rms > 0)


def _sentence(
    units: list[str],
    part: np.ndarray,
    by_feature: np.ndarray,
    features: list[str],
    layer: Mapping[str, Any],
) -> str:
    idle = int((np.asarray(layer["values_sd"]) == 0).sum())
    still = (
        f" {idle} of {len(units)} never move{'s' if idle == 1 else ''}: the same on every row."
        if idle
        else ""
    )
    if not part.any():
        return f"No unit of this layer moves the output.{still}"
    order = np.argsort(-part, kind="stable")
    share = np.cumsum(part[order]) / part.sum()
    needed = int(np.searchsorted(share, MOST_CARRY)) + 1
    best = int(order[0])
    mover = features[int(np.abs(by_feature[best]).argmax())]
    first = (
        f"Unit {units[best]} moves the output most ({percent(float(part[best] / part.sum()))} of "
        f"all effects of the layer), and {italic_name(mover)} moves it most."
    )
    return f"{first} {needed} of {len(units)} units make {percent(MOST_CARRY)}.{still}"
