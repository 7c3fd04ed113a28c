"""Every method tried once on a network, what an explanation costs, and what a pass takes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from explainers import eval_mode
from explainers.errors import Problem
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.models.inspection.guesses import Guess
from explainers.models.prepared import Prepared
from explainers.models.times.pass_times import PassTimes, pass_times


class MethodTrials(NamedTuple):
    """What came of trying every method that fits a network's kind of input.

    Attributes
    ----------
    problems : dict[str, str]
        By method: "", or why it will not work.
    costs : dict[str, int]
        Of those that work: passes that one explanation takes with its usual options.
    times : PassTimes
    """

    problems: dict[str, str]
    costs: dict[str, int]
    times: PassTimes


def try_methods(model: Prepared, guess: Guess) -> MethodTrials:
    """Explain one random input with every method.

    Parameters
    ----------
    model : Prepared
    guess : Guess
        What one input of the model is.
    """
    from explainers.api import explain
    from explainers.output_cache import OutputCache

    x, layout = guess.sample(model), InputLayout.of(guess.shape, guess.kind)
    problems: dict[str, str] = {}
    costs: dict[str, int] = {}
    cache = OutputCache()
    for key, method in METHODS.items():
        if method.kinds is not None and guess.kind not in method.kinds:
            continue
        options = method.trial_options(layout)
        try:
            answer = explain(model, x, key, "zeros", score="logit", cache=cache, **options)
            problems[key] = "" if torch.isfinite(answer.scores).all() else "its slopes overflow"
        except Problem as problem:
            problems[key] = str(problem)
        if not problems[key]:
            costs[key] = method.estimate(method.options(), layout) + 2
    with eval_mode.evaluating(model):
        return MethodTrials(problems, costs, pass_times(model, x))


def backward_bytes(model: Prepared, guess: Guess) -> int:
    """Bytes that one pass keeps for its way back: what autograd saves, each storage once."""
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    weights = {w.untyped_storage().data_ptr() for w in (*model.parameters(), *model.buffers())}
    x = guess.sample(model).requires_grad_()
    saving = torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept)
    try:
        with eval_mode.evaluating(model), torch.enable_grad(), saving:
            output = model(x)
    except Problem:  # it gives no gradients, and so has no way back
        return 0
    size = output.numel() * output.element_size() if isinstance(output, Tensor) else 0
    return size + sum(size for place, size in saved.items() if place not in weights)
