"""Choosing what the input is compared with."""

from functools import partial

import streamlit as st

from explainers.baselines import BASELINES
from explainers.kinds import KINDS
from explainers.service.tasks import BaselineRef
from pages.state import address
from pages.widgets import pictures
from pages.widgets.options import widgets

OWN = "own"


def names(kind: str) -> dict[str, str]:
    """Names of the baselines for that kind of input, by key."""
    return {k: b.title(kind) for k, b in BASELINES.items() if kind in b.kinds}


def pick(kind: str, options: bool = True) -> BaselineRef | None:
    """Draw the choice of a baseline, with its options; None until an own picture is given."""
    named = names(kind)
    if kind == "picture":
        named[OWN] = "Your own picture"
    key = address.select(
        st.selectbox,
        "baseline",
        list(named),
        KINDS[kind].default_baseline,
        label="Baseline",
        format_func=named.get,
        label_visibility="collapsed",
    )
    if key == OWN:
        own = pictures.uploaded("own", partial(pictures.uploader, "Baseline picture"))
        return BaselineRef(OWN, {}, own) if own else None
    st.caption(BASELINES[key].says)
    return BaselineRef(key, given(key) if options else {})


def given(key: str) -> dict:
    """Draw the widgets of a baseline's options; what was chosen."""
    return widgets(BASELINES[key].options, f"b.{key}")
