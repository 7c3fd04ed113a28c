"""Cascading randomisation: does a map change when the model forgets what it learned?

Adebayo et al. 2018, "Sanity checks for saliency maps" (arXiv:1810.03292).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from explainers import eval_mode
from explainers.errors import ModelProblem, Problem
from explainers.passes import Passes
from explainers.references import check_inputs


def cascade(
    model: nn.Module, inputs: Tensor, most: int = 5, seed: int = 0
) -> Iterator[tuple[list[str], nn.Module]]:
    """Randomise a model's weights stage by stage, from the output to the input.

    Randomising permutes the entries of every parameter tensor. Adebayo et al. draw the weights
    anew from the layer's initialiser; a permutation needs to know no initialiser, so it works for
    any module, and it keeps each tensor's trained distribution, so the activations keep a sane
    size and the outputs do not saturate. Two things stay: tensors whose entries are all equal
    (the weight of a normalisation before training, a single number), and buffers, such as the
    running mean and variance of batch normalisation. A parameter shared by several modules is
    permuted once, at the first stage that holds it.

    Parameters
    ----------
    model : nn.Module
        It is copied once and never changed.
    inputs : Tensor, shape (N, …)
        What it takes; the first shows in which order the modules work.
    most : int
        At most so many stages, see `stages`.
    seed : int
        Of the permutations; the same seed gives the same weights.

    Yields
    ------
    names : list of str
        The modules of this stage.
    randomised : nn.Module
        The copy, random down to this stage. It is always the same copy, changed further: use it
        before asking for the next stage.

    Raises
    ------
    Problem
        For callables that are not modules.
    ModelProblem
        For a model that cannot run or be copied.

    References
    ----------
    Adebayo et al. 2018, arXiv:1810.03292.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> [names for names, _ in cascade(net, torch.ones(1, 2))]
    [['2'], ['0']]
    """
    groups = stages(model, inputs, most)
    try:
        randomised = copy.deepcopy(model)
    except Exception as error:
        raise ModelProblem(
            f"The model could not be copied, so its weights cannot be randomised: {error}"
        ) from error
    return _randomise(randomised, groups, seed)


def stages(model: nn.Module, inputs: Tensor, most: int = 5) -> list[list[str]]:
    """The modules that own parameters, grouped from the output to the input.

    The order is that of the last operation that used any of a module's own parameters, observed
    while the model runs once on the first of inputs (N, …). That covers modules that are used
    several times, parameters owned by containers (class tokens, attention projections) and weights
    used without calling their module. The first stage is the module used last alone, the usual
    first step; the others share the rest evenly. Parameters that no operation was seen to use come
    at the very end.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor, shape (N, …)
    most : int
        At most so many groups.

    Returns
    -------
    list of list of str
        The modules' names; "" names the model itself.

    Raises
    ------
    Problem
        For callables that are not modules.
    ModelProblem
        For a model that cannot run, or has no weights.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.Linear(2, 1))
    >>> stages(net, torch.ones(1, 2), most=2)
    [['3'], ['2', '0']]
    """
    if not isinstance(model, nn.Module):
        raise Problem("Randomising needs a torch module, whose weights can be found.")
    if most < 1:
        raise Problem(f"most={most} is not a positive number of stages.")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        raise ModelProblem("The model's lazy layers have no weights yet. Run it once first.")
    check_inputs(inputs)
    device, dtype = eval_mode.device_and_dtype(model)
    uses = LastUse(model)
    with eval_mode.evaluating(model), uses:
        Passes(model).outputs(inputs[:1].detach().to(device or inputs.device, dtype))
    latest = {
        name: max(uses.when.get(id(parameter), -1) for parameter in owned)
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


class LastUse(TorchFunctionMode):
    """While active, notes when each parameter of a model was last used.

    Attributes
    ----------
    when : dict of int to int
        id of the parameter → the number of the last operation that used it, −1 for none.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.when = {id(parameter): -1 for parameter in model.parameters()}
        self._clock = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function of torch, and note which parameters it uses."""
        kwargs = kwargs or {}
        # Reading a property, such as the device of the first parameter, is no use of it.
        if getattr(func, "__name__", "") != "__get__":
            self._clock += 1
            self._note([*args, *kwargs.values()])
        return func(*args, **kwargs)

    def _note(self, values: Sequence[object]) -> None:
        for value in values:
            if isinstance(value, (list, tuple)):
                self._note(value)
            elif id(value) in self.when:
                self.when[id(value)] = self._clock


def _randomise(
    model: nn.Module, groups: list[list[str]], seed: int
) -> Iterator[tuple[list[str], nn.Module]]:
    generator = torch.Generator().manual_seed(seed)
    modules = dict(model.named_modules())
    done: set[int] = set()
    for names in groups:
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
