"""Entries of the shelf as what pages draw: their questions asked again, their answers read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from explainers.errors import Problem
from explainers.importance.tables.stored import StoredTable
from explainers.models.own_inputs import own_input
from explainers.service.storage.shelf import Run, Subject
from explainers.service.tasks import Task
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.importance import Importance
from pages.answers.grid import Panel, as_shown, limits
from pages.state import cases, service
from pages.state.chosen import ChosenInput, ChosenModel
from pages.state.setting import Setting

Asked = TypeVar("Asked", bound=Task)
WAITING = "Opening what was asked"


def explain_of(subject: Subject) -> Explain:
    """The explanation that was asked; Problem where it is none, or another version's."""
    return _task(subject, Explain)


def importance_of(subject: Subject) -> Importance:
    """The table that was asked; Problem where it is none, or another version's."""
    return _task(subject, Importance)


def _task(subject: Subject, kind: type[Asked]) -> Asked:
    try:
        return msgspec.convert(subject.task, kind)
    except msgspec.ValidationError as error:
        raise Problem(
            "What was asked here is no question of this version of Evident. Open it, and ask anew."
        ) from error


def panels(subjects: Sequence[Subject], labels: Sequence[str], slot: str) -> list[Panel] | None:
    """Explanations as the panels of a comparison, on one scale; None until all are there.

    Parameters
    ----------
    subjects : sequence of Subject
    labels : sequence of str
        What sets each apart from the others.
    slot : str
        What the places of the jobs start with.
    """
    tasks = [explain_of(subject) for subject in subjects]
    settings = [_setting(subject, task) for subject, task in zip(subjects, tasks, strict=True)]
    for task in tasks:
        _bring_own(task)
    predictions = cases.by_slot([setting.prediction() for setting in settings], f"{slot}_ask")
    explanations = cases.by_slot(tasks, f"{slot}_map")
    found = cases.answers(predictions | explanations, WAITING)
    if found is None:
        return None
    shown, answers = [], []
    for setting, task, label in zip(settings, tasks, labels, strict=True):
        prediction = found[cases.slot_of(setting.prediction(), f"{slot}_ask")]
        shown.append(replace(setting.case(label, prediction), task=task))
        answers.append(found[cases.slot_of(task, f"{slot}_map")])
    maps = [as_shown(case, answer) for case, answer in zip(shown, answers, strict=True)]
    scale = limits(shown, answers, maps, shared=True)
    return [Panel(*each) for each in zip(shown, answers, scale, strict=True)]


def tables(subjects: Sequence[Subject], slot: str) -> list[StoredTable] | None:
    """Tables of importance; None until all are there."""
    tasks = [importance_of(subject) for subject in subjects]
    for task in tasks:
        _bring_own(task)
    found = cases.answers(cases.by_slot(tasks, slot), WAITING)
    if found is None:
        return None
    return [StoredTable.of(*found[cases.slot_of(task, slot)]) for task in tasks]


def labels(runs: Sequence[Run]) -> list[str]:
    """What sets entries apart: the visitor's names, else what was chosen otherwise, else a number.

    Examples
    --------
    >>> one = Run("explain", {}, (), words={"method": "RISE", "input": "cat"}, title="cat")
    >>> other = Run("explain", {}, (), words={"method": "Noise", "input": "cat"}, title="cat")
    >>> labels([one, other]), labels([one, one])
    (['RISE', 'Noise'], ['cat (1)', 'cat (2)'])
    """
    words: list[Mapping[str, str]] = [run.words for run in runs]
    apart = [
        name
        for name in dict.fromkeys(name for one in words for name in one)
        if not name.startswith("_") and len({one.get(name) for one in words}) > 1
    ]
    found = [
        run.name or ", ".join(run.words[n] for n in apart[:2] if n in run.words) or run.title
        for run in runs
    ]
    return [
        f"{label} ({found[: place + 1].count(label)})" if found.count(label) > 1 else label
        for place, label in enumerate(found)
    ]


def _setting(subject: Subject, task: Explain) -> Setting:
    model = ChosenModel(task.model, subject.classes, subject.network)
    given = task.input
    chosen = ChosenInput(given.file, subject.input, subject.file, given.item, given.values)
    asked = (task.method, task.options, task.score, task.device, task.target, task.rather_than)
    return Setting(model, chosen, task.baseline, *asked)


def _bring_own(task: Task) -> None:
    """Put the inputs that come with Evident back into the store, where they made room."""
    store = service.backend().store
    for upload in task.uploads():
        if not store.has_blob(upload.digest) and (path := own_input(upload.digest)):
            store.put_blob(path.read_bytes())
