"""A story for a meeting: one question, three sentences, finished maps, nothing to set."""

import streamlit as st

from explainers.figures import words
from pages.parts import cases, keys, kinds, pictures
from pages.parts.grid import limits
from pages.parts.panel import sentence
from pages.parts.stories import Story, stories


def page() -> None:
    """The story that the link names, and the way to the others."""
    told = stories()
    order = list(told)
    key = st.query_params.get("story")
    place = order.index(key) if key in told else 0
    _move(order, place + keys.step("story_keys"), place)
    story = told[order[place]]
    with st.container(key="story"):
        st.title(story.title, anchor=False)
        words, photos = st.columns([3, 1], vertical_alignment="center")
        words.markdown("\n\n".join(story.caption))
        with photos:
            _photos(story)
        _maps(story)
    back, at, opened, onward = st.columns([2, 1, 3, 2], vertical_alignment="center")
    last = place + 1 == len(order)
    if back.button("Previous", icon=":material/arrow_back:", disabled=not place, width="stretch"):
        _move(order, place - 1, place)
    at.markdown(f"← {place + 1} of {len(order)} →", text_alignment="center",
                help="The arrow keys move to the other stories.")  # fmt: skip
    if opened.button("Open this comparison", icon=":material/compare:", width="stretch"):
        st.switch_page("pages/compare.py", query_params=story.link)
    if onward.button("Next", icon=":material/arrow_forward:", disabled=last, width="stretch"):
        _move(order, place + 1, place)


def _move(order: list[str], to: int, place: int) -> None:
    if to != place and 0 <= to < len(order):
        st.query_params["story"] = order[to]
        st.rerun()


def _photos(story: Story) -> None:
    """The pictures in their own colours, which the maps take away."""
    shown = {shot.sample: shot.setting.input for shot in story.shots}
    for column, picture in zip(st.columns(len(shown)), shown.values(), strict=True):
        column.image(pictures.shown(picture.data), alt=picture.name, width=150)


def _maps(story: Story) -> None:
    """All maps of the story, with the model's answer over each and what it says under it."""
    settings = [shot.setting for shot in story.shots]
    asked = cases.unique([setting.prediction() for setting in settings], "s_ask")
    wanted = cases.unique([setting.explanation() for setting in settings], "s_map")
    found = cases.answers(asked | wanted, "Preparing the story")
    if found is None:
        return
    shown = [
        setting.case(shot.label, found[cases.slot_of(setting.prediction(), "s_ask")])
        for shot, setting in zip(story.shots, settings, strict=True)
    ]
    answers = [found[cases.slot_of(case.request, "s_map")] for case in shown]
    scale = limits(shown, answers, story.shared)
    for index, column in enumerate(st.columns(len(shown), gap="medium")):
        case, (facts, arrays) = shown[index], answers[index]
        heat, answer = case.heat(arrays["scores"]), case.prediction[1]["probabilities"]
        share, best = case.amount(float(case.share(answer))), case.names[int(answer.argmax())]
        instead = "" if best == case.about else f" (it says *{best}*)"
        says = words.accounted(facts) if story.sums else sentence(case, heat, facts["signed"])
        with column:
            st.markdown(f"**{case.label}:** *{case.about}* {share}{instead}")
            kinds.of(case.request.model).draw(
                case, heat, signed=facts["signed"], alt=f"{case.label}. {says}",
                limit=scale[index], key=f"story_{story.key}_{index}", max_height=260,
                group=f"story {story.key}", compact=True,
            )  # fmt: skip
            st.markdown(says)


page()
