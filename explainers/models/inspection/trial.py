"""Every method tried once on a network, what an explanation costs, and what a pass takes."""

from __future__ import annotations

import time

import torch

from explainers import eval_mode
from explainers.errors import Problem
from explainers.methods import METHODS
from explainers.models.inspection.guesses import Guess
from explainers.models.prepared import Prepared


def trial(model: Prepared, guess: Guess) -> tuple[dict[str, str], dict[str, int], float]:
    """For every method that fits the kind "" or why it will not work; the passes that one
    explanation takes with its usual options; and seconds of one pass.
    """
    from explainers.front import explain

    x = guess.sample(model)
    found, costs, seconds = {}, {}, 0.0
    for key, method in METHODS.items():
        if method.kinds is not None and guess.kind not in method.kinds:
            continue
        options = method.trial(guess.shape) if callable(method.trial) else dict(method.trial)
        try:
            answer = explain(model, x, key, "zeros", score="logit", **options)
            found[key] = "" if torch.isfinite(answer.scores).all() else "its slopes overflow"
            if key == "saliency":
                started = time.perf_counter()
                explain(model, x, key, "zeros", score="logit", **options)
                seconds = (time.perf_counter() - started) / answer.passes
        except Problem as problem:
            found[key] = str(problem)
        if not found[key]:
            costs[key] = method.estimate(method.options(), guess.shape) + 2
    if not seconds:
        with eval_mode.evaluating(model), torch.no_grad():
            started = time.perf_counter()
            model(x)
            seconds = time.perf_counter() - started
    return found, costs, seconds


def memory(model: Prepared, guess: Guess) -> int:
    """Bytes that one pass keeps for its way back: what autograd saves, each storage once."""
    saved: dict[int, int] = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    own = {w.untyped_storage().data_ptr() for w in (*model.parameters(), *model.buffers())}
    x = guess.sample(model).requires_grad_()
    saving = torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept)
    try:
        with eval_mode.evaluating(model), torch.enable_grad(), saving:
            output = model(x)
    except Problem:  # it gives no gradients, and so has no way back
        return 0
    size = output.numel() * output.element_size() if isinstance(output, torch.Tensor) else 0
    return size + sum(size for place, size in saved.items() if place not in own)
