"""Parts of a page that run by themselves, safe from a race of Streamlit (1.67).

When such a run starts, the server drops what it has not yet sent of the part's earlier run, but not
what stands after the part; the browser meets a gap ("Bad delta path index") and the page is dead.
Another race, of parts that are gone, is met in `streamlit_private`.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

Arguments = ParamSpec("Arguments")


def fragment(
    run_every: float | None = None,
) -> Callable[[Callable[Arguments, None]], Callable[Arguments, None]]:
    """`st.fragment` for a function that draws, alone in a container: nothing stands after it.

    Parameters
    ----------
    run_every : float or None
        Seconds after which it runs again by itself; None: only when its widgets change.
    """

    def decorate(draw: Callable[Arguments, None]) -> Callable[Arguments, None]:
        part = st.fragment(draw, run_every=run_every)

        @functools.wraps(draw)
        def draw_in_container(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            with st.container():
                part(*args, **kwargs)

        return draw_in_container

    return decorate
