"""What this is: a finished example, the stories, and the ways to one's own."""

import streamlit as st

from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages import kinds
from pages.answers.panel import panel
from pages.state import progress, service
from pages.stories.examples import StoryExample
from pages.stories.stories import Story, first, stories


def page() -> None:
    """Title, the finished example, the stories, and where to go next."""
    st.title("See what a neural network looked at", anchor=False)
    st.markdown(
        "Evident shows what made a network say what it said: pixels of a picture, columns of a "
        "table, moments of a time series, letters of DNA. And it checks that what it shows is "
        "true. Everything runs on this machine; nothing leaves it."
    )
    with st.container(horizontal=True):
        if st.button("Explain your own picture", type="primary", icon=":material/upload:"):
            st.switch_page("pages/explain.py", query_params={"from": "Upload"})
        for label, (icon, query) in STARTS.items():
            if st.button(label, icon=icon):
                st.switch_page("pages/explain.py", query_params=query)
    told = stories()
    with st.container(border=True):
        example = first()
        st.header(f"Why does the network say “{example.about}”?", anchor=False)
        _shot(example, "first")
    st.header("Two networks, the same answer. Only one of them reads the sign.", anchor=False)
    for column, shot, slot in zip(st.columns(2), told["cheating"].shots, SLOTS, strict=False):
        with column, st.container(border=True):
            st.markdown(f"**{shot.label}**")
            _shot(shot, slot, group="cheat", max_height=380)
    st.header("Stories for a meeting", anchor=False)
    rows = [list(told.values())[start : start + WIDE] for start in range(0, len(told), WIDE)]
    for row in rows:
        for column, story in zip(st.columns(WIDE), row, strict=False):
            with column, st.container(border=True, height="stretch"):
                _card(story)


SLOTS = ("honest", "cheating")
STARTS = {
    "Bring your own network": (":material/deployed_code:", {"model": "upload"}),
    "A table": (":material/table_chart:", {"model": "diabetes"}),
    "A time series": (":material/show_chart:", {"model": "lstm"}),
    "DNA": (":material/genetics:", {"model": "dna"}),
}
WIDE = 4


def _card(story: Story) -> None:
    """What a story asks, and the way to it."""
    st.markdown(f"**{story.title}**")
    st.markdown(story.caption[0])
    if st.button("Tell it", key=f"tell_{story.key}", icon=":material/slideshow:"):
        st.switch_page("pages/story.py", query_params={"story": story.key})


def _shot(shot: StoryExample, slot: str, **shown) -> None:
    """One finished explanation, computed once and then read from the store."""
    prediction = _answer(shot, shot.setting.prediction(), f"{slot}_prediction")
    answer = prediction and _answer(shot, shot.setting.explanation(), slot)
    if answer:
        panel(shot.setting.case(shot.about, prediction), answer, slot, **shown)
        if st.button("Open it and change the settings", key=f"open_{slot}"):
            st.switch_page("pages/explain.py", query_params=shot.link)


def _answer(shot: StoryExample, task: Predict | Explain, slot: str):
    job = service.job(task, slot, wait=0.2)
    if not job.over:
        progress.watch(job, slot, kinds.growing(task, shot.about, True))
        return None
    answer = service.answer(job)
    if answer is None:
        progress.ended(job, slot)
    return answer


page()
