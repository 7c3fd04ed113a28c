"""Equations that hold between methods on any network, checked live on this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explainers.figures.importance.identities import SIDES, identity_sides
from explainers.figures.text.sentences import escape_markdown
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from pages.ranking import cost
from pages.state import address, cases, progress
from pages.viewers.chart import chart


def section(prediction: Answer, asked: Importance) -> None:
    """Draw each identity, whether it holds within its random error, and both of its sides."""
    st.markdown(
        "Different methods must agree in certain ways on **any** network. Each side is measured on "
        "draws of its own, so that a mistake in either shows."
    )
    task = asked.replace(methods=("sobol",), options={"sobol": _options(asked)})
    evaluations = sum(task.costs(prediction[0]["rows"], prediction[0]["columns"]).values())
    seconds = cost.seconds_of([evaluations], prediction[0])
    key = f"receipts_{task.digest()[:16]}"
    if not cases.may_run(seconds, key):
        cases.offer("Check them", evaluations, seconds, key)
        return
    answer = progress.finished(task, "receipts")
    if answer is None:
        return
    table = StoredTable.of(*answer)
    if "sobol" not in table.methods:
        st.info(" ".join(map(escape_markdown, table.notes)))
        return
    found = table.details["sobol"]["identities"]
    _identities([found[place] for place in sorted(found, key=int)], table.names)


def _options(asked: Importance) -> dict[str, Any]:
    """Sobol's own as they were chosen, with the check."""
    return {**asked.options.get("sobol", {}), "check": True}


def _identities(found: list[Mapping[str, Any]], names: tuple[str, ...]) -> None:
    broken = [one for one in found if not one["holds"]]
    count = len(found)
    st.markdown(
        f"#### All {count} hold, within the random error"
        if not broken
        else f"#### {len(broken)} of {count} do{'es' * (len(broken) == 1)} not hold"
    )
    for one in found:
        mark = ":green[:material/check:]" if one["holds"] else ":red[:material/close:]"
        st.markdown(f"{mark} {escape_markdown(one['sentence'])}")
    keys = [one["key"] for one in found]
    chosen = address.select(
        st.segmented_control,
        "receipt",
        keys,
        (broken or found)[0]["key"],
        label="Both sides of",
        format_func=lambda key: SIDES[key].title,
        required=True,
    )
    one = found[keys.index(chosen)]
    of = ["their sum"] if chosen == "shapley_sum" else list(names)
    figure = identity_sides(chosen, one["relation"], of, one["left"], one["right"], one["error"])
    chart(figure, figure.layout.meta["alt"], f"receipt_{chosen}")
    st.caption(
        "Inputs are drawn independently of each other, from the data's own values; for what slopes "
        "allow, evenly over their ranges. One that holds is called broken once in 10,000 times."
    )
