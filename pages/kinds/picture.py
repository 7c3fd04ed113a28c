"""Pictures on the pages: gallery, upload, camera, and the heatmap viewer."""

from typing import Any, Unpack

import numpy as np
import streamlit as st

from explainers.figures import colours
from explainers.figures.asked import asked_mask
from explainers.figures.text import words
from explainers.models.zoo import demos
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import picture_view
from pages.kinds.page_kind import MapOptions
from pages.state.cases import Answer, Case
from pages.state.chosen import ChosenInput, ChosenModel
from pages.viewers.picture import viewer
from pages.widgets import pictures

title, missing, can_blink = "Picture", "a picture", True
THROUGH_ALL_SLICES = ("ablation", "rise", "shapley")
draw_hidden = None


def pick(model: ChosenModel) -> ChosenInput | None:
    """A picture from the gallery, an upload or the camera."""
    return pictures.pick(_known(model), model.spec)


def fit_model(model: ChosenModel, chosen: ChosenInput) -> ChosenModel:
    """A picture tells nothing of the model."""
    return model


def fit_options(
    method: str, options: dict[str, Any], model: ChosenModel, chosen: ChosenInput
) -> dict[str, Any]:
    """The options as they are; of a volume, windows that are as deep as they are wide."""
    spec = model.spec
    if method != "occlusion" or not spec.depth or spec.depth != len(spec.mean):
        return options
    high, wide = spec.sides
    window = int(options.get("window") or max(1, max(high, wide) // 8))
    stride = int(options.get("stride") or max(1, window // 2))
    deep = min(window, spec.depth)
    return options | {
        "window": [deep, window, window],
        "stride": [max(1, min(stride, deep)), stride, stride],
    }


def other_inputs(model: ChosenModel, chosen: ChosenInput) -> dict[str, ChosenInput]:
    """The pictures of the model's gallery."""
    return {sample.name: pictures.sample(sample.name) for sample in demos.gallery(_known(model))}


def draw(
    case: Case,
    heat: np.ndarray,
    *,
    key: str,
    alt: str,
    signed: bool,
    facts: dict[str, Any] | None = None,
    **options: Unpack[MapOptions],
) -> None:
    """The map over the photo: where it is a page's one large map, in the view that is chosen."""
    masks = _masks(case, heat)
    drawn: dict[str, Any] = {**options}
    layers, on_place = drawn.pop("layers", None), drawn.pop("on_place", None)
    controls = drawn.pop("controls", None) or st.container()
    if layers is not None and (depth := case.task.model.depth):
        heat, limit = _slice(layers, depth)
        drawn.setdefault("limit", limit)
    in_full = facts is not None and "limit" not in drawn
    if in_full:
        with controls:
            main = key == picture_view.MAIN
            view = picture_view.pick(heat.shape, key, "visible" if main else "collapsed")
        heat = picture_view.shown(view, heat, case.prediction[1]["input"])
        if view == "areas":
            drawn.setdefault("unit", "per cell")
    places = case.prediction[0].get("places") or {}
    grid = tuple(places.get("grid", ()))
    viewer(
        pictures.shown(case.task.input.file, case.task.model),
        heat,
        grid=grid if len(grid) == 2 else None,
        place=divmod(places["asked"][0], grid[1]) if _asks_one(places) else None,
        on_place=on_place,
        signed=signed,
        alt=alt,
        key=key,
        region=tuple(case.prediction[0]["region"]),
        mime="image/jpeg",
        masks=masks,
        **drawn,
    )
    if in_full and view == "areas" and key != picture_view.MAIN:  # which lists them
        st.caption(picture_view.strongest(heat))


limit = colours.colour_limit


def sentence(case: Case, heat: np.ndarray, what: str) -> str:
    """Where the scores lie, in the case's known regions if any."""
    left, top, width, height = case.prediction[0]["region"]
    place = "the picture" if width > 0.999 and height > 0.999 else "the cropped area"
    return words.picture_sentence(heat, f"*{case.about_as_text}*", what, _masks(case, heat), place)


def draw_partial(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    report: ProgressReport | None,
    key: str,
) -> None:
    """The photo, with the map so far."""
    photo = pictures.shown(task.input.file, task.model)
    if report is None or report.partial is None:
        st.image(photo, width=380, alt="The picture that is being explained")
        return
    heat = report.partial
    viewer(
        photo,
        heat,
        signed=signed and bool((heat < 0).any()),
        key=key,
        compact=compact,
        alt=f"The map for {about} so far, still growing.",
        region=report.facts["region"],
    )


def draw_baseline(shown: np.ndarray, label: str, width: int) -> None:
    """A thumbnail of what the picture is compared with."""
    shown = pictures.in_colour(shown)
    st.image(shown, alt=f"The baseline: {label}" if label else "The baseline picture", width=width)


def draw_details(case: Case, answer: Answer, key: str) -> None:
    """Of a volume, where its strongest slices are; of a map of areas, these one by one."""
    depth = case.task.model.depth
    if not depth:
        if key == picture_view.MAIN and picture_view.chosen(case) == "areas":
            heat = case.heat(answer[1]["scores"])
            picture_view.list_areas(heat, case.prediction[1]["input"])
        return
    scores = answer[1]["scores"]
    each = np.abs(scores.reshape(-1, depth, *scores.shape[1:]).sum(0, dtype=np.float64))
    shares = each.sum((1, 2)) / max(each.sum(), 1e-300)
    first = [f"{k + 1} ({words.percent(float(shares[k]))})" for k in shares.argsort()[::-1][:3]]
    spread = ""
    if case.task.method in THROUGH_ALL_SLICES:
        spread = (
            " This method hides a part in all slices at once, so it does not tell them apart: "
            "Integrated Gradients, DeepLIFT and occlusion do."
        )
    st.caption(
        f"Slice {pictures.drawn_slice(depth) + 1} of {depth} is drawn; the check is of all. "
        f"Most of the map's strength lies in slices {', '.join(first)}.{spread}"
    )


def _slice(scores: np.ndarray, depth: int) -> tuple[np.ndarray, float]:
    """The map (H, W) of the slice that is drawn, and the limit of the colours of all."""
    slices = scores.reshape(-1, depth, *scores.shape[1:]).sum(0, dtype=np.float64)
    return slices[pictures.drawn_slice(depth)], colours.colour_limit(slices.reshape(-1, 1))


def _known(model: ChosenModel) -> str:
    """The model's name where it has a gallery of its own; else ""."""
    return model.spec.name if model.spec.source in ("demo", "package") else ""


def _asks_one(places: dict[str, Any]) -> bool:
    return places.get("where") == "place" and len(places["grid"]) == 2


def _masks(case: Case, heat: np.ndarray) -> dict[str, np.ndarray]:
    height, width = heat.shape
    known = pictures.regions(case.input, (height, width), case.task.model.fit)
    places = case.prediction[0].get("places")
    asked = None if places is None else asked_mask(places, (height, width))
    return known if asked is None else {"what is asked about": asked, **known}
