"""Maps of a run in its report: small pictures with their words, side by side."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from explainers.figures.colours import colour_limit, overlay
from explainers.figures.many.mean_maps import as_rows, drawn_map, mean_maps
from explainers.figures.text.labels import number, shortened
from explainers.figures.views import usual_view
from explainers.figures.views.smoothing import smooth
from explainers.methods import METHODS
from explainers.options import make_options
from explainers.reports.pictures.photo import OPACITY
from explainers.reports.runs.contents import RunContents

NAME, SENTENCE, COLUMNS = 120, 400, 5
"""Letters of a name and of a sentence; columns of a strange row that are told."""


def mean_cards(contents: RunContents) -> str:
    """The mean map of each class, and how it was made, as HTML."""
    classes = [one for one in contents.summary.classes if one.mean is not None]
    signed = is_signed(contents)
    cards = [
        _card(
            f"data:image/png;base64,{_encoded(one.png)}",
            one.alt,
            one.name or "all",
            [f"{one.count:,} maps"],
        )
        for one in mean_maps(classes, contents.kind, signed)
    ]
    colours = "Red supports, blue opposes" if signed else "Darker is stronger"
    said = (
        "Each map is divided by the sum of its sizes before the mean is taken, so that every "
        f"input counts alike. {colours}; all maps have one scale."
    )
    left_out = sum(one.mean.left_out for one in classes if one.mean is not None)
    if left_out:
        said += f" {left_out:,} maps that are zero everywhere, or of another shape, are not in it."
    return f"<p>{escape(said)}</p>{_side_by_side(cards)}"


def strange_cards(contents: RunContents) -> str:
    """The strangest inputs with their maps and the reasons, as HTML."""
    cards = []
    for one in contents.strange:
        scores = contents.maps.get(one.index)
        name = shortened(one.name, NAME)
        reasons = [shortened(reason, SENTENCE) for reason in one.reasons]
        source = ""
        if scores is not None and contents.kind == "table":
            reasons.append(_strongest(contents, scores))
        elif scores is not None:
            source = _picture(contents, one.index, as_rows(scores, contents.kind))
        elif one.index in contents.photos:
            source = _address(Image.fromarray(contents.photos[one.index]))
        alt = f"The map of {name}" if contents.explains else name
        cards.append(_card(source, alt, name, reasons))
    return _side_by_side(cards)


def is_signed(contents: RunContents) -> bool:
    """Whether scores may be below 0."""
    asked = contents.told["asked"]
    method = METHODS.get(asked["method"])
    if method is None:
        return True
    return method.knows_sign(make_options(method.options, asked["options"], method.name))


def _picture(contents: RunContents, index: int, heat: np.ndarray) -> str:
    """The address of a map: over the photo where that may be shown."""
    signed, photo = is_signed(contents), contents.photos.get(index)
    if contents.kind == "picture" and usual_view(heat.shape) != "cells":
        heat = smooth(heat)
    if photo is None:
        return f"data:image/png;base64,{_encoded(drawn_map(heat, signed))}"
    grey = np.asarray(Image.fromarray(photo).convert("L").convert("RGB"))
    return _address(Image.fromarray(overlay(grey, heat, signed, colour_limit(heat), OPACITY)))


def _address(drawn: Image.Image) -> str:
    drawn.thumbnail((320, 320), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    drawn.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{_encoded(buffer.getvalue())}"


def _strongest(contents: RunContents, scores: np.ndarray) -> str:
    """A row's strongest columns, in words."""
    columns = contents.told["asked"]["prepared"]["columns"]
    order = np.argsort(-np.abs(scores), kind="stable")[:COLUMNS]
    told = [
        f"{shortened(columns[k]) if k < len(columns) else f'column {k + 1}'} "
        f"{number(float(scores[k]), sign=is_signed(contents))}"
        for k in order.tolist()
    ]
    return f"Strongest: {', '.join(told)}."


def _card(source: str, alt: str, name: str, lines: Sequence[str]) -> str:
    image = f'<img alt="{escape(alt)}" src="{source}">' if source else ""
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f"<figure>{image}<figcaption><b>{escape(name)}</b>{said}</figcaption></figure>"


def _side_by_side(cards: Sequence[str]) -> str:
    return f'<div class="cards">{"".join(cards)}</div>'


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
