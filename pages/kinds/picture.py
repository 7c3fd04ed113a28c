"""Pictures on the pages: gallery, upload, camera, and the heatmap viewer."""

from typing import Any

import numpy as np
import streamlit as st

from explainers.figures import colours
from explainers.figures.text import words
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.state.cases import Answer, Case
from pages.state.inputs import Chosen
from pages.viewers.picture import viewer
from pages.widgets import pictures

title, missing = "Picture", "a picture"
hidden, blinks = None, True


def pick(model) -> Chosen | None:
    """A picture from the gallery, an upload or the camera."""
    return pictures.pick(model.spec.name if model.spec.source == "demo" else "")


def fitted(model, given: Chosen):
    """A picture tells nothing of the model."""
    return model


def adjusted(method: str, options: dict, model, given: Chosen) -> dict:
    """The options as they are."""
    return options


def draw(case: Case, heat: np.ndarray, *, key: str, alt: str, signed: bool, **shown: Any) -> None:
    """The map over the photo; `shown` goes to the viewer."""
    shown.pop("facts", None)
    viewer(
        pictures.shown(case.task.input.file),
        heat,
        signed=signed,
        alt=alt,
        key=key,
        region=tuple(case.prediction[0]["region"]),
        mime="image/jpeg",
        masks=_masks(case, heat),
        **shown,
    )


limit = colours.colour_limit


def says(case: Case, heat: np.ndarray, signed: bool, what: str) -> str:
    """Where the positive scores lie, in the case's known regions if any."""
    left, top, width, height = case.prediction[0]["region"]
    place = "the picture" if width > 0.999 and height > 0.999 else "the part that it sees"
    return words.picture_sentence(heat, f"*{case.about}*", what, _masks(case, heat), place)


def grow(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    state: ProgressReport | None,
    key: str,
) -> None:
    """The photo, with the map so far."""
    photo = pictures.shown(task.input.file)
    if state is None:
        st.image(photo, width=380, alt="The picture that is being explained")
        return
    heat = state.partial
    viewer(
        photo,
        heat,
        signed=signed and bool((heat < 0).any()),
        key=key,
        compact=compact,
        alt=f"The map for {about} so far, still growing.",
        region=state.facts["region"],
    )


def baseline(shown: np.ndarray, label: str, width: int) -> None:
    """A thumbnail of what the picture is compared with."""
    st.image(shown, alt=f"The baseline: {label}" if label else "The baseline picture", width=width)


def more(case: Case, answer: Answer, key: str) -> None:
    """Nothing more: the viewer shows it all."""


def _masks(case: Case, heat: np.ndarray) -> dict[str, np.ndarray]:
    return pictures.regions(case.input, heat.shape[-1], case.task.model.fit)
