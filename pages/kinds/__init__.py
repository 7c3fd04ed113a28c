"""How each kind of input is chosen and drawn on the pages: one module a kind, see `PageKind`."""

from functools import partial

from explainers.models.spec import ModelSpec
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import picture, sequence, series, table
from pages.kinds.page_kind import PageKind
from pages.state.progress import DrawPartial

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


def partial_drawing(
    task: Predict | Explain, about: str, signed: bool, compact: bool = False
) -> DrawPartial:
    """What draws the task's input while it runs, for `progress.watch`."""
    return partial(of(task.model).draw_partial, task, about, signed, compact)
