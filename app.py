"""Evident's entry: starts the server with its worker and headers, and draws the frame of pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from explainers.service.storage.folder import store_folder
from explainers.service.worker import process

if __name__ != "__main__":  # it is that for each visitor's run of the page
    process.begin(store_folder())  # it imports torch while this process imports all the rest

from explainers.errors import Problem
from explainers.service import logs
from explainers.service.backends.cluster.settings import cluster_settings
from explainers.service.settings import model_settings
from pages.server import garbage, gate, memory, plotly_private
from pages.state import headers, login, my_uploads, progress, service, streamlit_private
from pages.stories import stories

ROOT = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the worker before the first visitor comes, and end it with the server."""
    memory.share_arenas()
    streamlit_private.declare_own_navigation()
    streamlit_private.skip_runs_of_gone_fragments()
    streamlit_private.ask_no_server_for_addresses()
    streamlit_private.send_no_data_frames()
    plotly_private.pass_over_what_is_being_imported()
    logs.configure()
    gate.warn_of_open_address()
    cluster_settings()
    model_settings()  # what is wrong with the settings stops the start, with a sentence
    stories.prepare()
    try:
        yield
    finally:
        service.stop()


def frame() -> None:
    """Navigation and title, then the page that was asked for."""
    st.set_page_config(page_icon="🔎", layout="wide")
    pages = [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/explain.py", title="Explain", icon=":material/search:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
        st.Page("pages/importance.py", title="Importance", icon=":material/leaderboard:"),
        st.Page("pages/many.py", title="Many", icon=":material/photo_library:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/history:"),
        st.Page("pages/learn.py", title="Learn", icon=":material/school:"),
        st.Page("pages/story.py", title="Story", visibility="hidden"),
    ]
    allowed = login.allowed()
    page = st.navigation(pages, position="top" if allowed else "hidden")
    st.set_page_config(page_title=f"{page.title} · Evident" if page.url_path else "Evident")
    st.html(ROOT / "assets" / "frame.css")
    garbage.pass_over_imported()
    if not allowed:
        login.form()
        return
    try:
        page.run()
    except Problem as problem:  # of a question that no part of the page has expected
        progress.refused(problem)
    my_uploads.row()
    login.row()


app = st.App(
    __file__,
    lifespan=lifespan,
    middleware=[Middleware(headers.SecurityHeaders), Middleware(gate.Gate)],
)

if __name__ == "__main__":
    frame()
