"""The Python that gives the same numbers as a request."""

from __future__ import annotations

import dataclasses

from explainers.engine.request import Request

_TEMPLATE = """\
import torch
from explainers import BASELINES, explain
from explainers.kinds import picture
from explainers.models.picture_model import build
from explainers.models.spec import ModelSpec

model, classes, spec = build({spec}, {weights})
with open({picture!r}, "rb") as file:
    image = picture.read(file.read())
x = torch.from_numpy(picture.pixels(image, spec.size, {fit!r}))[None]
{baseline}
answer = explain(
    model, x, {method!r}, baseline, {target},
    score={score!r}{options}
)
print("sum of scores", answer.scores.sum().item())
print("output", answer.output.item(), "baseline", answer.baseline_output.item())
"""


def recipe(request: Request, picture: str, weights: str = "weights", own_baseline: str = "") -> str:
    """A script for the repository's root that prints the request's numbers.

    `picture`, `weights` and `own_baseline` are the names of the visitor's own files.
    """
    spec = request.model
    shown = {
        field.name: getattr(spec, field.name)
        for field in dataclasses.fields(spec)
        if field.name != "weights" and getattr(spec, field.name) != field.default
    }
    arguments = ", ".join(f"{name}={value!r}" for name, value in shown.items())
    given = "None"
    if spec.source == "upload":
        suffix = "." + spec.weights.split(".")[1]
        given = f'(open({weights!r}, "rb").read(), {suffix!r})'
    if request.baseline == "own":
        baseline = (
            f'image = picture.read(open({own_baseline!r}, "rb").read())\n'
            f"baseline = torch.from_numpy(picture.pixels(image, spec.size, {spec.fit!r}))[None]"
        )
    else:
        options = "".join(f", {k}={v!r}" for k, v in request.baseline_options.items())
        baseline = f"baseline = BASELINES[{request.baseline!r}].make(x{options})"
    target = request.target
    if request.rather_than is not None:
        target = (target, request.rather_than)
    return _TEMPLATE.format(
        spec=f"ModelSpec({arguments})",
        weights=given,
        picture=picture,
        fit=spec.fit,
        baseline=baseline,
        method=request.method,
        target=target,
        score=request.score,
        options="".join(f", {k}={v!r}" for k, v in request.options.items()),
    )
