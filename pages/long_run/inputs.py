"""The inputs of a run as they are, small: where there are no maps, the sheet shows these."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from explainers.errors import Problem
from explainers.figures.text.labels import shortened
from explainers.figures.text.words import number
from explainers.kinds import KINDS
from explainers.kinds.alphabet import text_of
from explainers.kinds.files.pictures.collection import of_one
from explainers.kinds.sequence import sequence_codes
from explainers.many.keeping.shards import Row
from pages.long_run.question import ManyQuestion

SIDE, WIDE, HIGH, FINER = 224, 176, 80, 3
"""Dots: of a picture's longer side; of a series' chart, which is drawn so many times as fine."""
COLUMNS, SHOWN_LETTERS, LINES = 3, 28, 4
"""Of a row, of a sequence, and of a series' variables so many are shown."""


def drawn(question: ManyQuestion, row: Row) -> bytes | None:
    """A small picture of an input; None for what is told in words, and what cannot be read."""
    kind, item = question.setting.model.spec.kind, int(question.items[row["index"]])
    try:
        if kind == "picture":
            return _photo(of_one(question.content, item)[0])
        return _lines(_values(question, item)) if kind == "series" else None
    except Problem:
        return None


def told(question: ManyQuestion, row: Row) -> str:
    """The beginning of a row or of a sequence, in words; "" of other kinds."""
    spec, item = question.setting.model.spec, int(question.items[row["index"]])
    if row["error"] is not None or spec.kind not in ("table", "sequence"):
        return ""
    if spec.kind == "sequence":
        letters = spec.shape[1] if len(spec.shape) == 2 else 0
        codes = sequence_codes(question.content, item, letters)[: SHOWN_LETTERS + 1]
        letters_shown = text_of(codes[:SHOWN_LETTERS])
        return letters_shown + "…" * (len(codes) > SHOWN_LETTERS)
    values = _values(question, item)[:COLUMNS]
    names = spec.columns or tuple(f"column {k + 1}" for k in range(len(values)))
    pairs = zip(names, values.tolist(), strict=False)
    return ", ".join(f"{shortened(name, 24)} {number(value)}" for name, value in pairs)


def _values(question: ManyQuestion, item: int) -> np.ndarray:
    spec = question.setting.model.spec
    values: np.ndarray = KINDS[spec.kind].inputs(question.content, spec, [item])[0]
    return values


def _photo(pixels: np.ndarray) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    factor = max(1, round(SIDE / max(image.size)))
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.LANCZOS)
    image.thumbnail((SIDE, SIDE))
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _lines(values: np.ndarray) -> bytes:
    """Variables (T, V) as lines, each on a scale of its own; time runs to the right."""
    wide, high = FINER * WIDE, FINER * HIGH
    image, buffer = Image.new("RGB", (wide, high), "white"), io.BytesIO()
    pen = ImageDraw.Draw(image)
    for place, line in enumerate(values.T[:LINES].astype(np.float64)):
        low, span = line.min(), float(np.ptp(line)) or 1.0
        across = np.linspace(0.02, 0.98, len(line)) * wide
        down = (0.95 - 0.9 * (line - low) / span) * high
        tone = 40 + 45 * place
        points = list(zip(across.tolist(), down.tolist(), strict=True))
        pen.line(points, fill=(tone, tone, tone), width=FINER)
    image.resize((WIDE, HIGH), Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()
