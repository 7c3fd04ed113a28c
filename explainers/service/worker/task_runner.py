"""What the worker does with a request: build the model, prepare the picture, answer, keep it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from explainers.baselines import BASELINES
from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.models.prepared import build
from explainers.models.spec import ModelSpec
from explainers.options import lookup
from explainers.passes import Passes
from explainers.service.limits import limits
from explainers.service.parsing.parsed_uploads import file_of, gone, parsed, weights_of
from explainers.service.parsing.parsers.onnx import graph
from explainers.service.parsing.parsers.pt2 import program
from explainers.service.parsing.parsers.state_dict import state_dict
from explainers.service.settings import model_settings
from explainers.service.storage.store import Store
from explainers.service.tasks.checking import CHECKS
from explainers.service.tasks.context import Answer, LoadedModel, Task
from explainers.service.tasks.request import Compared, Request


class TaskRunner:
    """The store, and the models used last, kept loaded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._warm: OrderedDict[tuple, LoadedModel] = OrderedDict()

    def answer(self, request: Request, tell: Callable[[dict], None]) -> None:
        """Put the answer to `request` into the store; `tell` gets progress and may raise."""
        self._answered(request, tell)

    def _answered(self, request: Request, tell) -> Answer:
        kept = self.store.answer(request.digest())
        if kept is not None:
            return kept
        task = self._task(request, tell)
        if request.check:
            check = lookup(CHECKS, request.check, "check")
            explanation = None
            if request.method and request.check != "rows":
                plain = replace(request, check="", hide_with=None)
                explanation = self._answered(plain, tell)
                if request.hide_with is not None:
                    hidden = self._baseline(request.hide_with, request, task.x, task.warm.spec)
                    task = replace(task, baseline=hidden)
            facts, arrays = check(task, explanation)
        elif request.method:
            facts, arrays = _explanation(task)
        else:
            facts, arrays = _prediction(task)
        self.store.put_answer(request.digest(), facts, **arrays)
        return facts, arrays

    def _task(self, request: Request, tell) -> Task:
        warm = self._model(request)
        kind, facts = KINDS[warm.spec.kind], {}
        if request.data:
            facts = kind.facts(self._parsed(*file_of(kind.key, request.data)), warm.spec)
        if request.values:
            values = np.array(request.values, np.float32).reshape(1, *warm.spec.shape)
            x = torch.from_numpy(values).to(request.device)
        else:
            x = self._inputs(request.data, [request.item], warm.spec, request.device)
        baseline = self._baseline(request.compared, request, x, warm.spec)

        def others(most: int):
            found = self._parsed(*file_of(kind.key, request.data))
            some = torch.from_numpy(kind.some(found, warm.spec, most)).to(request.device)
            return some, self._baseline(request.compared, request, some, warm.spec)

        return Task(request, warm, x, baseline, facts, tell, others)

    def _model(self, request: Request) -> LoadedModel:
        key = (request.model, request.device)
        if key in self._warm:
            self._warm.move_to_end(key)
            return self._warm[key]
        while len(self._warm) >= limits().models_warm:
            _, old = self._warm.popitem(last=False)
            if hasattr(old.model.network, "close"):  # it runs in a process of its own
                old.model.network.close()
        spec, weights = request.model, None
        if spec.source == "upload":
            what = weights_of(request)
            taken = {"onnx": graph, "exported": program, "script": self._script(what[1])}
            weights = taken.get(what[0], state_dict)(self._parsed(*what))
        elif spec.source == "python":
            weights = model_settings().file
        model, classes, own = build(spec, weights, self._elsewhere(request))
        own = replace(own, fit=spec.fit)
        self._warm[key] = LoadedModel(model.to(request.device), classes, own)
        return self._warm[key]

    def _script(self, digest: str) -> Callable:
        """What a TorchScript file, which is never loaded here, runs as: behind the wall."""
        from explainers.service.runners.models import TorchScriptModel

        return lambda found: TorchScriptModel(self.store.path(f"{digest}.blob"))

    def _elsewhere(self, request: Request) -> Callable:
        """What runs a graph that torch cannot: onnxruntime, in a sandboxed process of its own."""
        from explainers.service.runners.models import OnnxRuntimeModel

        digest = request.model.weights.partition(".")[0]
        return lambda graph, output: OnnxRuntimeModel(
            graph, self.store.path(f"{digest}.blob"), output
        )

    def _parsed(self, kind: str, digest: str, options: dict) -> Answer:
        """What the reading process made of an upload; its bytes are never decoded here."""
        found = parsed(self.store, kind, digest, **options)
        if found is None:
            raise gone(kind)
        return found

    def _inputs(self, name: str, items, spec: ModelSpec, device):
        """Those inputs (M, …) of the file."""
        found = self._parsed(*file_of(spec.kind, name))
        return torch.from_numpy(KINDS[spec.kind].inputs(found, spec, items)).to(device)

    def _baseline(self, compared: Compared, request: Request, x, spec: ModelSpec):
        """What x is compared with: (1, …), or (1, R, …) for R references."""
        if compared.baseline == "own":
            return self._inputs(compared.own_baseline, [0], spec, x.device)
        entry = lookup(BASELINES, compared.baseline, "baseline")
        given = {}
        if entry.uses_data and request.data:
            found = self._parsed(*file_of(spec.kind, request.data))
            given["data"] = torch.from_numpy(KINDS[spec.kind].some(found, spec)).to(x.device)
        return entry.make(x, **given, **compared.baseline_options)


def _prediction(task: Task) -> Answer:
    """The model's answers to the picture and to the baseline, and what a pass costs."""
    warm, answers, seconds = task.warm, [], []
    for score in ("output" if task.form == "output" else "logit", task.form):
        run = Passes(warm.model, score=score, cache=warm.cache)
        run.landmarks = (task.x, task.references)
        for at in run.landmarks:
            started = time.perf_counter()
            answers.append(run.outputs(at))
            seconds.append(time.perf_counter() - started)
    logits, _, ours, baselines = answers
    if logits.ndim != 2:
        raise Problem(
            f"The model returns shape {tuple(logits.shape)}; one row of answers for each "
            f"{task.kind.one} is needed: (N, outputs). Where the answer is a series, choose its "
            "output step in the model's settings."
        )
    facts = {
        "classes": list(warm.classes),
        **task.facts,
        "shape": list(task.x.shape[1:]),
        "references": len(task.references),
        "parameters": sum(p.numel() for p in warm.model.parameters()),
        # The first pass of a new size is slow for other reasons.
        "seconds_per_pass": min(seconds),
    }
    return facts, {
        "probabilities": ours[0].cpu().numpy(),
        "baseline_probabilities": baselines.mean(0).cpu().numpy(),
        "logits": logits[0].cpu().numpy(),
        "input": task.x[0].cpu().numpy(),
        "baseline_shown": task.kind.shown(task.hidden[0].cpu().numpy()),
    }


def _explanation(task: Task) -> Answer:
    """The request's attribution."""
    found = task.explained(progress=task.progress())
    (aimed,) = found.target
    facts = {
        "target": aimed[0] if task.request.rather_than is not None else aimed,
        "output": found.output.item(),
        "baseline_output": found.baseline_output.item(),
        "sum": found.scores.double().sum().item(),
        "gap": None if found.gap is None else found.gap.item(),
        "passes": found.passes,
        "seconds": found.seconds,
        "device": found.device,
        "precision": found.precision,
        "signed": found.signed,
        "notes": list(found.notes),
        **task.facts,
    }
    arrays = {"scores": found.scores[0], "spread": found.spread, **found.extra}
    arrays |= {"positive": found.positive, "negative": found.negative}
    kept = {
        name: (value if name == "scores" else value[0]).float().cpu().numpy()
        for name, value in arrays.items()
        if value is not None
    }
    if not all(np.isfinite(value).all() for value in kept.values()):
        raise Problem(
            "The explanation holds NaN or infinite values: the model's slopes overflow on this "
            "picture. Try another baseline, or a perturbation method such as occlusion."
        )
    return facts, kept
