"""A story for a meeting: one question, three sentences, finished maps, nothing to set.

Presented, it takes the whole screen: picture, sentence and proof, turned with the arrow keys.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from explainers.figures.text import words
from explainers.reports.pictures.words import plain
from pages import kinds
from pages.answers import faithfulness
from pages.answers.grid import Panel, limits
from pages.answers.panel import sentence_in
from pages.kinds import picture_view
from pages.state import cases
from pages.state.cases import Answer, Case
from pages.stories import truths
from pages.stories.guessing import game
from pages.stories.stories import OVER_ROWS, stories
from pages.stories.story import Story, Tables
from pages.takeaway import data_story, several
from pages.viewers import keys
from pages.widgets import pictures

STYLES = Path(__file__).resolve().parent / "stories"
PRESENT = "present"
OPEN = {
    "compare": "Open this comparison",
    "explain": "Open it on Explain",
    "importance": "Open the whole table",
}
# What draws the last page of a story: against the truth, or over all rows.
SECTIONS: dict[str, Callable[[], Tables | None]] = truths.TRUTHS | {
    told.KEY: told.section for told in (game, *OVER_ROWS)
}


def page() -> None:
    """The story and the part of it that the link names, and the way to the others."""
    all_stories = stories()
    presenting = st.query_params.get(PRESENT) == "true"
    slides = [
        (key, part)
        for key, story in all_stories.items()
        for part in range(1, 1 + _parts(story, presenting))
    ]
    place = _place(slides)
    with st.container(key="story_present"):
        pressed = keys.pressed("story_keys", presenting)
    if pressed.presenting != presenting:
        _open(slides[place], pressed.presenting)
    _move(slides, place + pressed.step, place, presenting)
    key, part = slides[place]
    story = all_stories[key]
    st.set_page_config(page_title=f"{story.title} · Evident")
    with st.container(key="story"):
        st.title(story.title, anchor=False)
        if part == 1 and story.examples:
            _first_page(story, presenting)
        elif key in SECTIONS:
            if part == 1:
                st.markdown(" ".join(story.caption))
            found = SECTIONS[key]()
            if found is not None and not presenting:
                data_story.section(found, story.title, f"story_{key}_away")
        else:
            _proof(story)
    st.html(STYLES / "story.css")
    if presenting:
        st.html(STYLES / "presenting.css")
    with st.container(key="story_ways"):
        back, at, opened, onward = st.columns([2, 2, 3, 2], vertical_alignment="center")
    if back.button("Previous", icon=":material/arrow_back:", disabled=not place, width="stretch"):
        _move(slides, place - 1, place, presenting)
    page = f", page {part} of {story.parts}" if story.parts > 1 else ""
    at.markdown(
        f"← Story {list(all_stories).index(key) + 1} of {len(all_stories)}{page} →",
        text_alignment="center",
        help="The arrow keys turn the pages.",
    )
    if opened.button(OPEN[story.page], icon=":material/compare:", width="stretch"):
        st.switch_page(f"pages/{story.page}.py", query_params=story.link)
    last = place + 1 == len(slides)
    if onward.button("Next", icon=":material/arrow_forward:", disabled=last, width="stretch"):
        _move(slides, place + 1, place, presenting)


def _place(slides: list[tuple[str, int]]) -> int:
    """Which slide the link names; the first of its story, or of all, where there is no such."""
    key, part = st.query_params.get("story"), st.query_params.get("part", "1")
    named = [place for place, slide in enumerate(slides) if slide[0] == key]
    exact = [place for place in named if str(slides[place][1]) == part]
    return (exact or named or [0])[0]


def _parts(story: Story, presenting: bool) -> int:
    """How many pages it has; presented, one without an answer key ends with the proof."""
    kinds_shown = {example.setting.model.spec.kind for example in story.examples}
    return 2 if presenting and kinds_shown == {"picture"} else story.parts


def _move(slides: list[tuple[str, int]], to: int, place: int, presenting: bool) -> None:
    if to != place and 0 <= to < len(slides):
        _open(slides[to], presenting)


def _open(slide: tuple[str, int], presenting: bool) -> None:
    key, part = slide
    chosen = {"story": key} | ({"part": str(part)} if part > 1 else {})
    st.query_params.from_dict(chosen | ({PRESENT: "true"} if presenting else {}))
    st.rerun()


def _first_page(story: Story, presenting: bool) -> None:
    """Three sentences, the pictures, the maps."""
    shown = {example.input: example.setting for example in story.examples}
    with st.container(key="story_aside"):
        if any(setting.model.spec.kind != "picture" for setting in shown.values()):
            st.markdown(" ".join(story.caption))
        else:
            left, right = st.columns([5, 1 + len(shown)], vertical_alignment="center")
            left.markdown(" ".join(story.caption))
            # In their own colours, which the maps take away.
            for column, setting in zip(right.columns(len(shown)), shown.values(), strict=True):
                photo = pictures.shown(setting.input.data)
                column.image(photo, alt=setting.input.name, width=150)
    _maps(story, presenting)


def _finished(story: Story) -> tuple[list[Case], list[Answer]] | None:
    """All maps of the story with their answers; None while they are made, which the page shows."""
    settings = [example.setting for example in story.examples]
    predictions = cases.by_slot([setting.prediction() for setting in settings], "s_ask")
    explanations = cases.by_slot([setting.explanation() for setting in settings], "s_map")
    by_slot = cases.answers(predictions | explanations, "Preparing the story")
    if by_slot is None:
        return None
    shown = [
        example.shown.case(example.label, by_slot[cases.slot_of(setting.prediction(), "s_ask")])
        for example, setting in zip(story.examples, settings, strict=True)
    ]
    return shown, [by_slot[cases.slot_of(case.task, "s_map")] for case in shown]


def _proof(story: Story) -> None:
    """What happens to the answers when the strongest parts are hidden."""
    if (finished := _finished(story)) is not None:
        shown = finished[0]
        view = picture_view.usual(shown[0])
        faithfulness.section(shown, _proof_key(story), view=view, slider_alone=True)


def _prepare_proof(story: Story, shown: list[Case]) -> None:
    """Ask for the next page while the first is talked about, whether somebody looks or not."""
    tasks = faithfulness.tasks_of(shown, _proof_key(story), view=picture_view.usual(shown[0]))
    for job in cases.submit(tasks, wait=0).values():
        job.seen = math.inf


def _proof_key(story: Story) -> str:
    return f"story_{story.key}_proof"


def _maps(story: Story, presenting: bool) -> None:
    """All maps of the story, with the model's answer over each and what it says under it."""
    if (finished := _finished(story)) is None:
        return
    shown, answers = finished
    maps = [
        picture_view.seen(case, case.heat(answer[1]["scores"]), picture_view.usual(case))
        for case, answer in zip(shown, answers, strict=True)
    ]
    scale = limits(shown, answers, maps, story.shared)
    for index, column in enumerate(st.columns(len(shown), gap="medium")):
        with column:
            drawn = _Drawn(maps[index], scale[index])
            _map(story, index, shown[index], answers[index], drawn, presenting)
    if not presenting:
        panels = [Panel(*each) for each in zip(shown, answers, scale, strict=True)]
        several.section(panels, story.title, f"story_{story.key}_away", picture_view.usual)
    elif _parts(story, presenting) > story.parts:
        _prepare_proof(story, shown)


class _Drawn(NamedTuple):
    """A map as it is shown, and the score of its strongest colour."""

    heat: np.ndarray
    limit: float


def _map(
    story: Story, index: int, case: Case, answer: Answer, drawn: _Drawn, presenting: bool
) -> None:
    facts, heat = answer[0], case.heat(answer[1]["scores"])
    probabilities = case.prediction[1]["probabilities"]
    share = case.amount(float(case.share(probabilities)))
    best = case.names[int(probabilities.argmax())]
    right = case.task.model.answers != "classes" or best == case.names[case.target]
    instead = "" if right else f" (it says *{best}*)"
    summary = sentence_in(picture_view.usual(case), case, heat, facts["signed"])
    if story.sums:
        summary = words.accounted(facts, case.kind.one)
    with st.container(key=f"story_label_{len(story.examples)}_{index}"):
        st.markdown(f"**{case.label_as_text}:** *{case.about_as_text}* {share}{instead}")
    kinds.of(case.task.model).draw(
        case,
        drawn.heat,
        signed=facts["signed"],
        alt=f"{case.label}. {plain(summary)}",
        limit=drawn.limit,
        key=f"story_{story.key}_{index}",
        max_height=200,
        around=400 if presenting else 600,
        group=f"story {story.key}",
        compact=True,
    )
    with st.container(key=f"story_told_{len(story.examples)}_{index}"):
        st.markdown(summary)


page()
