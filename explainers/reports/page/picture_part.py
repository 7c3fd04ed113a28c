"""The picture in a report: of a photo the map over it, to fade and enlarge; else the drawing."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from PIL import Image

from explainers.figures.colours import SEQUENTIAL, SIGNED, colour_limit
from explainers.figures.text.labels import number

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation

LARGEST_SIDE, LARGEST_BYTES = 1000, 600_000


def picture_part(explanation: Explanation, place: int = 0, side: int = LARGEST_SIDE) -> str:
    """The figure of a report as HTML; everything that it shows lies in it.

    Parameters
    ----------
    explanation : Explanation
    place : int
        Which of the figures of a page it is, from 0.
    side : int
        Dots that the longer side of a photo has at most.
    """
    from explainers.reports.pictures.picture import picture
    from explainers.reports.sentence import alt_text

    if explanation.depth:
        return _all_slices(explanation)
    if explanation.kind == "picture":
        return _over_photo(explanation, alt_text(explanation), str(place or ""), side)
    if not explanation.kind:
        return ""
    sheet = picture(explanation)
    drawn = base64.b64encode(sheet.file("svg")).decode()
    source = f"data:image/svg+xml;base64,{drawn}"
    return f'<figure><img alt="{escape(sheet.alt)}" src="{source}"></figure>'


def _all_slices(explanation: Explanation) -> str:
    """A volume's slices, smaller as JPEG where they are pictures of many greys."""
    from explainers.reports.pictures.picture import picture

    sheet = picture(explanation)
    drawn, kind = sheet.file("png"), "png"
    if len(drawn) > LARGEST_BYTES:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(drawn)).convert("RGB").save(buffer, "JPEG", quality=85)
        drawn, kind = buffer.getvalue(), "jpeg"
    source = f"data:image/{kind};base64,{base64.b64encode(drawn).decode()}"
    return f'<figure><img alt="{escape(sheet.alt)}" src="{source}"></figure>'


def _over_photo(explanation: Explanation, alt: str, place: str, side: int) -> str:
    from explainers.reports.pictures.photo import OPACITY, bare_map

    strong, limit = round(100 * OPACITY), explanation.limit
    limit = limit or colour_limit(explanation.shown_heat)
    coloured = base64.b64encode(bare_map(explanation)).decode()
    left, top, width, height = (f"{100 * side:.4f}%" for side in explanation.region)
    under, style = "", f"left:{left};top:{top};width:{width};height:{height}"
    if explanation.photo is not None:
        photo = f"data:image/jpeg;base64,{_jpeg(explanation, side)}"
        under = f'<img class="photo" alt="The picture, in grey" src="{photo}">'
    else:
        style = "position:static;width:100%"
    stops = SIGNED if explanation.signed else SEQUENTIAL
    gradient = ",".join("rgb({},{},{})".format(*stop) for stop in stops)
    ends = [-limit, 0.0, limit] if explanation.signed else [0.0, limit]
    words = "blue opposes, red supports" if explanation.signed else "strength, without a sign"
    numbers = "".join(f"<span>{number(end, sign=explanation.signed)}</span>" for end in ends)
    return f"""<figure>
<div class="frame" tabindex="0" role="group" aria-label="The map; it scrolls when enlarged">
<div class="stack" id="stack{place}">{under}<img class="map" id="map{place}" alt="{escape(alt)}"
style="{style};opacity:{OPACITY}" src="data:image/png;base64,{coloured}"></div></div>
<div class="bars"><label>Strength of the map <input type="range" min="0" max="100" value="{strong}"
data-of="map{place}" data-sets="opacity"></label><label>Size <input type="range" min="100" max="400"
value="100" data-of="stack{place}" data-sets="width"></label></div>
<div class="scale" style="background:linear-gradient(to right,{gradient})"></div>
<div class="ends">{numbers}</div>
<figcaption class="quiet">{words}; zero is clear.</figcaption></figure>"""


def _jpeg(explanation: Explanation, side: int) -> str:
    assert explanation.photo is not None
    image = Image.fromarray(explanation.photo)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return base64.b64encode(buffer.getvalue()).decode()
