"""Choosing what the input is compared with."""

from collections.abc import Collection
from functools import partial
from typing import Any

import streamlit as st

from explainers.baselines import BASELINES
from explainers.kinds import KINDS
from explainers.models.spec import ModelSpec
from explainers.service.tasks import BaselineRef
from explainers.service.tasks.task import OWN_BASELINE
from pages.state import address, fitting_choices
from pages.widgets import pictures
from pages.widgets.options import pick_options


def names(kind: str) -> dict[str, str]:
    """Names of the baselines for that kind of input, by key."""
    return {key: b.title(kind) for key, b in BASELINES.items() if kind in b.kinds}


FOR_PHOTOS = "blur"
"""What `tests/bench/photo_defaults.py` found best on real photos, see `methods.FOR_PHOTOS`."""


def usual(spec: ModelSpec) -> str:
    """The key of the baseline that is chosen at first: of networks for photos what was measured."""
    photos = spec.kind == "picture" and spec.source in ("package", "torchvision")
    return FOR_PHOTOS if photos else KINDS[spec.kind].default_baseline


def pick(kind: str, options: bool = True, first: str = "") -> BaselineRef | None:
    """Draw the choice of a baseline; None until an own picture is given.

    Parameters
    ----------
    kind : str
        A key of KINDS.
    options : bool
        Whether its options are drawn too.
    first : str
        The key of the one that is chosen at first; "": the kind's usual one.
    """
    titles, first = names(kind), first or KINDS[kind].default_baseline
    fitting_choices.follow_usual("baseline", first)
    if kind == "picture":
        titles[OWN_BASELINE] = "Your own picture"
    key = address.select(
        st.selectbox,
        "baseline",
        list(titles),
        first,
        label="Baseline",
        format_func=titles.get,
        help=_description(kind, titles, first),
    )
    if key == OWN_BASELINE:
        digest = pictures.uploaded("own", partial(pictures.uploader, "Baseline picture"))
        return BaselineRef(OWN_BASELINE, {}, digest) if digest else None
    return BaselineRef(key, options_of(key) if options else {})


def _description(kind: str, titles: Collection[str], first: str) -> str:
    """What is behind the question mark of the chosen baseline."""
    key = fitting_choices.shown_next("baseline", list(titles), first)
    what = "What the input is compared with: contributions say what changes from it to the input."
    return f"{what} {BASELINES[key].description(kind)}" if key in BASELINES else what


def options_of(key: str) -> dict[str, Any]:
    """Draw the widgets of a baseline's options; those that were chosen."""
    return pick_options(BASELINES[key].options, f"b.{key}")
