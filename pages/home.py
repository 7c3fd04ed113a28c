"""What this is: two finished stories, and the way to one's own picture."""

import streamlit as st

from explainers.engine.jobs import DONE
from explainers.engine.request import Request
from explainers.models.demo import STICKER_CLASS, samples
from pages.parts import models, pictures, progress, service
from pages.parts.panel import panel

BASELINE = "blur"
METHOD = "integrated_gradients"


def page() -> None:
    """Title, the finished example, the second story, and where to go next."""
    st.title("See what a neural network looked at", anchor=False)
    st.markdown(
        "Evident shows which pixels made a network say what it said, and checks that the picture "
        "is true. Everything runs on this machine; nothing leaves it."
    )
    if st.button("Explain your own picture", type="primary", icon=":material/upload:"):
        st.switch_page("pages/explain.py", query_params={"from": "Upload"})
    plain, marked = _scenes()
    with st.container(border=True):
        st.subheader("Why does the network say “stop”?", anchor=False)
        _story("signs", plain, "first")
    st.subheader("Two networks, the same answer. Only one of them reads the sign.", anchor=False)
    st.markdown(
        "The second network learned from pictures in which every stop sign had a small yellow "
        "sticker. It passes its own test just as well. Only the map gives it away."
    )
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        st.markdown("**The honest network**")
        _story("signs", marked, "honest", group="cheat", max_height=380)
    with right, st.container(border=True):
        st.markdown("**The cheating network**")
        _story("signs_cheating", marked, "cheating", group="cheat", max_height=380)


def _scenes() -> tuple[str, str]:
    """A sample of the sticker's class without the sticker, and one with it."""
    stops = [sample for sample in samples() if sample.label == STICKER_CLASS]
    plain = next(sample.name for sample in stops if sample.sticker_mask_path is None)
    return plain, next(sample.name for sample in stops if sample.sticker_mask_path is not None)


def _story(model: str, sample: str, slot: str, **shown) -> None:
    """One finished explanation, computed once and then read from the store."""
    chosen, picture = models.demo(model), pictures.sample(sample)
    asked = Request(chosen.spec, picture.digest, BASELINE)
    prediction = _answer(asked, f"{slot}_prediction")
    if prediction is None:
        return
    names = prediction[0]["classes"]
    target = int(prediction[1]["probabilities"].argmax())
    request = Request(chosen.spec, picture.digest, BASELINE, method=METHOD, target=target)
    answer = _answer(request, slot)
    if answer is not None:
        panel(request, answer, picture, names[target], slot, prediction, **shown)
        address = {"model": model, "from": "Gallery", "sample": sample, "baseline": BASELINE}
        if st.button("Open it and change the settings", key=f"open_{slot}"):
            st.switch_page("pages/explain.py", query_params=address)


def _answer(request: Request, slot: str):
    job = service.job(request, slot, wait=0.2)
    if not job.over:
        progress.watch(job, slot, None, True, "the example")
        return None
    answer = service.engine().store.answer(job.digest) if job.state == DONE else None
    if answer is None:
        progress.ended(job, slot)
    return answer


page()
