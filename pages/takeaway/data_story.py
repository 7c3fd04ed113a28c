"""What a story over a data set has found, to take away: its charts, tables, code, one report."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from explainers.models.zoo.demos import demos
from explainers.reports import ranking as files
from explainers.reports.page.collection_page import Part, collection_page
from explainers.reports.page.report_page import Source
from explainers.reports.pictures.panels import chart_sheet
from explainers.reports.pictures.sheet import Sheet
from explainers.reports.ranking import Ranking
from explainers.service.tasks.importance import Importance
from pages.answers import take_away
from pages.stories.examples import chosen_input
from pages.stories.story import Tables
from pages.takeaway import ranking, several


class Told(NamedTuple):
    """A table with the words of its page, what it answers, and where it comes from."""

    task: Importance
    one: Ranking
    source: Source


def section(found: Tables, title: str, key: str) -> None:
    """Draw the downloads of a story; each file is made when it is asked for.

    Parameters
    ----------
    found : Tables
    title : str
        Of the story.
    key : str
        Of the place on the page.
    """
    with st.expander("Take away", icon=":material/download:"):
        offer = functools.partial(take_away.download, stem=take_away.file_name(title), key=key)
        tables = told(found)
        _charts(found, title, offer, key)
        names = list(tables)
        name = names[0]
        if len(names) > 1:
            name = st.selectbox("Table of the pictures", names, key=f"{key}_table")
        place = names.index(name)
        stem = take_away.file_name(f"{title} {name}")
        drawn = functools.partial(take_away.download, stem=stem, key=f"{key}_{place}")
        ranking.pictures_of(tables[name].one, drawn, f"{key}_{place}")
        of_all = {name: table.one for name, table in tables.items()}
        st.markdown(f"**Numbers{' of all tables' if len(names) > 1 else ''}**")
        with st.container(horizontal=True):
            offer("CSV", "csv", "text/csv", lambda: files.as_csv(of_all))
            offer("Parquet", "parquet", ranking.PARQUET, lambda: files.as_parquet(of_all))
            if len(names) == 1:
                binary = "application/octet-stream"
                offer("NPZ", "npz", binary, lambda: files.as_npz(of_all[name]))
            else:
                offer("NPZ", "npz.zip", "application/zip", lambda: _npz_each(of_all))
        ranking.code(list(tables.values()), offer)
        st.markdown("**Report** of all: one page that opens anywhere, prints, and can be checked")
        by, comment = several.asked(key)
        parts = [Part(name, table.one, table.source) for name, table in tables.items()]
        page = functools.partial(collection_page, title, parts, by, comment)
        offer("Report", "html", "text/html", page)


def _charts(found: Tables, title: str, offer: ranking.Offer, key: str) -> None:
    """Draw the downloads of one of the page's charts."""
    st.markdown("**Charts of this page**")
    names = list(found.charts)
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Chart", names, key=f"{key}_chart")
    figure = found.charts[name]

    @functools.cache
    def drawn() -> Sheet:
        about = found.charts[name].layout.meta["alt"]
        return chart_sheet(figure, f"{title} {name}", about, "Made with Evident.")

    ranking.forms(offer, drawn, f"chart_{names.index(name) + 1}", key)


def told(found: Tables) -> dict[str, Told]:
    """The story's tables with the words that the page of importance has for them."""
    tables = {}
    for name, (task, table) in found.tables.items():
        model = task.rows.model.name
        demo, file = demos()[model], chosen_input(model, 0).file
        one = ranking.ranking(table, task, demo.outputs[task.output], demo.title)
        tables[name] = Told(task, one, ranking.source(task, model, file))
    return tables


def _npz_each(tables: Mapping[str, Ranking]) -> bytes:
    """An archive of one file each, as tables have inputs of their own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place, (name, one) in enumerate(tables.items()):
            archive.writestr(f"{place + 1}_{take_away.file_name(name)}.npz", files.as_npz(one))
    return buffer.getvalue()
