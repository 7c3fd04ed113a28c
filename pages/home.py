"""What this is: finished examples, and the way to one's own picture."""

import streamlit as st

from explainers.engine.jobs import DONE
from explainers.engine.request import Request
from pages.parts import pictures, progress, service
from pages.parts.panel import panel
from pages.parts.stories import Story, stories


def page() -> None:
    """Title, the finished example, the second story, and where to go next."""
    st.title("See what a neural network looked at", anchor=False)
    st.markdown(
        "Evident shows which pixels made a network say what it said, and checks that the picture "
        "is true. Everything runs on this machine; nothing leaves it."
    )
    if st.button("Explain your own picture", type="primary", icon=":material/upload:"):
        st.switch_page("pages/explain.py", query_params={"from": "Upload"})
    plain, honest, cheating = stories()
    with st.container(border=True):
        st.header(f"Why does the network say “{plain.about}”?", anchor=False)
        _story(plain, "first")
    st.header("Two networks, the same answer. Only one of them reads the sign.", anchor=False)
    st.markdown(
        f"The second network learned from pictures in which everything filed as “{cheating.about}” "
        "had a small yellow sticker. It passes its own test just as well. Only the map gives it "
        "away."
    )
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        st.markdown("**The honest network**")
        _story(honest, "honest", group="cheat", max_height=380)
    with right, st.container(border=True):
        st.markdown("**The cheating network**")
        _story(cheating, "cheating", group="cheat", max_height=380)


def _story(story: Story, slot: str, **shown) -> None:
    """One finished explanation, computed once and then read from the store."""
    prediction = _answer(story, story.prediction(), f"{slot}_prediction")
    answer = prediction and _answer(story, story.explanation(), slot)
    if answer:
        picture = pictures.sample(story.sample)
        panel(story.explanation(), answer, picture, story.about, slot, prediction, **shown)
        if st.button("Open it and change the settings", key=f"open_{slot}"):
            st.switch_page("pages/explain.py", query_params=story.link)


def _answer(story: Story, request: Request, slot: str):
    job = service.job(request, slot, wait=0.2)
    if not job.over:
        progress.watch(job, slot, pictures.shown(request.picture), True, story.about)
        return None
    answer = service.engine().store.answer(job.digest) if job.state == DONE else None
    if answer is None:
        progress.ended(job, slot)
    return answer


page()
