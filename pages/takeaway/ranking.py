"""A table of importance to take away: pictures, numbers, code, and a report that can be checked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import msgspec
import streamlit as st

from explainers.figures.text.quality import quality_sentence
from explainers.figures.text.ranking import ranking_sentence
from explainers.importance.tables.stored import StoredTable
from explainers.locations import code_version
from explainers.reports import ranking as files
from explainers.reports.page import ranking_page
from explainers.reports.page.report_page import Source
from explainers.reports.pictures import ranking as pictures
from explainers.reports.pictures.sheet import Sheet
from explainers.reports.ranking import Ranking
from explainers.service import importance_notebook, importance_recipe, notebook
from explainers.service.tasks.importance import Importance
from pages.answers import take_away
from pages.ranking import notes
from pages.ranking.answer import basis
from pages.ranking.lines import agreed, order
from pages.takeaway import several
from pages.viewers.copying import copying

Offer: TypeAlias = Callable[..., None]
"""Draws a button of a download, as `take_away.download` with its stem and key."""

PARQUET = "application/vnd.apache.parquet"


def section(one: Ranking, source: Source, task: Importance, key: str) -> None:
    """Draw the downloads of a table; each file is made when it is asked for.

    Parameters
    ----------
    one : Ranking
    source : Source
        Where it comes from, but for who makes the report.
    task : Importance
        What it answers.
    key : str
        Of the place on the page.
    """
    with st.expander("Take away", icon=":material/download:"):
        stem = take_away.file_name(f"{one.title} {one.about} importance")
        offer = functools.partial(take_away.download, stem=stem, key=key)
        pictures_of(one, offer, key)
        st.markdown("**Numbers of all methods**")
        with st.container(horizontal=True):
            offer("CSV", "csv", "text/csv", lambda: files.as_csv(one))
            offer("Parquet", "parquet", PARQUET, lambda: files.as_parquet(one))
            offer("NPZ", "npz", "application/octet-stream", lambda: files.as_npz(one))
        code([(task, one, source)], offer)
        st.markdown("**Report**: one page that opens anywhere, prints, and can be checked")
        by, comment = several.asked(key)
        own = replace(source, by=by, comment=comment)
        offer("Report", "html", "text/html", lambda: ranking_page.page_of(one, own))


def pictures_of(one: Ranking, offer: Offer, key: str) -> None:
    """Draw the downloads of a table's pictures: its ranks, and the numbers of a method."""
    st.markdown("**Table of ranks**")
    forms(offer, functools.cache(lambda: pictures.ranks(one)), "ranks", key)
    st.markdown("**Numbers of a method, drawn**")
    places = list(range(len(one.table.methods)))
    method = places[0]
    if len(places) > 1:
        method = st.selectbox(
            "Method of the picture",
            places,
            format_func=lambda place: one.methods[place],
            key=f"{key}_method",
        )
    forms(offer, functools.cache(lambda: pictures.bars(one, method)), "bars", key)


def code(tables: Sequence[tuple[Importance, Ranking, Source]], offer: Offer) -> None:
    """Draw the downloads of the code for tables, one after the other; none where there is none."""
    if not all(source.recipe for _, _, source in tables):
        return

    def parts() -> list[tuple[str, str]]:
        return [
            part
            for task, one, source in tables
            for part in importance_notebook.cells(task, one, source.data, source.model)
        ]

    st.markdown("**Code** that computes, draws and checks it")
    with st.container(horizontal=True):
        ipynb = "application/x-ipynb+json"
        offer("Notebook", "ipynb", ipynb, lambda: notebook.notebook(parts()))
        offer("Script", "py", "text/x-python", lambda: notebook.script(parts()).encode())


def forms(offer: Offer, drawn: Callable[[], Sheet], what: str, key: str) -> None:
    """Draw the downloads of a drawing: PNG, to the clipboard too, SVG, PDF."""
    with st.container(horizontal=True):
        offer("PNG", f"{what}.png", "image/png", lambda: drawn().file("png"))
        copying(lambda: drawn().file("png"), f"{key}_copy_{what}")
        offer("SVG", f"{what}.svg", "image/svg+xml", lambda: drawn().file("svg"))
        offer("PDF", f"{what}.pdf", "application/pdf", lambda: drawn().file("pdf"))


def ranking(
    table: StoredTable, task: Importance, about: str, title: str, rows: int = 0, one: str = "row"
) -> Ranking:
    """The table with the words of its page.

    Parameters
    ----------
    table : StoredTable
    task : Importance
        What it answers.
    about, title : str
        The output, and the data, as people call them.
    rows : int
        How many were asked about; 0 where that is not known.
    one : str
        One of them in words.
    """
    warnings, _, left_out = notes.sorted_notes(table)
    quality = quality_sentence(table.quality, rows, one)[0] if table.quality and rows else ""
    return Ranking(
        table,
        about,
        title,
        tuple(order(table).tolist()),
        tuple(notes.unit_of(table, key) for key in table.methods),
        ranking_sentence(table.names, *agreed(table)),
        basis(table)[0],
        quality,
        tuple(warnings),
        tuple(left_out),
        msgspec.to_builtins(task),
    )


def source(task: Importance, network: str, file: str) -> Source:
    """Where a table comes from.

    Parameters
    ----------
    task : Importance
    network : str
        The network's name for people.
    file : str
        What people call the file of the data.
    """
    spec = task.rows.model
    weights = take_away.weights_file(spec)
    digests = {"code": code_version(), "data": task.rows.input.file.partition(".")[0]}
    if spec.source == "upload":
        digests["model"] = spec.weights.partition(".")[0]
    return Source(
        model=weights if spec.source in ("upload", "python") else network,
        data=file,
        digests={name: digest for name, digest in digests.items() if digest},
        recipe=importance_recipe.recipe(task, file, weights),
        task=msgspec.to_builtins(task),
    )
