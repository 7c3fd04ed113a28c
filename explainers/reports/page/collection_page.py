"""Several answers in one report: side by side in words, how far they agree, then each in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import numpy as np

from explainers.checks.agreement import similarities
from explainers.figures.text import advice
from explainers.figures.text.labels import number
from explainers.figures.views import AT_SCALE
from explainers.reports.explanation import Explanation
from explainers.reports.page import ranking_page, report_page
from explainers.reports.page.frame import SIGN, framed, grid
from explainers.reports.page.ranking_page import Ranking
from explainers.reports.page.report_page import Source
from explainers.reports.pictures.words import plain

SIDE = 560
"""Dots of a photo's longer side, where a report has several."""


@dataclass(frozen=True)
class Part:
    """One answer of a report.

    Attributes
    ----------
    label : str
        What sets it apart from the others.
    answer : Explanation or Ranking
    source : Source
    """

    label: str
    answer: Explanation | Ranking
    source: Source


Shown: TypeAlias = "tuple[Part, Explanation]"


def collection_page(title: str, parts: Sequence[Part], by: str = "", comment: str = "") -> bytes:
    """The report's HTML, UTF-8.

    Parameters
    ----------
    title : str
    parts : sequence of Part
        At least one.
    by, comment : str
        Who made the report, and what they say of it.

    Examples
    --------
    >>> one = Explanation("table", "saliency", np.ones(1, np.float32), True, "y", 1.0, names=("a",))
    >>> page = collection_page("Two", [Part("<A>", one, Source()), Part("B", one, Source())])
    >>> "&lt;A&gt;" in page.decode(), "<A>" in page.decode()
    (True, False)
    """
    records: list[dict[str, Any]] = []
    sections: list[str] = []
    shown: list[Shown] = []
    summary = []
    side = SIDE if len(parts) > 1 else report_page.LARGEST_SIDE
    for place, part in enumerate(parts):
        if isinstance(part.answer, Ranking):
            record = ranking_page.told(part.answer, part.source)
            found = ranking_page.parts(part.answer, part.source, record)
            says = plain(part.answer.sentence)
        else:
            one, record = report_page.told(part.answer, part.source)
            found = report_page.parts(one, part.source, record, place, side)
            shown.append((part, one))
            says = f"{plain(one.sentence)} ({part.answer.about}: {number(part.answer.output, 4)})"
        records.append(record | {"label": part.label})
        summary.append([part.label, says])
        # Names are escaped, so a heading is one of ours.
        lower = [each.replace("<h2>", "<h3>").replace("</h2>", "</h3>") for each in found[1:]]
        sections += [f"<h2>{escape(part.label)}</h2>", f"<p><b>{escape(says)}</b></p>", *lower]
    head = [f"<h1>{escape(title)}</h1>"]
    head.append(f'<p class="quiet">{escape(_made(len(parts), by))}</p>')
    if comment:
        head.append(f"<p>{escape(comment)}</p>")
    head.append(grid(["", "What it says"], summary))
    head += _agreement(shown)
    record = {
        "made": report_page.now(),
        "by": by,
        "versions": report_page.versions(),
        "about": title,
        "several": records,
    }
    return framed(title, [*head, *sections, SIGN], record)


def _made(count: int, by: str) -> str:
    answers = f"{count} answers" if count > 1 else "One answer"
    return f"{answers}, {report_page.now()}{', by ' + by if by else ''}. Made with Evident."


def _agreement(shown: Sequence[Shown]) -> list[str]:
    """How far maps of one input agree, as tables; nothing where fewer than two are of one."""
    alike: dict[Any, list[tuple[str, Explanation]]] = {}
    for part, one in shown:
        given = part.answer
        assert isinstance(given, Explanation)
        values = b"" if given.input is None else given.input.tobytes()
        key = (given.title, values, given.scores.shape)
        alike.setdefault(key, []).append((part.label, one))
    found = []
    for (title, *_), group in alike.items():
        if len(group) < 2:
            continue
        names, ones = [name for name, _ in group], [one for _, one in group]
        views = {one.view for one in ones}
        view = views.pop() if len(views) == 1 else "cells"
        maps = [one.heat if view == "cells" else one.shown_heat for one in ones]
        scale = f"<p>The maps are compared {AT_SCALE[view]}.</p>" if view else ""
        overlap, ranks = similarities(maps, [one.signed for one in ones])
        found += [
            f"<h2>How far they agree on {escape(title)}</h2>",
            f"<p>{escape(plain(advice.agreement(names, overlap)))}</p>",
            scale,
            "<p>Overlap of the hottest tenth: 1 is the same places, 0.1 what chance gives.</p>",
            _matrix(names, overlap),
            "<p>Rank correlation of all scores; of strengths where one map has no sign.</p>",
            _matrix(names, ranks),
        ]
    return found


def _matrix(names: Sequence[str], values: np.ndarray) -> str:
    rows = [
        [name, *(f"{value:.2f}" if np.isfinite(value) else "none" for value in row)]
        for name, row in zip(names, values, strict=True)
    ]
    return grid(["", *names], rows)
