"""Cascading randomisation: does a map change when the model forgets what it learned?

Adebayo et al. 2018, "Sanity checks for saliency maps" (arXiv:1810.03292).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from explainers import eval_mode
from explainers.checks.agreement import rank_correlation
from explainers.errors import ModelProblem, Problem
from explainers.passes import Passes
from explainers.references import check_inputs


def cascade(
    model: nn.Module, inputs: Tensor, most: int = 5, seed: int = 0
) -> Iterator[tuple[list[str], nn.Module]]:
    """(names of the modules of this stage, a copy of the model random down to this stage), by turn.

    model    any module; it is copied once and never touched.
    inputs   (N, …): what it takes; the first shows in which order the modules work.
    most     at most so many stages, see `stages`.
    seed     of the permutations; the same seed gives the same weights.

    Each stage keeps the earlier ones random. It is always the same copy, changed further: use it
    before asking for the next stage.

    Randomising permutes the entries of every parameter tensor. Adebayo et al. draw the weights
    anew from the layer's initialiser; a permutation needs to know no initialiser, so it works for
    any module, and it keeps each tensor's trained distribution, so the activations keep a sane
    size and the outputs do not saturate. Two things stay: tensors whose entries are all equal
    (the weight of a normalisation before training, a single number), and buffers, such as the
    running mean and variance of batch normalisation. A parameter shared by several modules is
    permuted once, at the first stage that holds it.

    Raises Problem for callables that are not modules, and ModelProblem for one that cannot run or
    be copied.
    """
    found = stages(model, inputs, most)
    try:
        changed = copy.deepcopy(model)
    except Exception as error:
        raise ModelProblem(
            f"The model could not be copied, so its weights cannot be randomised: {error}"
        ) from error
    return _randomised(changed, found, seed)


def stages(model: nn.Module, inputs: Tensor, most: int = 5) -> list[list[str]]:
    """Names of the modules that own parameters, in at most `most` groups from output to input.

    The order is that of the last operation that used any of a module's own parameters, observed
    while the model runs once on the first of inputs (N, …). That covers modules that are used
    several times, parameters owned by containers (class tokens, attention projections) and weights
    used without calling their module. The first stage is the module used last alone, the usual
    first step; the others share the rest evenly. Parameters that no operation was seen to use come
    at the very end. "" names the model itself.
    """
    if not isinstance(model, nn.Module):
        raise Problem("Randomising needs a torch module, whose weights can be found.")
    if most < 1:
        raise Problem(f"most={most} is not a positive number of stages.")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        raise ModelProblem("The model's lazy layers have no weights yet. Run it once first.")
    check_inputs(inputs)
    device, dtype = eval_mode.device_and_dtype(model)
    seen = LastUse(model)
    with eval_mode.evaluating(model), seen:
        Passes(model).outputs(inputs[:1].detach().to(device or inputs.device, dtype))
    latest = {
        name: max(seen.when.get(id(parameter), -1) for parameter in owned)
        for name, module in model.named_modules()
        if (owned := list(module.parameters(recurse=False)))
    }
    if not latest:
        raise ModelProblem("This model has no weights within reach to randomise.")
    names = sorted(latest, key=latest.__getitem__, reverse=True)
    if most == 1:
        return [names]
    rest = [part.tolist() for part in np.array_split(names[1:], most - 1) if len(part)]
    return [names[:1], *rest]


def similarity(first: np.ndarray, other: np.ndarray) -> float:
    """Rank correlation of the sizes |first| and |other| of two maps of the same shape, −1 to 1.

    Near 1 after randomisation, the map is not about what the model learned.
    """
    return rank_correlation(np.abs(first), np.abs(other))


class LastUse(TorchFunctionMode):
    """While active, notes when each parameter of the model was last used, by its id."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.when = {id(parameter): -1 for parameter in model.parameters()}
        self._clock = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        # Reading a property, such as the device of the first parameter, is no use of it.
        if getattr(function, "__name__", "") != "__get__":
            self._clock += 1
            self._note([*args, *kwargs.values()])
        return function(*args, **kwargs)

    def _note(self, values) -> None:
        for value in values:
            if isinstance(value, (list, tuple)):
                self._note(value)
            elif id(value) in self.when:
                self.when[id(value)] = self._clock


def _randomised(model: nn.Module, found: list[list[str]], seed: int):
    generator = torch.Generator().manual_seed(seed)
    modules, done = dict(model.named_modules()), set()
    for names in found:
        for name in names:
            for parameter in modules[name].parameters(recurse=False):
                if id(parameter) not in done:
                    done.add(id(parameter))
                    _permute(parameter, generator)
        yield names, model


@torch.no_grad()
def _permute(parameter: Tensor, generator: torch.Generator) -> None:
    order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
    parameter.copy_(parameter.flatten()[order].view(parameter.shape))
