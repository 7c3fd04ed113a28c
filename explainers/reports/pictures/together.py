"""Pictures of several explanations as one file: PNG side by side, PDF a page each, SVG zipped."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.backends.backend_pdf import PdfPages
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from explainers.reports.pictures.picture import picture
from explainers.reports.pictures.sheet import drawing

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation

WIDEST = 3200
"""Dots of all pictures beside each other."""


def png(explanations: Sequence[Explanation]) -> bytes:
    """All pictures in rows of up to three, with their alternative texts.

    Examples
    --------
    >>> import numpy as np
    >>> from explainers.reports.explanation import Explanation
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> one = Explanation("table", "saliency", scores, True, "risk", 2.0, names=("age", "mass"))
    >>> Image.open(io.BytesIO(png([one, one]))).width
    3200
    """
    sheets = [picture(one) for one in explanations]
    images = [Image.open(io.BytesIO(sheet.file("png"))).convert("RGB") for sheet in sheets]
    across = min(len(images), 2 if len(images) == 4 else 3)
    wide = min(images[0].width, WIDEST // across)
    images = [
        image.resize((wide, round(image.height * wide / image.width)), Image.Resampling.LANCZOS)
        if image.width != wide
        else image
        for image in images
    ]
    rows = [images[start : start + across] for start in range(0, len(images), across)]
    heights = [max(image.height for image in row) for row in rows]
    whole = Image.new("RGB", (wide * across, sum(heights)), "white")
    for row, images_of_row in enumerate(rows):
        for column, image in enumerate(images_of_row):
            whole.paste(image, (column * wide, sum(heights[:row])))
    told = PngInfo()
    told.add_itxt("Title", "; ".join(one.title for one in explanations))
    told.add_itxt("Description", " ".join(sheet.alt for sheet in sheets))
    told.add_text("Software", "Evident")
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", pnginfo=told)
    return buffer.getvalue()


def pdf(explanations: Sequence[Explanation]) -> bytes:
    """A page each."""
    buffer = io.BytesIO()
    told = {"Title": "; ".join(one.title for one in explanations), "CreationDate": None}
    with drawing(), PdfPages(buffer, metadata=told) as pages:
        for one in explanations:
            pages.savefig(picture(one))
    return buffer.getvalue()


def svgs(explanations: Sequence[Explanation]) -> bytes:
    """An archive of one SVG each, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, one in enumerate(explanations):
            archive.writestr(f"{place + 1}.svg", picture(one).file("svg"))
    return buffer.getvalue()
