"""What an answer does not know, said before it is explained."""

import numpy as np
import streamlit as st

from explainers.figures.text import doubts
from explainers.models.zoo.signs import DEMO_MODELS
from pages.state.cases import Answer, in_numbers
from pages.state.setting import Setting
from pages.widgets.pictures import OWN_FILE


def show(setting: Setting, prediction: Answer, target: int) -> None:
    """Draw what must be known first; nothing where there is no doubt.

    Only of answers of which one class is right: numbers and labels are never undecided.
    """
    spec, (facts, arrays) = setting.model.spec, prediction
    if spec.source == "demo" and spec.kind == "picture" and setting.input.file == OWN_FILE:
        st.info(
            f"*{setting.model.name}* is a demo: it was made for pictures such as those of its "
            "gallery, and takes anything else for one of them. For a photo of your own choose "
            "*Photos* as the model.",
            icon=":material/info:",
        )
    if spec.answers != "classes" or facts["places"] or in_numbers(spec, prediction):
        return
    usual = DEMO_MODELS[spec.name].usual_evidence if spec.name in DEMO_MODELS else -np.inf
    names, _ = setting.names(prediction)
    logits = arrays["logits"].astype(np.float64)
    change = None
    if setting.score == "logit" and len(logits) == len(names):
        change = float(logits[target] - arrays["baseline_logits"][target])
    for sentence in doubts.doubts(
        names,
        arrays["probabilities"],
        arrays["baseline_probabilities"],
        target,
        float(np.logaddexp.reduce(logits)),
        usual,
        change,
    ):
        st.warning(sentence)
