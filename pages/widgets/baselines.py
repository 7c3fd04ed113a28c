"""Choosing what the input is compared with."""

from functools import partial
from typing import Any

import streamlit as st

from explainers.baselines import BASELINES
from explainers.kinds import KINDS
from explainers.service.tasks import BaselineRef
from explainers.service.tasks.task import OWN_BASELINE
from pages.state import address
from pages.widgets import pictures
from pages.widgets.options import pick_options


def names(kind: str) -> dict[str, str]:
    """Names of the baselines for that kind of input, by key."""
    return {key: b.title(kind) for key, b in BASELINES.items() if kind in b.kinds}


def pick(kind: str, options: bool = True) -> BaselineRef | None:
    """Draw the choice of a baseline; None until an own picture is given.

    Parameters
    ----------
    kind : str
        A key of KINDS.
    options : bool
        Whether its options are drawn too.
    """
    titles = names(kind)
    if kind == "picture":
        titles[OWN_BASELINE] = "Your own picture"
    key = address.select(
        st.selectbox,
        "baseline",
        list(titles),
        KINDS[kind].default_baseline,
        label="Baseline",
        format_func=titles.get,
        label_visibility="collapsed",
    )
    if key == OWN_BASELINE:
        digest = pictures.uploaded("own", partial(pictures.uploader, "Baseline picture"))
        return BaselineRef(OWN_BASELINE, {}, digest) if digest else None
    st.caption(BASELINES[key].description(kind))
    return BaselineRef(key, options_of(key) if options else {})


def options_of(key: str) -> dict[str, Any]:
    """Draw the widgets of a baseline's options; those that were chosen."""
    return pick_options(BASELINES[key].options, f"b.{key}")
