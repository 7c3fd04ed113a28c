"""A finished explanation with the words that its page shows: what files are written from."""

import contextlib
import io

import numpy as np
from PIL import Image

from explainers.errors import Problem
from explainers.reports.explanation import Explanation
from explainers.service.explained import explained as with_names
from pages.answers.panel import check, sentence_in
from pages.kinds import picture_view
from pages.state.cases import Answer, Case
from pages.widgets import files, pictures


def explained(case: Case, answer: Answer, view: str = "") -> Explanation:
    """The case's answer as plain arrays with names.

    Parameters
    ----------
    case : Case
    answer : Answer
        Of the case's task.
    view : str
        Of a picture: the one that is shown, a key of VIEWS; "": what is chosen on the page.
    """
    (facts, arrays), prediction = answer, case.prediction[1]
    ours, against = (
        case.amount(float(case.share(prediction[name])))
        for name in ("probabilities", "baseline_probabilities")
    )
    content, photo, drawn = None, None, None
    if case.kind.key != "picture" or case.task.model.depth:
        view = ""
    else:
        view = view or picture_view.chosen(case)
        drawn = picture_view.shown(view, case.heat(arrays["scores"]), prediction["input"])
    if case.task.input.file:
        with contextlib.suppress(Problem):  # it is no longer kept, and the answer is
            content = files.content(case.kind.key, case.task.input.file)
            if case.kind.key == "picture":
                shown = pictures.shown(case.task.input.file, case.task.model)
                photo = np.asarray(Image.open(io.BytesIO(shown)))
    return with_names(
        case.task,
        case.prediction,
        answer,
        content,
        about=case.about,
        title=case.input.name,
        photo=photo,
        answer=f"{case.about} {ours}",
        baseline_answer=f"{case.about} {against}",
        sentence=sentence_in(view or "cells", case, case.heat(arrays["scores"]), facts["signed"]),
        check=check(case, facts),
        view=view,
        drawn=drawn,
    )
