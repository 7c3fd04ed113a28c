"""The Python that gives the same numbers as a task."""

from __future__ import annotations

import dataclasses

from explainers.baselines import BASELINES
from explainers.models.formats.refusals import SCRIPTS
from explainers.service.parsing.upload_keys import file_key
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.task import OWN_BASELINE

_TEMPLATE = """\
import torch
from explainers import BASELINES, explain
from explainers.service.parsing.parsers import PARSERS
{script}from explainers.kinds import KINDS
{fitting}from explainers.models.prepared import build
from explainers.models.spec import ModelSpec{places}

read, kind = PARSERS[{kind!r}].parse, KINDS[{kind!r}]
model, classes, spec = build({spec}, {weights})
{inputs}{padding}{asked}
answer = explain(
    model, x, {method!r}, baseline, {target},
    score={score!r}, kind={kind!r}{options}
)
print("sum of scores", {scores}.sum().item())
print("output", answer.output.item(), "baseline", answer.baseline_output.item())
"""

_PADDING = """
around = kind.facts(found, spec).get("padding", (0, 0, 0, 0))
inside = torch.from_numpy(inside_padding(spec.sides, around))
baseline = torch.where(inside, baseline, x)  # its padding is the input's own"""
_ASKED = "\nmodel, _ = ask_at(model, spec, x)  # the places are found once, on the input"


def recipe(task: Explain, file: str, weights: str = "weights", own_baseline: str = "") -> str:
    """A script for the repository's root that prints the task's numbers.

    `file`, `weights` and `own_baseline` are the names of the visitor's own files.
    """
    spec = task.model
    shown = {
        field.name: getattr(spec, field.name)
        for field in dataclasses.fields(spec)
        if field.name != "weights" and getattr(spec, field.name) != field.default
    }
    arguments = ", ".join(f"{name}={value!r}" for name, value in shown.items())
    given, script = "None", ""
    if spec.source == "upload" and _suffix(spec.weights) in SCRIPTS:
        given = f"TorchScriptModel({_bytes(weights)})"
        script = "from explainers.service.runners.models import TorchScriptModel\n"
    elif spec.source == "upload":
        given = f"({_bytes(weights)}, {_suffix(spec.weights)!r})"
    elif spec.source == "python":
        given = f"__import__('pathlib').Path({weights!r})"
    padded = spec.kind == "picture" and spec.fit == "pad"
    options = task.options | ({"repeats": task.repeats} if task.repeats > 1 else {})
    return _TEMPLATE.format(
        kind=spec.kind,
        script=script,
        spec=f"ModelSpec({arguments})",
        weights=given,
        places=", Places\nfrom explainers.models.places import ask_at" if spec.places else "",
        asked=_ASKED if spec.places else "",
        fitting="from explainers.kinds.fitting import inside_padding\n" if padded else "",
        padding=_PADDING if padded else "",
        scores="(answer.scores * inside)" if padded else "answer.scores",
        inputs="\n".join([*_inputs(task, file), *_baseline(task, own_baseline)]),
        method=task.method,
        target=task.question,
        score=task.score,
        options="".join(f", {k}={v!r}" for k, v in options.items()),
    )


def _inputs(task: Explain, file: str) -> list[str]:
    lines = [f"found = {_read(file, task.input.file)}"] if task.input.file else []
    if task.input.values:
        shape = (1, *task.model.shape)
        return [*lines, f"x = torch.tensor({list(task.input.values)}).reshape{shape}"]
    return [*lines, f"x = torch.from_numpy(kind.inputs(found, spec, [{task.input.item}]))"]


def _baseline(task: Explain, own: str) -> list[str]:
    if task.baseline.key == OWN_BASELINE:
        read = _read(own, task.baseline.file)
        return [f"baseline = torch.from_numpy(kind.inputs({read}, spec, [0]))"]
    options = "".join(f", {k}={v!r}" for k, v in task.baseline.options.items())
    if BASELINES[task.baseline.key].uses_data and task.input.file:
        options = f", data=torch.from_numpy(kind.some(found, spec)){options}"
    return [f"baseline = BASELINES[{task.baseline.key!r}].make(x{options})"]


def _read(file: str, name: str) -> str:
    options = "".join(f", {key}={value!r}" for key, value in file_key("", name).options.items())
    return f"read({_bytes(file)}{options})"


def _bytes(file: str) -> str:
    return f'open({file!r}, "rb").read()'


def _suffix(name: str) -> str:
    return "." + name.partition(".")[2]
