"""Prove it where baselines are compared: no map is judged by its own baseline alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.figures.curves import area
from explainers.figures.text import advice
from explainers.figures.text.as_text import markdown_table
from explainers.service.tasks import BaselineRef
from explainers.service.tasks.prove import Prove, ProveAtRandom
from explainers.service.tasks.task import Task
from pages.answers import faithfulness
from pages.answers.panel import baseline_name
from pages.kinds import picture_view
from pages.state import address, cases
from pages.state.cases import Answer, Case

SEVERAL = "all"


def section(shown: list[Case], key: str) -> None:
    """Draw the choice of what hidden parts show: every baseline of the maps, or one of them.

    Parameters
    ----------
    shown : list of Case
        Finished explanations.
    key : str
        What the slots of its jobs and the keys of its widgets start with.
    """
    fillings = _fillings(shown)
    if len(fillings) < 2:
        faithfulness.section(shown, key, view=picture_view.chosen(shown[0]))
        return
    names = {str(at): name for at, name in enumerate(fillings)}
    chosen = address.select(
        st.segmented_control,
        "filling",
        [SEVERAL, *names],
        SEVERAL,
        label="Hidden parts show",
        format_func=lambda at: names.get(at, "Each in turn"),
        required=True,
    )
    if chosen == SEVERAL:
        _each_in_turn(shown, fillings, key)
        return
    filling = fillings[names[chosen]]
    own = [case.label for case in shown if case.task.baseline == filling]
    if own:
        st.caption(
            f"{names[chosen]} is the baseline of {', '.join(own)}: what a map is compared with is "
            "what it finds best when hidden. Look at the others too."
        )
    faithfulness.section(shown, key, filling, picture_view.chosen(shown[0]))


def _fillings(shown: Sequence[Case]) -> dict[str, BaselineRef]:
    """The maps' baselines, each once, by what people call them."""
    named: dict[str, BaselineRef] = {}
    for baseline in (case.task.baseline for case in shown):
        if baseline in named.values():
            continue
        name = baseline_name(shown[0], baseline)
        count = sum(other.partition(" (no. ")[0] == name for other in named)
        named[f"{name} (no. {count + 1})" if count else name] = baseline
    return named


def _each_in_turn(shown: list[Case], fillings: dict[str, BaselineRef], key: str) -> None:
    """A table of every map under every filling, and for which map that speaks."""
    view = picture_view.chosen(shown[0])
    proofs = [[Prove(case.task, filling, view) for filling in fillings.values()] for case in shown]
    chances = [[_chance(case, filling) for filling in fillings.values()] for case in shown]
    prefix = f"{key}_each"
    rows: list[Sequence[Task]] = [*proofs, *chances]
    tasks = cases.by_slot((task for row in rows for task in row), prefix)
    passes = sum(shown[0].passes(task) for task in tasks.values())
    seconds = sum(shown[0].seconds(task) for task in tasks.values())
    request = f"{prefix} {' '.join(sorted(tasks))}"
    if not cases.may_run(seconds, request):
        cases.offer("Prove it", passes, seconds, request)
        return
    answers = cases.answers(tasks, "Hiding and revealing")
    if answers is None:
        return

    def score(case: Case, task: Task) -> float:
        return _score(case, answers[cases.slot_of(task, prefix)])

    beyond = np.array(
        [
            [score(case, p) - score(case, c) for p, c in zip(tried, random, strict=True)]
            for case, tried, random in zip(shown, proofs, chances, strict=True)
        ]
    )
    own = np.array([[case.task.baseline == f for f in fillings.values()] for case in shown])
    labels = [case.label for case in shown]
    st.markdown(advice.by_fillings(labels, list(fillings), beyond, own))
    st.markdown(
        markdown_table(
            {"Map": labels}
            | {
                f"Hidden with {name}": [_written(*cell) for cell in zip(column, mine, strict=True)]
                for name, column, mine in zip(fillings, beyond.T, own.T, strict=True)
            }
        )
    )
    st.caption(
        "Insertion area less deletion area, less the same of random orders: above 0 beats chance. "
        "In brackets: hidden with the map's own baseline, which does not count."
    )


def _chance(case: Case, filling: BaselineRef) -> ProveAtRandom:
    return ProveAtRandom(case.task.model, case.task.input, filling, case.task.device)


def _score(case: Case, answer: Answer) -> float:
    """Insertion area less deletion area; of several orders the mean."""
    facts, arrays = answer
    insertion, deletion = (
        np.mean(area(facts["shares"], case.share(arrays[way]))) for way in ("insertion", "deletion")
    )
    return float(insertion - deletion)


def _written(score: float, own: bool) -> str:
    text = f"{score:+.3f}".replace("-", "−")
    return f"({text})" if own else text
