"""Pictures of the whole table: agreement of methods, slopes, lags, and the network itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.figures.importance.jacobian_matrix import jacobian_matrix
from explainers.figures.importance.lag_importance import lag_importance
from explainers.figures.importance.method_agreement import method_agreement
from explainers.figures.importance.network_diagram import network_diagram
from explainers.figures.importance.slopes import slope_spread
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from pages.ranking import notes
from pages.ranking.lines import lines
from pages.state import address
from pages.viewers.chart import chart


def agreement(table: StoredTable) -> None:
    """How far every two methods agree on the order."""
    drawn = lines(table)
    figure = method_agreement([line.label for line in drawn], [line.rank for line in drawn])
    st.caption(
        "No method is the right one: they ask different questions. Where they disagree, see what "
        "each of them asks, above."
    )
    with st.container(key="wide_agreement"):
        chart(figure, figure.layout.meta["alt"], "agreement")


def slopes(table: StoredTable, outputs: Sequence[str]) -> None:
    """The mean slope of every input against how it varies from row to row."""
    details = table.details["jacobian"]
    mean, spread = np.asarray(details["mean"]), np.asarray(details["sd"])
    scaled, rms = np.asarray(details["scaled"]), np.asarray(details["rms"])
    size = np.divide(scaled, rms, out=np.ones_like(rms), where=rms > 0)
    st.markdown("In standard deviations of each input, so that inputs of other units compare.")
    figure = slope_spread(table.names, mean * size, spread * size, "slope per standard deviation")
    chart(figure, figure.layout.meta["alt"], "slopes")
    st.caption(
        "To the right an input raises the output, to the left it lowers it. High up, its slope "
        "depends on the row: there the network is not linear. At the origin it does nothing."
    )
    of_outputs = details.get("mean_of_outputs")
    if of_outputs is not None and np.shape(of_outputs) == (len(outputs), len(table.names)):
        st.markdown("**Every output by every input**")
        matrix = jacobian_matrix(
            outputs,
            table.names,
            np.asarray(of_outputs) * size,
            "mean slope per standard deviation",
        )
        with st.container(key="wide_jacobian"):
            chart(matrix, matrix.layout.meta["alt"], "jacobian")


def with_lags(table: StoredTable) -> list[str]:
    """The methods that tell, of series, how far back each variable is looked at."""
    return [key for key in table.methods if "lags" in table.details.get(key, {})]


def lags(table: StoredTable) -> None:
    """How far back each variable is looked at."""
    known = with_lags(table)
    method = address.select(
        st.selectbox,
        "lags_by",
        known,
        known[0],
        label="Method",
        format_func=lambda key: IMPORTANCE[key].name,
    )
    found = table.details[method]["lags"]
    figure = lag_importance(
        table.names,
        found["values"],
        found.get("low"),
        found.get("high"),
        notes.unit_of(table, method),
    )
    chart(figure, figure.layout.meta["alt"], f"lags_{method}")
    st.caption("Lag 0 is the last step of a series.")


def network(answer: Answer, columns: Sequence[str], outputs: Sequence[str]) -> None:
    """The network's units and weights."""
    facts, arrays = answer[0]["diagram"], answer[1]
    layers = arrays["diagram/layers"]
    names, last = list(facts["names"]), layers.max()
    for given, layer in ((columns, 0), (outputs, last)):
        places = np.flatnonzero(layers == layer)
        if len(places) == len(given):
            for place, name in zip(places, given, strict=True):
                names[place] = name
    figure = network_diagram(
        names,
        layers,
        arrays["diagram/starts"],
        arrays["diagram/ends"],
        arrays["diagram/weights"],
        facts["states"],
        activations=facts["activations"],
    )
    with st.container(key="wide_network"):
        chart(figure, figure.layout.meta["alt"], "network")
    st.caption(
        "Weights show how the network is built, not what it does with the data: the methods that "
        "ask the network for its answers do. Those of the inputs are for one unit of each, so an "
        "input that varies little has wide lines."
    )
