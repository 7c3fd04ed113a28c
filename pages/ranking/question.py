"""What is asked on the page of importance: the network, the rows, the truth, and the methods."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.labels import shortened
from explainers.importance import IMPORTANCE
from explainers.kinds import KINDS, encoding, features
from explainers.models.class_names import name_outputs
from explainers.models.zoo.demos import demos
from explainers.service.tasks import Answer, InputRef
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.predict_rows import LABELS, PredictRows
from pages import kinds
from pages.kinds import sequence, series, table
from pages.links.refusals import folded
from pages.ranking import grouping
from pages.state import address
from pages.state.chosen import ChosenInput, ChosenModel
from pages.widgets import files, methods, models
from pages.widgets.options import pick_options

PICKS = {"table": table.pick_all, "series": series.pick_all, "sequence": sequence.pick_all}
"""The kinds whose inputs have features that are the same in every one of them."""

QUICK = [key for key, method in IMPORTANCE.items() if "retraining" not in method.needs]
OF_LETTERS = ("permutation", "attribution", "sobol", "shapley_effects")
"""Methods that ask only about DNA: between two letters there is nothing to ask about."""
SLOW = [key for key in IMPORTANCE if key not in QUICK]


@dataclass(frozen=True)
class Question:
    """The model and its rows, and how the page goes on from them.

    Attributes
    ----------
    model : ChosenModel
    chosen : ChosenInput
        The file; no one row of it.
    rows : PredictRows
    """

    model: ChosenModel
    chosen: ChosenInput
    rows: PredictRows

    @property
    def one(self) -> str:
        """One input in words."""
        return KINDS[self.model.spec.kind].one

    def names(self, prediction: Answer) -> tuple[str, ...]:
        """Of the outputs."""
        facts = prediction[0]
        one = "output" if self.model.spec.answers == "numbers" else "class"
        try:
            return name_outputs(
                self.model.classes or tuple(facts["classes"]), facts["outputs"], one
            )
        except Problem:
            return name_outputs((), facts["outputs"], one)


def values_of(question: Question, prediction: Answer, name: str) -> np.ndarray | None:
    """A column's values (N,) in the rows that are asked about; None of what is no single column."""
    if question.one != "row" or name not in question.model.spec.columns:
        return None
    facts, arrays = files.content("table", question.chosen.data)
    kept = {"values": arrays["values"][prediction[1]["rows"]]}
    found: np.ndarray = features.input_values((facts, kept), [name])[:, 0]
    return found


def pick() -> Question | None:
    """Draw the choice of network and data; None until there are both."""
    with st.container(border=True):
        st.header("Model", anchor=False)
        model = models.pick(tuple(PICKS), "diabetes")
    if model is None:
        return None
    kind = model.spec.kind
    with st.container(border=True):
        st.header(kinds.of(model.spec).title, anchor=False)
        if kind not in PICKS:
            st.info(
                "Importance over a data set is about inputs whose parts mean the same in every one "
                "of them: columns of a table, variables of time series, places in aligned DNA. A "
                "place in a picture shows another thing in each; Explain and Compare show where in "
                "one picture the network looks."
            )
            return None
        chosen = PICKS[kind](model)
        if chosen is None:
            return None
        asked_before = not model.spec.columns
        model = kinds.of(model.spec).fit_model(model, chosen)
        if kind == "table":
            truth = _truth(model, chosen, asked_before)
        else:
            truth = _labels(chosen) if kind == "series" else ""
        device = methods.device()
    rows = PredictRows(model.spec, InputRef(chosen.data), truth, device=device)
    return Question(model, chosen, rows)


def _truth(model: ChosenModel, chosen: ChosenInput, asked_before: bool) -> str:
    """The column of what the answers should be; asked for here unless beside the columns."""
    facts, _ = files.content("table", chosen.data)
    sources = {encoding.source(facts, name)[0] for name in model.spec.columns}
    columns = zip(facts["columns"], facts["types"], strict=True)
    usable = [name for name, kind in columns if kind in encoding.USABLE and name not in sources]
    target = address.choices().get("target_column")
    if asked_before and target in usable:
        return str(target)
    if asked_before:
        st.caption(
            "Choose the target column, if there is one: then it is also shown how good the network "
            "is, and by how much its error rises without a feature."
        )
        return ""
    demo = demos().get(model.spec.name) if model.spec.source == "demo" else None
    own = demo.card.get("target") if demo else None
    return address.select(
        st.selectbox,
        "truth",
        ["", *usable],
        own if own in usable else "",
        label="The truth",
        format_func=lambda name: name or "no column holds it",
        help="The column of what the network should answer. It is not given to the network.",
    )


def _labels(chosen: ChosenInput) -> str:
    """Whether the file's labels are what the answers should be; "" where it has none."""
    labels = files.content("series", chosen.data)[0]["labels"]
    if not labels:
        return ""
    some = ", ".join(dict.fromkeys(labels[:100]))
    return address.select(
        st.selectbox,
        "truth",
        ["", LABELS],
        "",
        label="The truth",
        format_func=lambda name: "the file's labels" if name else "the labels are something else",
        help=f"What the network should answer. The labels of this file are {shortened(some)}.",
    )


def pick_output(question: Question, prediction: Answer) -> int:
    """Draw the choice of the explained output, where there are several."""
    names = question.names(prediction)
    if len(names) == 1:
        return 0
    first = 0
    if question.model.spec.answers == "classes":
        first = int(prediction[1]["answers"].mean(0).argmax())
    return address.select(
        st.selectbox,
        "output",
        list(range(len(names))),
        first,
        label=f"Which of the {len(names)} outputs",
        format_func=lambda index: names[index],
    )


def pick_task(question: Question, prediction: Answer) -> Importance:
    """Draw output, groups and methods; the task that they make."""
    with st.container(border=True):
        st.header("What is asked", anchor=False)
        output = pick_output(question, prediction)
        groups = _groups(question)
        opened = address.is_refused("by")
        with folded(st.expander("Methods and their options", expanded=opened)):
            asked = _methods(question.model.spec.kind)
            options = {key: own for key in asked if (own := _options(key))}
        if address.is_refused("by") and not opened:
            st.rerun()
    return Importance(question.rows, output, tuple(asked), options, groups, question.model.classes)


def _groups(question: Question) -> grouping.Groups:
    """Draw the choice of what counts as one feature."""
    if question.one == "row":
        return grouping.pick(question.model, question.chosen)
    return grouping.stretches(question.model.spec.shape[1]) if question.one == "sequence" else {}


def _methods(kind: str) -> list[str]:
    """Draw the choice of methods; those that train networks are asked for by themselves."""
    words = {key: method.name for key, method in IMPORTANCE.items()}
    quick = list(OF_LETTERS) if kind == "sequence" else QUICK
    asked = address.multiselect(
        st.multiselect, "by", quick, quick, label="Methods", format_func=words.get
    )
    if not asked:
        st.caption(f"Without a choice {words[quick[0]]} is asked.")
    if kind == "sequence":
        return asked or quick[:1]
    again = address.widget(
        st.toggle,
        "retrain",
        default=False,
        label="Also train networks anew",
        help=f"{' and '.join(words[key] for key in SLOW)}: hundreds of small networks of the same "
        "build, which takes seconds to minutes. They need the truth.",
    )
    return [*(asked or QUICK[:1]), *(SLOW if again else [])]


def _options(key: str) -> dict[str, object]:
    """Draw the widgets of one method's options."""
    method = IMPORTANCE[key]
    if not any(field.metadata["widget"] for field in dataclasses.fields(method.options)):
        return {}
    st.markdown(f"**{method.name}**")
    return pick_options(method.options, f"i.{key}")
