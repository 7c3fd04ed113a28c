"""Starting a run, watching it, pausing it; what it costs and how far it is."""

from __future__ import annotations

import math

import streamlit as st

from explainers.errors import Problem
from explainers.service.backends.long_run import RUNNING, STOPPED, LongRun
from explainers.service.backends.run_parts import FEWEST_PARTS
from explainers.service.limits import limits
from pages.long_run.question import ManyQuestion
from pages.state import cases, progress, service
from pages.state.fragments import fragment

SECONDS_BETWEEN_LOOKS = 0.5
ROOM = 0.6
"""Of what a visitor may keep, so much may be the answers of one run: others must not go for it."""
SHOWN_AGAIN_AFTER = 1.5
"""What has come is drawn anew once there is so many times as much."""


def section(question: ManyQuestion, done: int, missing: int) -> None:
    """Draw how far the run is, and what can be done with it.

    Parameters
    ----------
    question : ManyQuestion
    done : int
        Inputs that have a row now.
    missing : int
        Parts that have none.
    """
    run = service.long_runs().get(question.plan, service.owner())
    if run is not None and run.state == RUNNING:
        _watch(question, run, max(done, 1))
        return
    if run is not None and run.state == STOPPED and missing:
        st.error(f"The run stopped: {run.message}")
    if not missing:
        return
    _offer(question, done)


def _offer(question: ManyQuestion, done: int) -> None:
    """The button that starts or continues a run, with its cost."""
    plan, facts = question.plan, question.prediction[0]
    left = plan.count - done
    shape, references = tuple(facts["shape"]), facts["references"]
    each = plan.cost(1, shape, references)
    seconds = left * plan.seconds(1, facts)
    values = 0
    if plan.explanation is not None:
        values = 4 * left * math.prod(shape[1:] if question.one == "picture" else shape)
    what = f"Explain {'and check ' * bool(plan.checks)}all"
    if plan.explanation is None:
        what = "Ask for the answers to all"
    label = f"{what} {question.several(plan.count)}"
    if done:
        label = f"Continue: {question.several(left)} left"
    running = service.long_runs().of(service.owner())
    room = ROOM * 1e6 * limits().visitor_megabytes
    too_large = values > room
    if too_large:
        st.warning(
            f"The maps of these inputs take about {_size(values)}; one visitor may keep "
            f"{_size(room)} of answers here. Give fewer inputs, or use `python "
            "-m explainers many`, which has no such limit."
        )
    if st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        key="many_start",
        disabled=too_large or running is not None,
    ):
        try:
            service.long_runs().start(plan, service.owner())
        except Problem as problem:
            progress.refused(problem)
            return
        st.rerun()
    checks = each - plan.explanation.cost(shape, references) if plan.explanation else 0
    for_checks = f" ({checks * left:,} of them for the checks)" if checks else ""
    for_maps = f"; the maps take about {_size(values)} here" if values else "; no maps are kept"
    st.caption(
        f"About {each * left:,} passes{for_checks}, {cases.duration(max(seconds, 1))}"
        f"{_shared(-(-left // plan.part))}{for_maps}. It goes on when this page is closed, and "
        "can be paused."
    )
    if done:
        st.caption(f"{question.several(done)} of {plan.count:,} are kept.")
    if running is not None:
        st.info("Another run of yours is on its way; this one can start after it.")
        if st.button("Pause the other one", key="pause_other"):
            service.long_runs().pause(running)
            st.rerun()


def _shared(parts: int) -> str:
    """Who shares the time of so many parts, where they do not go to this machine."""
    cluster = service.cluster()
    if cluster is None or not cluster.workers or parts < FEWEST_PARTS:
        return ""
    return f" of one worker, shared by {cluster.words}"


@fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch(question: ManyQuestion, run: LongRun, shown: int) -> None:
    """The bar, the rate and the time left; the page is drawn anew when there is more to show."""
    if run.state != RUNNING or run.done >= SHOWN_AGAIN_AFTER * shown + 8:
        st.rerun()
    left, pause, cancel = st.columns([5, 1, 1], vertical_alignment="center")
    left.progress(min(run.done / run.plan.count, 1.0), text=_words(question, run))
    if pause.button("Pause", key="many_pause", width="stretch", disabled=not run.wanted):
        service.long_runs().pause(run)
    if cancel.button("Cancel", key="many_cancel", width="stretch", help="Deletes what is done."):
        service.long_runs().cancel(run)
    for sentence in filter(None, (run.message, run.note)):
        st.info(sentence)


def _words(question: ManyQuestion, run: LongRun) -> str:
    if not run.wanted:
        return "Cancelling …" if run.discarded else "Pausing …"
    said = f"{run.done:,} of {question.several(run.plan.count)}"
    if run.failed:
        said += f", {run.failed:,} without an answer"
    if run.where:
        said += f", on {run.where}"
        said += ", which may first have to load the network" * (run.done == run.began_with)
    if run.seconds_left is not None and run.done > run.began_with:
        said += f"; {run.rate:,.1f} a second, about {cases.duration(max(run.seconds_left, 1))} left"
    return said


def _size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{max(1, round(count / 1e3))} kB"
