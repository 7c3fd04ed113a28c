"""What this is: a finished example, the stories, and the ways to one's own."""

import contextlib
from typing import Unpack

import streamlit as st

from explainers.errors import Problem
from explainers.models.zoo.imagenet import packaged
from explainers.models.zoo.imagenet.photos import photos
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages import kinds
from pages.answers.panel import panel
from pages.kinds.page_kind import MapOptions
from pages.state import progress, service
from pages.stories.examples import StoryExample
from pages.stories.stories import home_examples, stories
from pages.stories.story import Story
from pages.widgets import models, pictures


def page() -> None:
    """Title, the finished example, the stories, and where to go next."""
    examples = home_examples()
    finished = examples["first"]
    left, right = st.columns([3, 7], gap="medium")
    with left:
        st.title("See what a neural network looked at", anchor=False)
        st.markdown(
            "Evident shows what made a network say what it said: pixels of a picture, columns of a "
            "table, moments of a time series, letters of DNA. And it checks that what it shows is "
            "true. Everything runs on this machine; nothing leaves it."
        )
        if st.button("Explain your own picture", type="primary", icon=":material/upload:"):
            photo = {"model": models.for_photos(), "from": "Upload"}
            st.switch_page("pages/explain.py", query_params=photo)
        with st.container(horizontal=True):
            for label, (icon, query) in STARTS.items():
                if st.button(label, icon=icon):
                    st.switch_page("pages/explain.py", query_params=query)
        shown = finished.setting.input
        # In its own colours, which the map takes away.
        st.image(pictures.shown(shown.data), width=150, alt=f"The picture: {shown.name}")
    answers = []
    with contextlib.suppress(Problem):  # each example says it in its place
        for slot, example in examples.items():  # the network for photos, slow to load, is the last
            tasks = _tasks(example, slot)
            answers.append([service.job(task, name, wait=0) for task, name in tasks])
    with right, st.container(border=True, key="hero"):
        st.header(f"Why does the network say “{finished.about}”?", anchor=False)
        _draw_example(finished, "first", max_height=210, around=590)
    if finished.model in packaged.PACKAGED:
        _photos(finished.model)
    st.header("Two networks, the same answer. Only one of them reads the sign.", anchor=False)
    for column, slot in zip(st.columns(2), SLOTS, strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{examples[slot].label}**")
            _draw_example(examples[slot], slot, group="cheat", max_height=380)
    if st.button(
        "One picture cannot tell that a network cheats: ask 240", icon=":material/photo_library:"
    ):
        st.switch_page("pages/many.py", query_params={"model": "signs_cheating"})
    st.header("Stories for a meeting", anchor=False)
    all_stories = stories()
    over_rows = [story for story in all_stories.values() if story.page == "importance"]
    _cards([story for story in all_stories.values() if story not in over_rows], PER_ROW)
    st.header("Which inputs matter, where the truth is known", anchor=False)
    _cards(over_rows, len(over_rows))
    if waiting := [jobs for jobs in answers if not all(job.settled for job in jobs)]:
        progress.rerun_when_one_is_complete(waiting)


SLOTS = ("honest", "cheating")
STARTS = {
    "Bring your own network": (":material/deployed_code:", {"model": "upload"}),
    "A table": (":material/table_chart:", {"model": "diabetes"}),
    "A time series": (":material/show_chart:", {"model": "lstm"}),
    "DNA": (":material/genetics:", {"model": "dna"}),
}
PER_ROW = 4


def _photos(model: str) -> None:
    """Photos that come with Evident, each one click from its explanation by that network."""
    st.markdown("**Or one of these photos**")
    for column, photo in zip(st.columns(len(photos())), photos(), strict=True):
        with column:
            st.image(photo.path, alt=photo.title, width="stretch")
            if st.button(photo.title, key=f"photo_{photo.name}", width="stretch"):
                query = {"model": model, "from": "Gallery", "sample": photo.name}
                st.switch_page("pages/explain.py", query_params=query)


def _cards(told: list[Story], per_row: int) -> None:
    """Cards of stories, so many beside each other."""
    for start in range(0, len(told), per_row):
        row = told[start : start + per_row]
        for column, story in zip(st.columns(per_row), row, strict=False):
            with column, st.container(border=True, height="stretch"):
                _card(story)


def _card(story: Story) -> None:
    """What a story asks, and the way to it."""
    st.markdown(f"**{story.title}**")
    st.markdown(story.caption[0])
    if st.button("Tell it", key=f"tell_{story.key}", icon=":material/slideshow:"):
        st.switch_page("pages/story.py", query_params={"story": story.key})


def _tasks(example: StoryExample, slot: str) -> tuple[tuple[Predict | Explain, str], ...]:
    """What an example is made of, and the name of each job."""
    setting = example.setting
    prediction = setting.prediction(timed=False)
    return (prediction, f"{slot}_prediction"), (setting.explanation(), slot)


def _draw_example(example: StoryExample, slot: str, **options: Unpack[MapOptions]) -> None:
    """One finished explanation, computed once and then read from the store."""
    answers = []
    for task, name in _tasks(example, slot):
        try:
            job = service.job(task, name, wait=0)
        except Problem as problem:
            progress.refused(problem)
            return
        if not job.settled:
            st.caption("Being computed on this machine …")
            kinds.partial_drawing(task, example.about, True)(None, f"partial_{slot}")
            return
        answer = service.answer(job)
        if answer is None:
            progress.explain_end(job, name)
            return
        answers.append(answer)
    prediction, answer = answers
    panel(example.setting.case(example.about, prediction), answer, slot, 3, **options)
    if st.button("Open it and change the settings", key=f"open_{slot}"):
        st.switch_page("pages/explain.py", query_params=example.link)


page()
