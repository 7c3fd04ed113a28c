"""What the worker does to check an explanation: hide what is hottest, randomise the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from explainers import eval_mode
from explainers.checks.faithfulness import answers_along, hottest_first, random_orders, reached
from explainers.checks.randomisation import cascade, similarity, stages
from explainers.errors import ModelProblem, Problem
from explainers.front import explain
from explainers.methods import METHODS
from explainers.options import make_options
from explainers.passes import Passes
from explainers.service.tasks.context import Answer, Task
from explainers.service.tasks.lessons import axioms, lesson

RANDOM_DRAWS = 10
STAGES = 5


def proof(task: Task, explanation: Answer) -> Answer:
    """All answers while the hottest cells are hidden, and while they are revealed.

    Arrays: `order` like the heat, the rank of each cell, 0 for the hottest; `deletion` and
    `insertion` (K, classes), probabilities along the grid `shares`; `baseline_shown`.
    """
    heat = torch.from_numpy(task.kind.heat(explanation[1]["scores"]))[None]
    first = hottest_first(heat)
    rank = torch.empty_like(first).scatter_(1, first, torch.arange(first.shape[1])[None])
    along = {name: values[0] for name, values in _along(task, first[:, None]).items()}
    order = rank.view(heat.shape)[0].numpy().astype(np.int32)
    shown = task.kind.shown(task.hidden[0].cpu().numpy())
    return {"shares": reached(rank.numel())}, {"order": order, "baseline_shown": shown, **along}


def chance(task: Task, explanation: Answer | None) -> Answer:
    """The same in random order, which no method knows of: (draws, K, classes)."""
    units = task.kind.heat(task.x[0]).numel()
    orders = random_orders(units, RANDOM_DRAWS, seed=0)[None]
    return {"shares": reached(units)}, _along(task, orders)


def randomisation(task: Task, explanation: Answer) -> Answer:
    """Maps of the model with its weights randomised from the top down, stage after stage.

    Facts: `stages`, what was randomised in each, of so many `layers`; `similarity` of each stage's
    map to the first; `note`.
    Arrays: `maps` (stages, …), each like the heat.
    """
    first = task.kind.heat(explanation[1]["scores"])
    asked = task.request
    task = replace(task, request=replace(asked, target=explanation[0]["target"]))
    entry = METHODS[asked.method]
    options = make_options(entry.options, asked.options, entry.name)
    each = entry.estimate(options, tuple(task.x.shape[1:])) + 2
    names, maps, note = [], [], ""
    for stage, model in cascade(task.warm.model, task.x, most=STAGES, seed=0):
        progress = task.progress(len(maps) * each, STAGES * each)
        try:
            found = task.explained(model, progress=progress)
        except ModelProblem as problem:
            if not maps:
                raise Problem(
                    f"With randomised weights this model cannot be explained: {problem}"
                ) from problem
            note = f"The check ended after {len(maps)} stages: {problem}"
            break
        names.append(stage)
        maps.append(task.kind.heat(found.scores[0]).float().cpu().numpy())
    alike = [similarity(first, heat) for heat in maps]
    layers = sum(map(len, stages(task.warm.model, task.x, STAGES)))
    facts = {"stages": names, "layers": layers, "similarity": alike, "note": note}
    return facts, {"maps": np.stack(maps)}


def _along(task: Task, orders: torch.Tensor) -> dict[str, np.ndarray]:
    """Probabilities (R, K, classes), or (K, classes) for one order, hiding and revealing."""
    shares = reached(orders.shape[-1])
    total = 2 * orders.shape[1] * len(shares)
    run = Passes(
        task.warm.model,
        score=task.form,
        cache=task.warm.cache,
        progress=task.progress(0, total),
    )
    found = {}
    with eval_mode.evaluating(task.warm.model):
        for name, insert in (("deletion", False), ("insertion", True)):
            outputs = answers_along(
                run, task.x, task.hidden, orders.to(task.x.device), shares, insert
            )
            found[name] = outputs[0].float().cpu().numpy()
    return found


def doctor(task: Task, explanation: Answer | None) -> Answer:
    """What the model is, found out by trials: the card of `explainers.models.inspection`."""
    from PIL import Image

    from explainers.models.inspection import examine
    from explainers.models.zoo.signs import samples

    def tell(what: str) -> None:
        task.tell({"done": 0, "total": 0, "seconds_left": 0, "partial": None, "what": what})

    photos = [Image.open(sample.path).convert("RGB") for sample in samples()[:12]]
    card = examine(task.warm.model.network, task.warm.spec, photos, tell)
    facts = {**card, "architecture": task.warm.spec.name, "chain": None}
    if (description := getattr(task.warm.model.network, "description", None)) is not None:
        facts["chain"] = description.to_facts()
    return facts, {}


def rows(task: Task, explanation: Answer | None) -> Answer:
    """The same question of many inputs of the file: `scores` and `inputs` (M, …) each."""
    asked = task.request
    x, baseline = task.others(asked.rows)
    entry = METHODS[asked.method]
    options = make_options(entry.options, asked.options, entry.name)
    passes = entry.estimate(options, tuple(x.shape[1:])) + 2
    found = explain(
        task.warm.model,
        x,
        asked.method,
        baseline,
        task.target,
        score=task.score,
        progress=task.progress(0, len(x) * passes),
        **asked.options,
    )
    facts = {"signed": found.signed, "passes": found.passes, "seconds": found.seconds}
    return facts, {"scores": found.scores.float().cpu().numpy(), "inputs": x.cpu().numpy()}


CHECKS: dict[str, Callable[[Task, Answer | None], Answer]] = {
    "proof": proof,
    "chance": chance,
    "randomisation": randomisation,
    "doctor": doctor,
    "rows": rows,
    "lesson": lesson,
    "axioms": axioms,
}
