"""Networks small enough to check by hand: every method's answer beside the calculation."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from explainers.figures.text.words import number
from explainers.kinds import Facts
from explainers.models.zoo.worked_example import Point, WorkedExample
from explainers.models.zoo.worked_examples import WORKED_EXAMPLES
from explainers.service.tasks.lesson import Lesson
from pages.learning.words import (
    ABOUT,
    FAILED,
    MISSED,
    OTHER,
    RIGHT,
    SHARED,
    calculation,
    is_share,
    verdict,
)
from pages.links.refusals import folded
from pages.state import address, cases
from pages.state.fragments import fragment

STYLE = Path(__file__).resolve().parent / "learn.css"
SECONDS_TO_WAIT = 2.0
SHOWN = ("minimum", "saturation", "threshold", "product")
MARKS = {
    RIGHT: ("✓", "right"),
    ABOUT: ("≈", "right within its error"),
    SHARED: ("≠", "shares by another rule"),
    MISSED: ("✗", "does not add up"),
    OTHER: ("–", "asks something else"),
    FAILED: ("–", "does not work here"),
}


HOW = "How to read it"
READING = """The network is the formula. Moving its inputs from the baseline to
these values changes the answer by so much, and a method says which input gets how much of that
change. The sliders set the inputs; the box shows a fair sharing worked out by hand (Shapley values:
each input gets the mean of what it adds, over all orders), and the table every method beside it.

✓ as by hand · ≈ as by hand, within the error of random draws · ≠ adds up, but shares by another
rule, which is no mistake · ✗ does not add up to the change · – answers another question, or does
not work here"""


@fragment()
def section() -> None:
    """Draw the choice of a network, its sliders, and all answers; a slider redraws only this."""
    st.header("Networks small enough to check by hand", anchor="by-hand")
    with st.container(key="screen_reading"):
        st.markdown(f"**{HOW}.** {READING}")
    with st.container(key="phone_reading"), st.expander(HOW):
        st.markdown(READING)
    titles = {key: WORKED_EXAMPLES[key].title for key in SHOWN}
    key = address.select(
        st.segmented_control,
        "hand",
        list(SHOWN),
        SHOWN[0],
        label="Network",
        format_func=titles.get,
        label_visibility="collapsed",
        required=True,
    )
    net = WORKED_EXAMPLES[key]
    left, right = st.columns([3, 5], gap="large")
    with left:
        st.markdown(f"### {net.formula}")
        st.markdown(net.caption)
        x, baseline = _sliders(net)
        with st.container(border=True):
            st.markdown("**By hand**")
            st.markdown("\n\n".join(calculation(net, x, baseline)))
    with right:
        lesson = Lesson(key, x, baseline)
        # Answers come soon; a bar in between would make the table flicker.
        cases.submit({"learn_lesson": lesson}, wait=SECONDS_TO_WAIT)
        by_slot = cases.answers({"learn_lesson": lesson}, "Asking every method")
        if by_slot is not None:
            st.html(answers(net, x, baseline, by_slot["learn_lesson"][0]["rows"]))
    address.write()


def _sliders(net: WorkedExample) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The input and its baseline, from a slider for each value."""
    x = tuple(_slider(net, at, name, name) for at, name in enumerate(net.names))
    with folded(st.expander("Compared with")):
        baseline = tuple(
            _slider(net, at, f"{name} of the baseline", f"{name}0")
            for at, name in enumerate(net.names)
        )
    return x, baseline


def _slider(net: WorkedExample, at: int, label: str, short: str) -> float:
    low, high = float(net.low), float(net.high)

    def inside(value: Any) -> float:
        if isinstance(value, bool) or not low <= float(value) <= high:
            raise ValueError
        return float(value)

    start = net.baseline[at] if short.endswith("0") else net.start[at]
    value = address.widget(
        st.slider,
        f"{net.key}.{short}",
        default=float(start),
        validate=inside,
        label=label,
        min_value=low,
        max_value=high,
        step=0.1 if high - low <= 5 else 0.5,
    )
    return round(value, 6)


def answers(net: WorkedExample, x: Point, baseline: Point, rows: list[Facts]) -> str:
    """A table as HTML: the values by hand, then each method's, with its mark and sentence.

    Parameters
    ----------
    net : WorkedExample
    x, baseline : Point
        The input, and what it is compared with.
    rows : list of dict
        One a method, as the task Lesson answers them.
    """
    exact = net.shapley(x, baseline)
    shares = [row for row in rows if "scores" in row and is_share(row)]
    reach = max([abs(v) for row in shares for v in row["scores"]] + [abs(v) for v in exact]) or 1.0
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in net.names)
    body = [
        '<tr class="exact"><th scope="row">By hand (Shapley)</th>'
        f"{_numbers(exact, reach)}<td></td></tr>"
    ]
    for row in rows:
        judgement = verdict(net, x, baseline, row)
        scores = row.get("scores") or [None] * len(net.names)
        sign, name = MARKS[judgement.mark]
        body.append(
            f'<tr class="{judgement.mark}"><th scope="row">{html.escape(row["name"])}</th>'
            f"{_numbers(scores, reach if is_share(row) else None)}"
            f"{_said(sign, name, judgement.says)}</tr>"
        )
    return (
        '<table class="learn" data-testid="answers"><thead><tr><th scope="col">Method</th>'
        f'{heads}<th scope="col">Beside the hand calculation</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _said(sign: str, name: str, says: str) -> str:
    """A cell with a mark and its sentence, which on a phone is shown when the mark is touched."""
    mark = f'<span class="mark" role="img" aria-label="{name}">{sign}</span>'
    says = html.escape(says)
    return (
        f'<td><span class="open">{mark} {says}</span>'
        f"<details><summary>{mark}</summary>{says}</details></td>"
    )


def _numbers(scores: Sequence[float | None], reach: float | None) -> str:
    """A cell for each score; with `reach`, a bar under it, red for support and blue against."""
    cells = []
    for score in scores:
        if score is None:
            cells.append("<td></td>")
            continue
        bar = ""
        if reach is not None:
            side = "against" if score < 0 else "for"
            bar = f'<i class="{side}" style="width:{100 * abs(score) / reach:.1f}%"></i>'
        cells.append(f'<td class="number">{number(round(score, 4) + 0.0)}{bar}</td>')
    return "".join(cells)
