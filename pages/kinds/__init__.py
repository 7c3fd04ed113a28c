"""How each kind of input is chosen and drawn on the pages: one module a kind, all alike.

title       of the settings' section. `missing`: what to choose, in words.
pick        (model) → Chosen, or None until there is one; draws the choice.
fitted      (model, input) → the model with what only the data can tell, or None with a message.
adjusted    (method, options, model, input) → the options with what only the data can tell.
draw        (case, heat, …) draws a map on the input; `unit` and `sides` are words for its numbers.
limit       (heat) → the score of its strongest colour, its longest bar or its highest letter.
says        (case, heat, signed, what) → the sentence over a map.
grow        (task, about, signed, compact, state, key) draws an input on its way, with the map
            so far where `state` has one.
baseline    (what is shown of it, label, width) draws what the input is compared with.
hidden      (case, hidden, key) draws the input with what is True in `hidden` gone; None where the
            slider of pictures does that.
blinks      whether two maps can blink one over the other.
others      (model, input) → the inputs beside which it can be seen, by a name for links.
more        (case, answer, key) draws what only this kind has, under its map.
"""

from collections.abc import Callable
from functools import partial
from types import ModuleType

from explainers.models.spec import ModelSpec
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import picture, sequence, series, table

PAGES: dict[str, ModuleType] = {
    "picture": picture,
    "table": table,
    "series": series,
    "sequence": sequence,
}


def of(spec: ModelSpec) -> ModuleType:
    """The page's side of the model's kind of input."""
    return PAGES[spec.kind]


def growing(task: Predict | Explain, about: str, signed: bool, compact: bool = False) -> Callable:
    """What draws the task's input on its way; see `progress.watch`."""
    return partial(of(task.model).grow, task, about, signed, compact)
