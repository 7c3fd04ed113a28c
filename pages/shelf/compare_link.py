"""The link of the Compare page that holds two entries of the shelf, where it can hold both."""

from __future__ import annotations

import json
from typing import Any

from explainers.service.storage.shelf import Run
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.task import OWN_BASELINE
from pages.answers.axes import NONE
from pages.shelf.opened import explain_of

_OF_EXPLAIN = ("versus", "rather", "repeats", "runs")
"""Choices that Compare does not have."""


def compare_link(one: Run, other: Run) -> dict[str, str] | None:
    """Query parameters of the Compare page that shows both; None where they differ in more.

    Parameters
    ----------
    one, other : Run
        Of the Explain page.

    Examples
    --------
    >>> import msgspec
    >>> from explainers.models.spec import ModelSpec
    >>> from explainers.service.storage.shelf import Subject
    >>> runs = []
    >>> for method in ("rise", "noise"):
    ...     task = Explain(ModelSpec("demo", "signs"), method=method, target=3)
    ...     subject = Subject(msgspec.to_builtins(task))
    ...     runs.append(Run("explain", {"model": "signs", "method": method}, (subject,)))
    >>> compare_link(*runs) == {
    ...     "model": "signs", "across": "methods", "down": "nothing",
    ...     "methods": '["rise", "noise"]', "target": "3",
    ... }
    True
    """
    a, b = explain_of(one.subjects[0]), explain_of(other.subjects[0])
    varied = _varied(a, b, one, other)
    if varied is None or any(task.rather_than is not None or task.repeats > 1 for task in (a, b)):
        return None
    axis, values = varied
    options = {n: v for n, v in other.link.items() if n.startswith(("o.", "b."))}
    single = {"methods": "method", "baselines": "baseline", "classes": "target"}.get(axis, "")
    link = {n: v for n, v in one.link.items() if n not in (*_OF_EXPLAIN, single)}
    if axis == "models":
        link["model"] = one.link.get("model", values[0])
    shared = {"across": axis, "down": NONE, axis: json.dumps(values)}
    if axis != "classes" and a.target is not None:
        shared["target"] = str(a.target)
    return {**options, **link, **shared}


def _varied(a: Explain, b: Explain, one: Run, other: Run) -> tuple[str, list[Any]] | None:
    """The one axis of Compare along which two questions differ, with both values."""
    names = ("model", "input", "baseline", "device", "method", "target", "score")
    apart = [name for name in names if getattr(a, name) != getattr(b, name)]
    if a.options != b.options and apart != ["method"]:
        return None
    if apart == ["method"]:
        return "methods", [a.method, b.method]
    keys = [a.baseline.key, b.baseline.key]
    if apart == ["baseline"] and keys[0] != keys[1] and OWN_BASELINE not in keys:
        return "baselines", keys
    if apart == ["target"]:
        return "classes", [a.target, b.target]
    demos = {a.model.source, b.model.source} == {"demo"}
    shapes = [(task.model.kind, task.model.shape, task.model.columns) for task in (a, b)]
    if apart == ["model"] and demos and shapes[0] == shapes[1]:
        return "models", [a.model.name, b.model.name]
    if apart == ["input"] and a.model.kind == "picture":
        samples = [run.link.get("sample", "") for run in (one, other)]
        if all(samples) and all(run.link.get("from") == "Gallery" for run in (one, other)):
            return "pictures", samples
    return None
