"""One entry of the shelf: thumbnail, name, what differs, and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from explainers.figures.text.differences import difference_sentence
from explainers.figures.text.sentences import escape_markdown
from explainers.service.storage.shelf import LONGEST_NAME, LONGEST_NOTE, Run
from pages.state import service

PAGES = {
    "explain": "Explain",
    "compare": "Compare",
    "importance": "Importance",
    "many": "Many",
}
SHOWN = ("asked", "method", "methods", "baseline", "network")
"""Words of an entry's line; the others tell what differs."""


def draw(key: str, run: Run, before: Run | None, picked: bool, version: int) -> tuple[bool, bool]:
    """Draw the entry.

    Parameters
    ----------
    key : str
        Of the entry.
    run : Run
    before : Run or None
        The entry that was asked before it.
    picked : bool
        Whether it is chosen at first.
    version : int
        Changes where the choice was made by something else than the widget.

    Returns
    -------
    (bool, bool)
        Whether it is chosen, and whether somebody wants to delete it.
    """
    short = key[:16]
    with st.container(border=True, key=f"run_{short}"):
        tick, picture, words, ways = st.columns(
            [0.4, 1.9, 6.2, 2.6], vertical_alignment="center", gap="small"
        )
        name = run.name or run.title
        chosen = tick.checkbox(
            f"Choose {escape_markdown(name)}",
            value=picked,
            key=f"pick_{short}_{version}",
            label_visibility="collapsed",
        )
        if run.thumbnail:
            picture.image(run.thumbnail, alt=run.alt or "The answer, small")
        with words, st.container(gap="xxsmall"):
            _words(run, before, name)
        with ways, st.container(horizontal=True):
            deleted = _ways(key, run)
    return chosen, deleted


def _words(run: Run, before: Run | None, name: str) -> None:
    pin = ":material/keep: " if run.pinned else ""
    st.markdown(f"{pin}**{escape_markdown(name)}**")
    if run.sentence:
        st.markdown(run.sentence)
    told = [PAGES.get(run.page, ""), _when(run.when)]
    told += [run.title] if run.name else []
    told += [run.words[word] for word in SHOWN if word in run.words]
    st.caption(" · ".join(escape_markdown(each) for each in told if each))
    mine, of_before = run.words, None if before is None else before.words
    if before is not None and before.page != run.page:
        st.caption(f"The one before was of {PAGES.get(before.page, 'another page')}.")
    else:
        st.caption(escape_markdown(difference_sentence(mine, of_before)))
    if run.note:
        st.markdown(f":material/edit_note: {escape_markdown(run.note)}")


def _ways(key: str, run: Run) -> bool:
    """The buttons; whether somebody wants to delete it."""
    short, owner = key[:16], service.owner()
    if st.button("Open", key=f"open_{short}", icon=":material/open_in_new:"):
        st.switch_page(f"pages/{run.page}.py", query_params=run.link)
    if st.button("Unpin" if run.pinned else "Pin", key=f"pin_{short}"):
        service.shelf().change(owner, key, pinned=not run.pinned)
        st.rerun()
    with st.popover("Name, note"), st.form(f"own_{short}", border=False):
        name = st.text_input("Name", run.name, max_chars=LONGEST_NAME, placeholder=run.title)
        note = st.text_area("Note", run.note, max_chars=LONGEST_NOTE)
        if st.form_submit_button("Save"):
            service.shelf().change(owner, key, name=name, note=note)
            st.rerun()
    return st.button("Delete", key=f"delete_run_{short}")


def _when(seconds: float) -> str:
    """The time where the visitor is."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return f"{datetime.fromtimestamp(seconds, zone):%-d %b %Y, %H:%M}"
