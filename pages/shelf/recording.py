"""Putting what a page has answered on the visitor's shelf, once a question.

Pages do so as soon as the answer is there, before they draw its checks: who leaves early keeps it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import msgspec
import numpy as np
import streamlit as st

from explainers.baselines import BASELINES
from explainers.errors import Problem
from explainers.figures.text.ranking import ranking_sentence
from explainers.figures.text.sentences import escape_markdown
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.many.checking.map_checks import CHECKS
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.options import option_text
from explainers.reports.pictures import thumbnail
from explainers.reports.sentence import alt_text
from explainers.service.storage.shelf import Run, Subject
from explainers.service.tasks import Answer, BaselineRef
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.task import OWN_BASELINE
from pages.answers.explained import explained
from pages.answers.grid import Panel
from pages.answers.panel import baseline_name
from pages.ranking.lines import agreed, order
from pages.ranking.question import Question
from pages.state import address, service
from pages.state.cases import Case
from pages.state.chosen import ChosenModel
from pages.state.setting import Setting
from pages.takeaway import several
from pages.widgets.methods import SCORES

UPLOAD = re.compile("[0-9a-f]{64}")
ONE_UPLOAD = ("picture", "photo", "own", "weights", "data", "collection")
"""Choices that hold the digest of one upload; it may be left from another question."""
_LAST = "last_on_the_shelf"


def explanation(model: ChosenModel, case: Case, answer: Answer) -> None:
    """Keep a finished explanation of the Explain page.

    Parameters
    ----------
    model : ChosenModel
        The case's.
    case : Case
    answer : Answer
        Of the case's task.
    """

    def run(link: dict[str, str]) -> Run:
        one = explained(case, answer)
        return Run(
            "explain",
            link,
            (_subject(case, model),),
            words=_words(case, model),
            title=f"Why “{case.about}”: {case.input.name}",
            sentence=one.sentence,
            thumbnail=thumbnail.thumbnail(one),
            alt=alt_text(one),
        )

    _keep("explain", [case.task], run)


def comparison(
    panels: Sequence[Panel], networks: Sequence[ChosenModel], axes: Mapping[str, Sequence[str]]
) -> None:
    """Keep a comparison all of whose panels are finished.

    Parameters
    ----------
    panels : sequence of Panel
    networks : sequence of ChosenModel
        Of each panel.
    axes : mapping of str to sequence of str
        What is varied, in words: "methods" → their names.
    """

    def run(link: dict[str, str]) -> Run:
        words = _words(panels[0].case, networks[0])
        given = list(zip(panels, networks, strict=True))
        shared = [_words(panel.case, network) for panel, network in given]
        words = {n: v for n, v in words.items() if all(one.get(n) == v for one in shared)}
        words |= {name: ", ".join(items) for name, items in axes.items()}
        drawn = [thumbnail.thumbnail(several.shown(panel)) for panel in panels[:4]]
        listed = "; ".join(f"{len(items)} {name}" for name, items in axes.items())
        inputs = list(dict.fromkeys(panel.case.input.name for panel in panels))
        return Run(
            "compare",
            link,
            tuple(_subject(panel.case, network) for panel, network in given),
            words=words,
            title=f"{listed}: {', '.join(inputs[:3])}",
            sentence=escape_markdown(", ".join(panel.case.label for panel in panels)) + ".",
            thumbnail=thumbnail.montage(drawn),
            alt=f"The first maps of a comparison: {', '.join(p.case.label for p in panels[:4])}.",
        )

    _keep("compare", [panel.case.task for panel in panels], run)


def importance(question: Question, prediction: Answer, answer: Answer, task: Importance) -> None:
    """Keep a finished table of the Importance page.

    Parameters
    ----------
    question : Question
    prediction, answer : Answer
        Of the question's rows, and of the task.
    task : Importance
    """

    def run(link: dict[str, str]) -> Run:
        table = StoredTable.of(*answer)
        named = [IMPORTANCE[key].name for key in table.methods]
        output = question.names(prediction)[task.output]
        words = {
            "network": question.model.name,
            "_network": _digest(question.model.spec),
            "data": question.chosen.file,
            "_data": question.chosen.data,
            "output": output,
            "methods": ", ".join(named),
            **({"truth": task.rows.truth} if task.rows.truth else {}),
            **({"groups": ", ".join(task.groups)} if task.groups else {}),
            **{f"options of {IMPORTANCE[k].name}": str(v) for k, v in task.options.items() if v},
        }
        rank = table.rank[:, order(table)].astype(np.float64)
        strength = (rank.max() + 1 - rank) / rank.max()
        sentence = ranking_sentence(table.names, *agreed(table))
        return Run(
            "importance",
            link,
            (_task_of(task, question.model, question.chosen.name, question.chosen.file),),
            words=words,
            title=f"What matters for {output}: {PurePath(question.chosen.file).name}",
            sentence=sentence,
            thumbnail=thumbnail.cells(strength.T, signed=False, limit=1.0),
            alt=f"Ranks of {len(table.names)} inputs by {len(named)} methods, as colours.",
        )

    _keep("importance", [task], run)


def many(setting: Setting, plan: ManyPlan, told: str, drawn: Sequence[bytes], many: str) -> None:
    """Keep a finished run of the Many page.

    Parameters
    ----------
    setting : Setting
        With the first of its inputs.
    plan : ManyPlan
    told : str
        What it says, in Markdown.
    drawn : sequence of bytes
        The first small pictures of its sheet.
    many : str
        How many inputs of which kind, in words.
    """

    def run(link: dict[str, str]) -> Run:
        model = setting.model
        words = {
            "network": model.name,
            "_network": _digest(model.spec),
            "data": setting.input.name,
            "_data": setting.input.data,
            **_asked_of_many(plan),
            **({"checks": ", ".join(CHECKS[one] for one in plan.checks)} if plan.checks else {}),
        }
        subject = Subject(msgspec.to_builtins(plan), network=model.name, input=many)
        return Run(
            "many",
            link,
            (subject,),
            words=words,
            title=f"{many}: {model.name}",
            sentence=told,
            thumbnail=thumbnail.montage(drawn[:4]) if drawn else b"",
            alt=f"The first {'maps' if plan.explanation else 'inputs'} of its contact sheet.",
        )

    _keep("many", list(plan.tasks())[:1], run)


def _asked_of_many(plan: ManyPlan) -> dict[str, str]:
    asked = plan.explanation
    if asked is None:
        return {"asked": "only the answers"}
    method, entry = METHODS[asked.method], BASELINES.get(asked.baseline.key)
    baseline = entry.title(plan.question.kind) if entry else "Your own picture"
    return {
        "method": method.name,
        **_options(method.options, asked.options),
        "baseline": baseline,
    }


def _keep(page: str, tasks: Sequence[Any], make: Callable[[dict[str, str]], Run]) -> None:
    """Put it on the shelf, unless it is what this page has put there last, by the same link."""
    link = _link(tasks)
    now = [page, [task.digest() for task in tasks], link]
    last: dict[str, Any] = st.session_state.setdefault(_LAST, {})
    if last.get(page) == now:
        return
    with contextlib.suppress(Problem):  # the answer stands all the same
        uploads = UPLOAD.findall(" ".join(link.values()))
        run = msgspec.structs.replace(make(link), uploads=tuple(dict.fromkeys(uploads)))
        service.shelf().keep(service.owner(), run)
        last[page] = now


def _link(tasks: Sequence[Any]) -> dict[str, str]:
    """The page's link, without uploads that the question is not about."""
    used = {key.digest for task in tasks for key in task.uploads()}
    return {
        name: value
        for name, value in address.link().items()
        if name not in ONE_UPLOAD or set(UPLOAD.findall(value)) <= used
    }


def _subject(case: Case, model: ChosenModel) -> Subject:
    return _task_of(case.task, model, case.input.name, case.input.file, case.label)


def _task_of(task: Any, model: ChosenModel, name: str, file: str, label: str = "") -> Subject:
    told = msgspec.json.decode(msgspec.json.encode(task))
    return Subject(told, label, model.name, name, file, model.classes)


def _words(case: Case, model: ChosenModel) -> dict[str, str]:
    """What was chosen, by the name of the choice."""
    task, method = case.task, METHODS[case.task.method]
    words = {
        "network": model.name,
        "_network": _digest(model.spec),
        "input": case.input.name,
        "_input": f"{task.input.file} {task.input.item}",
        "explained": case.about,
        "method": method.name,
        **_options(method.options, task.options),
    }
    if method.uses_baseline:
        words |= {"baseline": baseline_name(case), **_baseline_options(task.baseline)}
    if task.input.values:
        words["changed values"] = _digest(task.input.values)
    if task.score in SCORES and model.spec.answers == "classes":
        words["score"] = SCORES[task.score]
    if case.asked:
        words["asked over"] = case.asked
    if task.repeats > 1:
        words["averaged runs"] = str(task.repeats)
    return words


def _options(kind: type, given: Mapping[str, Any]) -> dict[str, str]:
    labels = {field.name: option_text(field).label for field in dataclasses.fields(kind)}
    return {labels.get(name, name).lower(): str(value) for name, value in given.items()}


def _baseline_options(baseline: BaselineRef) -> dict[str, str]:
    if baseline.key == OWN_BASELINE:
        return {"_baseline": baseline.file}
    own = _options(BASELINES[baseline.key].options, baseline.options)
    return {f"baseline's {name}": value for name, value in own.items()}


def _digest(value: tuple[float, ...] | ModelSpec) -> str:
    """Tells two apart that people call alike."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:8]
