"""What the methods will take: quick ones run at once, slow ones when somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.kinds import Facts
from explainers.service.tasks.importance import Importance
from pages.state import cases

SECONDS_UNASKED = 30.0
"""What takes longer is run only when somebody asks for it. It is more than elsewhere, since a first
table stands at once and grows, and can be cancelled."""
FIRST = "permutation"
"""What most people know is run in any case."""
SHARE_OF_METHODS, SECONDS_OF_A_METHOD = 1.5, 0.3
"""What methods take beside the passes themselves, as was measured: a share, and each by itself."""


def affordable(task: Importance, facts: Facts) -> Importance:
    """The task with the methods that may run now: all of them, or those that are quick.

    Parameters
    ----------
    task : Importance
    facts : dict
        Of the answer of its rows.
    """
    costs = task.costs(facts["rows"], facts["columns"])
    if seconds_of(list(costs.values()), facts) <= SECONDS_UNASKED or cases.was_asked_for(
        _key(task)
    ):
        return task
    quick = list[str]()
    for key in sorted(costs, key=lambda key: (key != FIRST, costs[key])):
        spent = [costs[each] for each in (*quick, key)]
        if not quick or seconds_of(spent, facts) <= SECONDS_UNASKED:
            quick.append(key)
    return task.replace(methods=tuple(key for key in task.asked if key in quick))


def tell(task: Importance, facts: Facts) -> None:
    """Draw what the methods that run now take, before they do."""
    evaluations = list(task.costs(facts["rows"], facts["columns"]).values())
    st.caption(
        f"About {sum(evaluations):,} evaluations of the network, "
        f"{cases.duration(max(1.0, seconds_of(evaluations, facts)))}."
    )


def offer_rest(whole: Importance, facts: Facts, ran: Importance) -> None:
    """Draw what the methods took or would take, and the button that runs the slow ones."""
    costs = whole.costs(facts["rows"], facts["columns"])
    left = [key for key in whole.asked if key not in ran.asked]
    if not left:
        return
    evaluations = [costs[key] for key in left]
    st.markdown(
        f"{len(left)} slower method{'s are' if len(left) > 1 else ' is'} not in the table yet."
    )
    cases.offer("Run it", sum(evaluations), seconds_of(evaluations, facts), _key(whole))


def take_back(whole: Importance) -> bool:
    """Run only the quick methods of the task again; whether the slow ones had been asked for."""
    return cases.take_back(_key(whole))


def seconds_of(evaluations: Sequence[int], facts: Facts) -> float:
    """About how long methods of so many evaluations take."""
    passes = sum(evaluations) * float(facts["seconds_per_row"])
    return SHARE_OF_METHODS * passes + SECONDS_OF_A_METHOD * len(evaluations)


def _key(task: Importance) -> str:
    return f"importance_{task.digest()[:16]}"
