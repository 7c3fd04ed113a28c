"""What the worker does with a request: build the model, prepare the picture, answer, keep it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from explainers.attribution import Progress
from explainers.baselines import BASELINES
from explainers.engine.request import Request
from explainers.engine.store import Store
from explainers.front import explain
from explainers.kinds import picture as pictures
from explainers.models.picture_model import PictureModel, build
from explainers.models.spec import ModelSpec
from explainers.options import lookup
from explainers.passes import Passes
from explainers.problems import Problem

MODELS_KEPT_WARM = 3
SECONDS_BETWEEN_PICTURES = 0.3


@dataclass(frozen=True)
class Warm:
    """A loaded model on its device, its class names, and the preparation that it expects."""

    model: PictureModel
    classes: tuple[str, ...]
    spec: ModelSpec


class Workshop:
    """The store, and the models used last, kept loaded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._warm: OrderedDict[tuple, Warm] = OrderedDict()

    def answer(self, request: Request, tell: Callable[[dict], None]) -> None:
        """Put the answer to `request` into the store; `tell` gets progress and may raise."""
        warm = self._model(request)
        image = pictures.read(self._blob(request.picture, "picture"))
        x = self._pixels(image, warm.spec, request.device)
        baseline = self._baseline(request, x, warm.spec)
        region = pictures.seen_region(image.size, warm.spec.fit)
        if request.method:
            self._explain(request, warm, x, baseline, region, tell)
        else:
            self._predict(request, warm, x, baseline, region)

    def _predict(self, request: Request, warm: Warm, x, baseline, region) -> None:
        both = torch.cat([x, baseline])
        logits = Passes(warm.model, score="logit").outputs(both)
        if logits.ndim != 2:
            raise Problem(
                f"The model returns shape {tuple(logits.shape)}; a classifier of pictures returns "
                "one row of scores per picture (N, classes)."
            )
        probabilities = Passes(warm.model, score="probability").outputs(both).cpu().numpy()
        facts = {
            "classes": list(warm.classes),
            "region": region,
            "spec": {"size": warm.spec.size, "fit": warm.spec.fit},
            "parameters": sum(p.numel() for p in warm.model.parameters()),
        }
        self.store.put_answer(
            request.digest(),
            facts,
            probabilities=probabilities[0],
            baseline_probabilities=probabilities[1],
            logits=logits[0].cpu().numpy(),
            baseline_picture=np.asarray(pictures.picture_of(baseline[0].cpu().numpy())),
        )

    def _explain(self, request: Request, warm: Warm, x, baseline, region, tell) -> None:
        target = request.target
        if request.rather_than is not None:
            target = (target, request.rather_than)
        last = 0.0

        def progress(state: Progress) -> None:
            nonlocal last
            partial = None
            if time.monotonic() - last > SECONDS_BETWEEN_PICTURES:
                last = time.monotonic()
                partial = state.partial()
                if partial is not None:
                    partial = partial[0].sum(0).float().cpu().numpy().astype(np.float32)
            tell(
                {
                    "done": state.done,
                    "total": state.total,
                    "seconds_left": state.seconds_left,
                    "partial": partial,
                    "region": region,
                }
            )

        found = explain(
            warm.model, x, request.method, baseline, target,
            score=request.score, progress=progress, **request.options,
        )  # fmt: skip
        (aimed,) = found.target
        facts = {
            "target": aimed[0] if request.rather_than is not None else aimed,
            "output": found.output.item(),
            "baseline_output": found.baseline_output.item(),
            "gap": None if found.gap is None else found.gap.item(),
            "passes": found.passes,
            "seconds": found.seconds,
            "device": found.device,
            "precision": found.precision,
            "signed": found.signed,
            "notes": list(found.notes),
            "region": region,
        }
        arrays = {"scores": found.scores[0], "spread": found.spread}
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
        self.store.put_answer(request.digest(), facts, **kept)

    def _model(self, request: Request) -> Warm:
        key = (request.model, request.device)
        if key in self._warm:
            self._warm.move_to_end(key)
            return self._warm[key]
        while len(self._warm) >= MODELS_KEPT_WARM:
            self._warm.popitem(last=False)
        spec, weights = request.model, None
        if spec.source == "upload":
            digest, _, suffix = spec.weights.partition(".")
            weights = (self._blob(digest, "model"), f".{suffix}")
        model, classes, own = build(spec, weights)
        own = replace(own, fit=spec.fit)
        self._warm[key] = Warm(model.to(request.device), classes, own)
        return self._warm[key]

    def _blob(self, digest: str, what: str) -> bytes:
        try:
            data = self.store.blob(digest)
        except ValueError:
            data = None
        if data is None:
            raise Problem(f"This {what} is no longer kept here. Upload it again.")
        return data

    def _pixels(self, image, spec: ModelSpec, device: str):
        values = pictures.pixels(image, spec.size, spec.fit)
        return torch.from_numpy(values)[None].to(device)

    def _baseline(self, request: Request, x, spec: ModelSpec):
        if request.baseline == "own":
            image = pictures.read(self._blob(request.own_baseline, "baseline picture"))
            return self._pixels(image, spec, request.device)
        entry = lookup(BASELINES, request.baseline, "baseline")
        return entry.make(x, **request.baseline_options)
