"""Prove it: the hottest part hidden, against chance, by a slider and by curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.figures.curves import area, deletion_insertion_curves
from explainers.figures.text import advice
from explainers.figures.text.as_text import markdown_table
from explainers.figures.text.doubts import best_guess
from explainers.figures.text.words import is_share
from explainers.service.tasks import BaselineRef, Task
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.prove import Prove, ProveAtRandom
from pages import kinds
from pages.answers import hiding
from pages.answers.panel import baseline_name
from pages.state import cases
from pages.state.cases import Answer, Case
from pages.viewers.chart import chart as draw_chart
from pages.viewers.proof import Hidden, prove
from pages.widgets import pictures


def section(
    shown: list[Case],
    key: str,
    hide_with: BaselineRef | None = None,
    view: str = "cells",
    slider_alone: bool = False,
) -> None:
    """Draw the slider, the curves and the ranking of explanations that are finished.

    Parameters
    ----------
    shown : list of Case
    key : str
        What the slots of its jobs and the keys of its widgets start with.
    hide_with : BaselineRef, optional
        What hidden parts show; by default each explanation's own baseline.
    view : str
        Of pictures: what is hidden in one go, see `explainers.figures.views`.
    slider_alone : bool
        Whether curves and ranking are left out, for a room that looks on; it is offered no button
        for what takes long, but waits.
    """
    proofs = [Prove(case.task, hide_with, view) for case in shown]
    chances = [_chance(case.task, hide_with) for case in shown]
    tasks = tasks_of(shown, key, hide_with, view)
    passes = sum(shown[0].passes(task) for task in tasks.values())
    # Chance is asked once for each input and filling, however many maps of it there are.
    costs = {
        cases.slot_of(task, key): case.seconds(task)
        for case, *both in zip(shown, proofs, chances, strict=True)
        for task in both
    }
    seconds = sum(costs.values())
    request = f"{key} {' '.join(sorted(tasks))}"
    if not slider_alone and not cases.may_run(seconds, request):
        cases.offer("Prove it", passes, seconds, request)
        return
    answers = cases.answers(tasks, "Hiding and revealing")
    if answers is None:
        return
    pairs = [
        (
            answers[cases.slot_of(proof, f"{key}_proof")],
            answers[cases.slot_of(chance, f"{key}_chance")],
        )
        for proof, chance in zip(proofs, chances, strict=True)
    ]
    shares = [proof[0]["shares"] for proof, _ in pairs]
    abouts = {case.about for case in shown}
    about = abouts.pop() if len(abouts) == 1 else "the explained class"
    slider = all(kinds.of(case.task.model).draw_hidden is None for case in shown)
    if slider and _are_shares(shown, pairs):
        hidden = [_hidden(c, *pair) for c, pair in zip(shown, pairs, strict=True)]
        height = 340 if len(shown) == 1 else 260
        prove(hidden, shares[0], about, key=f"{key}_slider", max_height=height)
    else:
        hiding.section(shown, pairs, shares, f"{key}_hiding")
    if not slider_alone:
        _curves(shown, pairs, shares, about, key, hide_with)


def tasks_of(
    shown: list[Case], key: str, hide_with: BaselineRef | None = None, view: str = "cells"
) -> dict[str, Task]:
    """What `section` asks, by slot, for who wants to ask it before; parameters as there."""
    proofs = [Prove(case.task, hide_with, view) for case in shown]
    chances = [_chance(case.task, hide_with) for case in shown]
    return cases.by_slot(proofs, f"{key}_proof") | cases.by_slot(chances, f"{key}_chance")


def _are_shares(shown: list[Case], pairs: list[tuple[Answer, Answer]]) -> bool:
    """Whether all answers while parts are hidden are shares, from 0 to 1."""
    answers = [answer[1]["deletion"] for pair in pairs for answer in pair]
    return not any(case.numbers for case in shown) and all(map(is_share, answers))


def _chance(task: Explain, hide_with: BaselineRef | None) -> ProveAtRandom:
    return ProveAtRandom(task.model, task.input, hide_with or task.baseline, task.device)


def _hidden(case: Case, proof: Answer, chance: Answer) -> Hidden:
    region = case.prediction[0]["region"]
    return Hidden(
        case.label,
        pictures.shown(case.task.input.file, case.task.model),
        pictures.in_colour(proof[1]["baseline_shown"]),
        proof[1]["order"],
        case.share(proof[1]["deletion"]).clip(0, 1).tolist(),
        [best_guess(case.names, shares) for shares in proof[1]["deletion"]],
        case.share(chance[1]["deletion"]).clip(0, 1),
        region=tuple(region),
    )


def _curves(
    shown: Sequence[Case],
    pairs: Sequence[tuple[Answer, Answer]],
    shares: list[list[float]],
    about: str,
    key: str,
    hide_with: BaselineRef | None,
) -> None:
    """The chart and the table of areas, best first."""
    ways = ("deletion", "insertion")
    labels = [case.label for case in shown]
    curves, areas, random = {}, {}, {}
    for way in ways:
        own = [case.share(proof[1][way]) for case, (proof, _) in zip(shown, pairs, strict=True)]
        draws = [case.share(chance[1][way]) for case, (_, chance) in zip(shown, pairs, strict=True)]
        curves[way] = dict(zip(labels, own, strict=True))
        areas[way] = np.array([area(*each) for each in zip(shares, own, strict=True)])
        random[way] = [area(*each) for each in zip(shares, draws, strict=True)]
    # One band is drawn where all were hidden alike.
    alike = len({id(chance) for _, chance in pairs}) == 1
    deletion, insertion = (shown[0].share(pairs[0][1][1][way]) for way in ways)
    band = (deletion, insertion) if alike else None
    by_chance = [
        np.mean(random["insertion"][i]) - np.mean(random["deletion"][i]) for i in range(len(shown))
    ]
    line = advice.ranking(labels, areas["deletion"], areas["insertion"], by_chance)
    st.markdown(line)
    figure = deletion_insertion_curves(
        shares,
        curves["deletion"],
        curves["insertion"],
        band,
        about,
        shown[0].kind.units,
        shown[0].numbers,
    )
    draw_chart(figure, f"Deletion and insertion curves. {line}", f"{key}_chart")
    order = np.argsort(areas["deletion"] - areas["insertion"])
    st.markdown(
        markdown_table(
            {
                "Map": [labels[i] for i in order],
                "Deletion area (lower is better)": [f"{areas['deletion'][i]:.3f}" for i in order],
                "at random ": [_range(random["deletion"][i]) for i in order],
                "Insertion area (higher is better)": [
                    f"{areas['insertion'][i]:.3f}" for i in order
                ],
                "at random": [_range(random["insertion"][i]) for i in order],
            }
        )
    )
    fillings = dict.fromkeys(baseline_name(case, hide_with) for case in shown)
    what = "the answer" if shown[0].numbers else "the explained class's share of the answer"
    st.caption(
        f"Hidden parts show: {', '.join(fillings)}. Areas under the curves of {what}; at random: "
        "mean of ten draws, lowest and highest. "
        "Petsiuk, Das & Saenko 2018. Inputs with parts hidden are unusual for a network, so this "
        "is one piece of evidence, for this input."
    )


def _range(draws: np.ndarray) -> str:
    return f"{draws.mean():.3f} ({draws.min():.3f}–{draws.max():.3f})"
