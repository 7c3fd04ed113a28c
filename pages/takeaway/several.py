"""Several explanations to take away together: pictures, numbers, and one report of all."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import streamlit as st

from explainers.reports import numbers
from explainers.reports.explanation import Explanation
from explainers.reports.page.collection_page import Part, collection_page
from pages.answers import take_away
from pages.answers.explained import explained
from pages.answers.grid import Panel
from pages.kinds import picture_view
from pages.state.cases import Case
from pages.viewers.copying import copying

ViewOf: TypeAlias = Callable[[Case], str]
"""Which view a case's map is shown in."""


def section(
    panels: Sequence[Panel], title: str, key: str, view_of: ViewOf = picture_view.chosen
) -> None:
    """Draw the downloads of a comparison; each file is made when it is asked for.

    Parameters
    ----------
    panels : sequence of Panel
        All finished.
    title : str
        Of the report, as text.
    key : str
        Of the place on the page.
    view_of : callable
        The view in which the page shows a map, whose scale the panels have.
    """
    with st.expander("Take away", icon=":material/download:"):
        offer = functools.partial(take_away.download, stem=take_away.file_name(title), key=key)
        ones = [shown(panel, view_of) for panel in panels]
        kinds = {panel.case.kind.key for panel in panels}
        _pictures(ones, kinds, offer, key)
        st.markdown("**Numbers**, of all maps in one file")
        with st.container(horizontal=True):
            parquet = "application/vnd.apache.parquet"
            offer("CSV", "csv", "text/csv", lambda: numbers.as_csv(ones))
            offer("Parquet", "parquet", parquet, lambda: numbers.as_parquet(ones))
            if len({panel.answer[1]["scores"].shape for panel in panels}) == 1:
                binary = "application/octet-stream"
                offer("NPZ", "npz", binary, lambda: numbers.as_npz(ones))
            else:
                offer("NPZ", "npz.zip", "application/zip", lambda: _npz_each(ones))
        report(panels, ones, title, key)


def report(panels: Sequence[Panel], ones: Sequence[Explanation], title: str, key: str) -> None:
    """Draw the one report of all panels, and what is asked for it.

    Parameters
    ----------
    panels : sequence of Panel
    ones : sequence of Explanation
        Of each, see `shown`.
    title : str
        As text.
    key : str
        Of the place on the page.
    """
    st.markdown("**Report** of all: one page that opens anywhere, prints, and can be checked")
    by, comment = asked(key)
    with_input = st.checkbox(
        "Put the inputs themselves into it",
        key=f"{key}_with_input",
        help="Else it holds the maps, the scores and digests, and nothing that tells values.",
    )

    given = parts(panels, ones, with_input)
    take_away.download(
        "Report",
        "html",
        "text/html",
        lambda: collection_page(title, given, by, comment),
        stem=take_away.file_name(title),
        key=key,
    )


def asked(key: str) -> tuple[str, str]:
    """Draw who makes a report, and what they say of it."""
    left, right = st.columns([2, 3], vertical_alignment="center")
    by = left.text_input("Made by", key=f"{key}_by", placeholder="Your name")
    comment = right.text_input("Comment", key=f"{key}_comment", placeholder="What it is for")
    return by, comment


def parts(panels: Sequence[Panel], ones: Sequence[Explanation], with_input: bool) -> list[Part]:
    """The panels as parts of a report; `ones` are their explanations."""
    found = []
    for panel, one in zip(panels, ones, strict=True):
        case = panel.case
        # The title stays that of the input, by which maps of one input are found.
        one = replace(one, title=case.input.name)
        given = take_away.with_source(case, one, take_away.files_of(case), with_input=with_input)
        found.append(Part(case.label, *given))
    return found


def shown(panel: Panel, view_of: ViewOf = picture_view.chosen) -> Explanation:
    """The panel's explanation as a comparison draws it: in its view, on the shared scale."""
    one = explained(panel.case, panel.answer, view_of(panel.case))
    # A volume's page shows the sum of its slices, the file each of them.
    limit = None if one.depth else panel.limit
    return replace(one, title=f"{panel.case.label}: {one.title}", limit=limit)


def _pictures(
    ones: list[Explanation], kinds: set[str], offer: Callable[..., None], key: str
) -> None:
    volumes = any(one.depth for one in ones)
    scale = (
        "all slices, each volume on a scale of its own" if volumes else "on the scale of this page"
    )
    st.markdown(f"**Pictures**, {scale}")
    with st.container(horizontal=True):
        offer("PNG", "png", "image/png", lambda: _together("png", ones))
        copying(lambda: _together("png", ones), f"{key}_copy", "these pictures")
        if kinds <= set(take_away.LINES):
            offer("PDF", "pdf", "application/pdf", lambda: _together("pdf", ones))
            offer("SVG", "svg.zip", "application/zip", lambda: _together("svgs", ones))


def _together(form: str, ones: Sequence[Explanation]) -> bytes:
    """One file of all pictures; what draws it is imported once somebody asks for one."""
    from explainers.reports.pictures import together

    draw: Callable[[Sequence[Explanation]], bytes] = getattr(together, form)
    return draw(ones)


def _npz_each(ones: Sequence[Explanation]) -> bytes:
    """Maps of different sizes: an archive of one file each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place, one in enumerate(ones):
            name = f"{place + 1}_{take_away.file_name(one.title)}.npz"
            archive.writestr(name, numbers.as_npz([one]))
    return buffer.getvalue()
