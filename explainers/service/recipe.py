"""The Python that gives the same numbers as a request."""

from __future__ import annotations

import dataclasses

from explainers.baselines import BASELINES
from explainers.models.formats.refusals import SCRIPTS
from explainers.service.parsing.parsed_uploads import file_of
from explainers.service.tasks.request import Request

_TEMPLATE = """\
import torch
from explainers import BASELINES, explain
from explainers.service.parsing.parsers import PARSERS
{script}from explainers.kinds import KINDS
from explainers.models.prepared import build
from explainers.models.spec import ModelSpec

read, kind = PARSERS[{kind!r}].parse, KINDS[{kind!r}]
model, classes, spec = build({spec}, {weights})
{inputs}
answer = explain(
    model, x, {method!r}, baseline, {target},
    score={score!r}{options}
)
print("sum of scores", answer.scores.sum().item())
print("output", answer.output.item(), "baseline", answer.baseline_output.item())
"""


def recipe(request: Request, file: str, weights: str = "weights", own_baseline: str = "") -> str:
    """A script for the repository's root that prints the request's numbers.

    `file`, `weights` and `own_baseline` are the names of the visitor's own files.
    """
    spec = request.model
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
    target = request.target
    if request.rather_than is not None:
        target = (target, request.rather_than)
    return _TEMPLATE.format(
        kind=spec.kind,
        script=script,
        spec=f"ModelSpec({arguments})",
        weights=given,
        inputs="\n".join([*_inputs(request, file), *_baseline(request, own_baseline)]),
        method=request.method,
        target=target,
        score=request.score,
        options="".join(f", {k}={v!r}" for k, v in request.options.items()),
    )


def _inputs(request: Request, file: str) -> list[str]:
    lines = [f"found = {_read(file, request.data)}"] if request.data else []
    if request.values:
        shape = (1, *request.model.shape)
        return [*lines, f"x = torch.tensor({list(request.values)}).reshape{shape}"]
    return [*lines, f"x = torch.from_numpy(kind.inputs(found, spec, [{request.item}]))"]


def _baseline(request: Request, own: str) -> list[str]:
    if request.baseline == "own":
        read = _read(own, request.own_baseline)
        return [f"baseline = torch.from_numpy(kind.inputs({read}, spec, [0]))"]
    options = "".join(f", {k}={v!r}" for k, v in request.baseline_options.items())
    if BASELINES[request.baseline].uses_data and request.data:
        options = f", data=torch.from_numpy(kind.some(found, spec)){options}"
    return [f"baseline = BASELINES[{request.baseline!r}].make(x{options})"]


def _read(file: str, name: str) -> str:
    options = "".join(f", {key}={value!r}" for key, value in file_of("", name)[2].items())
    return f"read({_bytes(file)}{options})"


def _bytes(file: str) -> str:
    return f'open({file!r}, "rb").read()'


def _suffix(name: str) -> str:
    return "." + name.partition(".")[2]
