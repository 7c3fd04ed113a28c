"""The report of a run on the page: the same as of a run in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from explainers.kinds.files.pictures.collection import of_one
from explainers.many.keeping import manifest
from explainers.many.keeping.shards import Row
from explainers.many.strangeness import Strange
from explainers.many.summary.labels import Labels
from explainers.reports.runs.contents import contents_of
from explainers.reports.runs.page import run_page
from explainers.service.tasks.many.plan import ManyPlan
from pages.answers import take_away
from pages.long_run import rows as kept
from pages.long_run.question import ManyQuestion
from pages.takeaway import several


class StoredRun:
    """A run in the store, as reports read runs; see `explainers.reports.runs.contents.RunData`."""

    def __init__(self, question: ManyQuestion, rows: Sequence[Row]) -> None:
        self._question, self._rows = question, rows

    @property
    def told(self) -> dict[str, Any]:
        """What it was asked, of what, and with which versions."""
        question, plan = self._question, self._question.plan
        spec = question.setting.model.spec
        prepared = {k: v for k, v in asdict(spec).items() if k not in ("name", "weights")}
        network = (spec.weights or spec.name).encode()
        return {
            "asked": {
                "network": hashlib.sha256(network).hexdigest(),
                "name": question.setting.model.name,
                "prepared": prepared,
                **_asked(plan),
            },
            "source": question.setting.input.file,
            "inputs": plan.count,
            "source_digest": plan.question.input.file.partition(".")[0],
            "notes": list(question.content[0].get("notes", [])),
            "classes": list(question.names),
            "left_out": [],
            "versions": manifest.versions(),
        }

    def rows(self, columns: Sequence[str] | None = None) -> Sequence[Row]:
        """Those that there are."""
        return self._rows

    def maps(self, wanted: Container[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of the inputs that are wanted, or all."""
        plan = self._question.plan
        if wanted is None:
            return kept.maps(plan)
        return kept.maps(plan, {index for index in range(plan.count) if index in wanted})


def _asked(plan: ManyPlan) -> dict[str, Any]:
    """The question, as a run in a folder tells it; see `explainers.many.question`."""
    asked = plan.explanation
    if asked is None:
        return {"method": None, "target": plan.question.target}
    return {
        "method": asked.method,
        "baseline": asked.baseline.key,
        "target": asked.target,
        "score": asked.score,
        "options": asked.options,
        "checks": list(plan.checks),
    }


def section(question: ManyQuestion, rows: Sequence[Row], labels: Labels | None) -> None:
    """Draw the download of the report, and what is asked for it."""
    st.markdown("**Report**: one page that opens anywhere and prints")
    by, comment = several.asked("many_report")
    shown = False
    if question.one == "picture":
        shown = st.checkbox(
            "Put the strangest pictures themselves into it",
            key="many_report_photos",
            help="Else it holds their maps alone."
            if question.plan.explanation
            else "Else it holds their names alone.",
        )

    def photos(strange: Sequence[Strange]) -> Mapping[int, np.ndarray]:
        items = question.items
        return {one.index: of_one(question.content, int(items[one.index]))[0] for one in strange}

    def made() -> bytes:
        run = StoredRun(question, rows)
        return run_page(contents_of(run, labels, None, photos if shown else None), by, comment)

    stem = take_away.file_name(f"{question.setting.model.name} {question.several(len(rows))}")
    take_away.download("Report", "html", "text/html", made, stem=stem, key="many_report")
