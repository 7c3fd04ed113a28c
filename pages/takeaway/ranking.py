"""A table of importance to take away: pictures, numbers, code, and a report that can be checked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import msgspec
import streamlit as st

from explainers.figures.text.quality import quality_sentence
from explainers.figures.text.ranking import ranking_sentence
from explainers.importance.tables.stored import StoredTable
from explainers.reports import ranking as files
from explainers.reports.page import ranking_page
from explainers.reports.page.report_page import Source
from explainers.reports.pictures import ranking as pictures
from explainers.reports.pictures.sheet import Sheet
from explainers.reports.ranking import Ranking
from explainers.service import importance_recipe
from explainers.service.code_version import code_version
from explainers.service.tasks.importance import Importance
from pages.answers import take_away
from pages.ranking import notes
from pages.ranking.answer import basis
from pages.ranking.lines import agreed, order
from pages.takeaway import several


def section(one: Ranking, source: Source, key: str) -> None:
    """Draw the downloads; each file is made when it is asked for.

    Parameters
    ----------
    one : Ranking
    source : Source
        Where it comes from, but for who makes the report.
    key : str
        Of the place on the page.
    """
    with st.expander("Take away", icon=":material/download:"):
        stem = take_away.file_name(f"{one.title} {one.about} importance")
        offer = functools.partial(take_away.download, stem=stem, key=key)
        drawn = functools.cache(lambda: pictures.ranks(one))
        st.markdown("**Table of ranks**")
        _forms(offer, drawn, "ranks")
        st.markdown("**Numbers of a method, drawn**")
        places = list(range(len(one.table.methods)))
        method = st.selectbox(
            "Method of the picture",
            places,
            format_func=lambda place: one.methods[place],
            key=f"{key}_method",
        )
        _forms(offer, functools.cache(lambda: pictures.bars(one, method)), "bars")
        st.markdown("**Numbers of all methods**")
        with st.container(horizontal=True):
            parquet = "application/vnd.apache.parquet"
            offer("CSV", "csv", "text/csv", lambda: files.as_csv(one))
            offer("Parquet", "parquet", parquet, lambda: files.as_parquet(one))
            offer("NPZ", "npz", "application/octet-stream", lambda: files.as_npz(one))
            if source.recipe:
                offer("Script", "py", "text/x-python", source.recipe.encode)
        st.markdown("**Report**: one page that opens anywhere, prints, and can be checked")
        by, comment = several.asked(key)
        own = replace(source, by=by, comment=comment)
        offer("Report", "html", "text/html", lambda: ranking_page.page_of(one, own))


def _forms(offer: Callable[..., None], drawn: Callable[[], Sheet], what: str) -> None:
    with st.container(horizontal=True):
        offer("PNG", f"{what}.png", "image/png", lambda: drawn().file("png"))
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
