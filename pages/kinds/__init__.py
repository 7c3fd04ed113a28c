"""How each kind of input is chosen and drawn on the pages: one module a kind, see `PageKind`."""

from functools import partial
from typing import Any

import streamlit as st

from explainers.models.spec import AS_THEY_ARE, ModelSpec
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import picture, sequence, series, table
from pages.kinds.page_kind import PageKind
from pages.links.refusals import folded
from pages.state.chosen import ChosenInput, ChosenModel
from pages.state.progress import DrawPartial
from pages.widgets import methods

PAGE_KINDS: dict[str, PageKind] = {
    "picture": picture,
    "table": table,
    "series": series,
    "sequence": sequence,
}
"""The page's side of each kind, by the keys of KINDS."""


def of(spec: ModelSpec) -> PageKind:
    """The page's side of the model's kind of input."""
    return PAGE_KINDS[spec.kind]


def pick_options(
    model: ChosenModel, method: str, chosen: ChosenInput | None
) -> tuple[dict[str, Any], methods.Scoring]:
    """Draw a method's options and what is explained, in a part that folds; what was chosen."""
    with folded(st.expander("Options, cost, pitfalls")):
        methods.describe(method)
        options = methods.options_of(method)
        if chosen is not None:
            options = of(model.spec).fit_options(method, options, model, chosen)
        return options, methods.scoring(model.spec.answers in AS_THEY_ARE)


def partial_drawing(
    task: Predict | Explain, about: str, signed: bool, compact: bool = False
) -> DrawPartial:
    """What draws the task's input while it runs, for `progress.watch`."""
    return partial(of(task.model).draw_partial, task, about, signed, compact)
