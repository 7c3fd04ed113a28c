"""What a network sees of a picture: height and width, what of it, and the normalisation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.kinds import scaling
from explainers.models.card import LARGEST
from explainers.models.spec import PREPARATIONS, ModelSpec, Preparation, preparation
from pages.state import address

FITS = {
    "crop": "Centre crop",
    "stretch": "Whole picture, stretched",
    "pad": "Whole picture, padded",
}
OWN = "Own"
PHOTO_CHANNELS = (1, 3)
NAMES = {
    "0–255": "0–255",
    "0–255, BGR": "0–255, blue first (BGR)",
    "Caffe": "Caffe: 0–255, blue first (BGR), less the mean of ImageNet",
}
AS_THEY_ARE = "0–1"


def pick(spec: ModelSpec, shape: Sequence[int], card: dict[str, Any]) -> ModelSpec:
    """Draw the questions with the inspection's guesses as defaults; the spec with the answers.

    Parameters
    ----------
    spec : ModelSpec
    shape : sequence of int
        Channels, height and width of what the network took.
    card : dict
        The inspection's: `declared` sides, `normalisation`.
    """
    channels, *sides = shape
    height, width = _sides(sides, card["declared"])
    fit = address.select(
        st.selectbox, "fit", list(FITS), "crop", label="What it sees", format_func=FITS.get
    )
    found = card["normalisation"]["name"] if card["normalisation"] else AS_THEY_ARE
    depth = spec.depth or 1
    chosen = _preparation(found, channels, depth)
    spec = replace(spec, **chosen._asdict())
    return replace(spec, size=height, width=0 if width == height else width, fit=fit)


def _sides(guess: Sequence[int], declared: Sequence[int]) -> tuple[int, int]:
    """Height and width in px; only what the file leaves free is asked."""
    if all(declared):
        st.caption(f"It sees {declared[0]} × {declared[1]} px, as the file says.")
        return declared[0], declared[1]
    left, right = st.columns(2)
    with left:
        height = declared[0] or _side("size", "Input height, in pixels", guess[0])
    with right:
        square = guess[0] == guess[1]
        width = declared[1] or _side(
            "width", "Input width, in pixels", height if square else guess[1]
        )
    return height, width


def _side(name: str, label: str, default: int) -> int:
    return address.widget(
        st.number_input,
        name,
        default=default,
        label=label,
        min_value=1,
        max_value=LARGEST,
        step=1,
        validate=_possible,
    )


def _possible(value: Any) -> int:
    if isinstance(value, bool) or not 1 <= int(value) <= LARGEST:
        raise ValueError
    return int(value)


def _preparation(default: str, channels: int, depth: int) -> Preparation:
    """What happens to each channel: a known normalisation, or typed numbers."""
    names = [name for name in PREPARATIONS if preparation(name, channels) is not None]
    photo = channels in PHOTO_CHANNELS and depth == 1
    as_they_are = "0–1" if photo else "As they are; 8 bits as 0–1"
    name = address.select(
        st.selectbox,
        "normalise",
        [*names, OWN],
        default if default in names else AS_THEY_ARE,
        label="Normalisation",
        format_func=lambda name: as_they_are if name == AS_THEY_ARE else NAMES.get(name, name),
    )
    known = preparation(name, channels) if name in names else None
    if known is not None:
        return known
    own = _own(channels // depth)  # all slices of a channel alike
    mean, std = (tuple(n for n in numbers for _ in range(depth)) for numbers in (own.mean, own.std))
    return own._replace(mean=mean, std=std, order=own.order if depth == 1 else "RGB")


def _own(channels: int) -> Preparation:
    """Mean and standard deviation of each channel, the scale they are on, and the order."""
    left, right = st.columns(2)
    with left:
        mean = _numbers("mean", "Mean of each channel", "0.5", channels)
        white = address.select(
            st.selectbox,
            "white",
            [1, 255],
            1,
            label="White is",
            help="On which scale these numbers are: 1 for pixels from 0 to 1, 255 for bytes.",
        )
    with right:
        std = _numbers("std", "Standard deviation", "0.25", channels)
        order = "RGB"
        if channels == 3:
            order = address.select(
                st.selectbox, "order", ["RGB", "BGR"], "RGB", label="Order of its channels"
            )
    return Preparation(mean, std, float(white), order)


def _numbers(name: str, label: str, one: str, count: int) -> tuple[float, ...]:
    default = ", ".join([one] * count)
    text = address.widget(st.text_input, name, default=default, label=label)
    try:
        return scaling.read_numbers(text, count, positive=name == "std")
    except Problem:
        above = " above 0" if name == "std" else ""
        st.error(
            f"{label}: {count} numbers{above} with commas between them, for example {default}."
        )
    return scaling.read_numbers(default, count)
