"""What is asked on the Many page: the network, the file, the baseline, the method, the output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.errors import Problem
from explainers.figures.many.checks import compared_with
from explainers.figures.text.sentences import escape_markdown
from explainers.kinds import KINDS, ParsedFile
from explainers.many.checking.map_checks import AGREEMENT, PROOF
from explainers.many.reading.completion import all_items
from explainers.service.tasks import Answer, BaselineRef, InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.many.predict_many import PredictMany
from pages import kinds
from pages.kinds import sequence, series, table
from pages.links.refusals import folded
from pages.long_run import collection
from pages.state import address, progress
from pages.state.cases import first_choice, in_numbers
from pages.state.chosen import ChosenInput, ChosenModel
from pages.state.setting import Setting
from pages.widgets import baselines, files, methods, models

PICKS: dict[str, Callable[[ChosenModel], ChosenInput | None]] = {
    "picture": collection.pick_all,
    "table": table.pick_all,
    "series": series.pick_all,
    "sequence": sequence.pick_all,
}
FEW_PASSES = "deeplift"
"""The method that is chosen at first: about as faithful as others, in a few passes."""
CHECKS_ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    "none": ((), "No"),
    "proof": ((PROOF,), "Proof: does it beat chance?"),
    "agreement": ((AGREEMENT,), "Agreement with other methods"),
    "both": ((PROOF, AGREEMENT), "Proof and agreement"),
}
"""The choice of checks: key → what is asked, and its name."""
WHY, WHAT = "why", "what"
ASKS = {WHY: "Why it answers so: a map each", WHAT: "Only what it answers"}
OWN_CHOICE = -1
"""As a target: each input's own first choice."""


@dataclass(frozen=True)
class ManyQuestion:
    """What is asked of all inputs of a file.

    Attributes
    ----------
    setting : Setting
        Its input is the first of the file that can be read.
    content : ParsedFile
        Of the file.
    items : ndarray
        The numbers of its inputs, in its order.
    prediction : Answer
        Of that first input.
    plan : ManyPlan
    names : tuple of str
        Of the outputs.
    """

    setting: Setting
    content: ParsedFile
    items: np.ndarray
    prediction: Answer
    plan: ManyPlan
    names: tuple[str, ...]

    @property
    def one(self) -> str:
        """One input in words."""
        return KINDS[self.setting.model.spec.kind].one

    @property
    def numbers(self) -> bool:
        """Whether the network answers with numbers, and not with shares of classes."""
        return in_numbers(self.setting.model.spec, self.prediction)

    def several(self, count: int) -> str:
        """So many inputs, in words."""
        if self.one == "series":
            return f"{count:,} series"
        return f"{count:,} {self.one}{'s' * (count != 1)}"

    def name_of(self, target: int | None) -> str:
        """An output's name, for people; "" for none."""
        return self.names[target] if target is not None and target < len(self.names) else ""


def pick() -> Setting | None:
    """Draw the choices in the rail; None while one is missing.

    Where only answers are asked for, the setting has no method.
    """
    model = models.pick(first=models.for_photos(), brief=True)
    if model is None:
        return None
    address.always_written("model")
    kind = kinds.of(model.spec)
    chosen = PICKS[model.spec.kind](model)
    if chosen is not None:
        model = kind.fit_model(model, chosen)
    if not _explains():
        with folded(st.expander("Options")):
            device = methods.device()
        if chosen is None:
            return None
        return Setting(model, chosen, BaselineRef(), "", {}, "output", device)
    pictures = model.spec.kind == "picture"
    first = baselines.FOR_PHOTOS if pictures else baselines.usual(model.spec)
    baseline = baselines.pick(model.spec.kind, first=first)
    method = methods.pick(model, FEW_PASSES)
    options, scoring = kinds.pick_options(model, method, chosen)
    if chosen is None or baseline is None:
        return None
    return Setting(model, chosen, baseline, method, options, *scoring)


def _explains() -> bool:
    """Draw the choice of what is asked of each input; whether it is an explanation."""
    asked = address.select(
        st.selectbox,
        "many_asks",
        list(ASKS),
        WHY,
        label="Asked of each",
        format_func=ASKS.get,
        help="Answers alone take one pass each: which are wrong, how sure the network is. Maps "
        "take ten to hundreds of times as long.",
    )
    return asked == WHY


def ask(setting: Setting, place: DeltaGenerator) -> ManyQuestion | None:
    """Ask the network about the first input, then draw the choice of the output at the place."""
    content = files.content(setting.model.spec.kind, setting.input.data)
    usable = KINDS[setting.model.spec.kind].items(content, setting.model.spec)
    if not len(usable):
        st.error(f"No {KINDS[setting.model.spec.kind].one} of this file can be explained.")
        return None
    first = replace(setting.input, item=int(usable[0]))
    setting = replace(setting, input=first)
    prediction = progress.finished(setting.prediction(), "many_first")
    if prediction is None:
        return None
    if prediction[0]["places"]:
        raise Problem(
            "This network answers at many places of each input. Such answers are explained one by "
            "one, on Explain, where the place is chosen."
        )
    names, wrong = setting.names(prediction)
    if wrong:
        st.error(wrong)
    with place:
        setting = replace(setting, target=_target(setting, prediction, names))
        checks = _checks(setting) if setting.method else ()
    facts = prediction[0]
    items = all_items(content, setting.model.spec)
    shape = tuple(facts["shape"])
    plan = ManyPlan.of(_asked(setting), len(items), shape, facts["references"], checks)
    return ManyQuestion(setting, content, items, prediction, plan, names)


def _asked(setting: Setting) -> Explain | PredictMany:
    """What is asked of each input of the setting's file."""
    file = InputRef(setting.input.data)
    if setting.method:
        return setting.explanation().replace(input=file)
    return PredictMany(setting.model.spec, file, setting.device, setting.target)


def _checks(setting: Setting) -> tuple[str, ...]:
    """Draw the choice of what each map is checked by; by default nothing, for it costs passes."""
    kind = setting.model.spec.kind
    others = compared_with(setting.method, kind)
    asked = address.select(
        st.selectbox,
        "many_checks",
        list(CHECKS_ASKED),
        "none",
        label="Check each map too",
        format_func=lambda key: CHECKS_ASKED[key][1],
        help="Proof: the hottest parts are hidden and revealed first, against ten random orders. "
        f"Agreement: the map is compared with those of {others}. Both cost passes, as the run says "
        "before it starts.",
    )
    return CHECKS_ASKED[asked][0]


def _target(setting: Setting, prediction: Answer, names: tuple[str, ...]) -> int | None:
    """Draw the choice of the explained output, where there are several; None: each its own."""
    if len(names) == 1:
        return 0
    numbers = in_numbers(setting.model.spec, prediction)
    usual = first_choice(prediction) if numbers else OWN_CHOICE
    asked = address.select(
        st.selectbox,
        "asked_of",
        [*([] if numbers else [OWN_CHOICE]), *range(len(names))],
        usual,
        label="Explained of each" if setting.method else "Answer that is shown",
        format_func=lambda index: (
            "Each one's own first choice" if index == OWN_CHOICE else escape_markdown(names[index])
        ),
    )
    return None if asked == OWN_CHOICE else asked
