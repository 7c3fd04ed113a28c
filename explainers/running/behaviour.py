"""How a model behaves: whether it draws random numbers, and whether rows affect each other.

Found out by asking it about two inputs in one batch, whose answers alone are known.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from explainers.errors import ModelProblem, Problem
from explainers.running.watch import Watch, without_slope

BATCH_STATISTICS = (
    "This model normalises each input by the statistics of all that are in the batch with it, so "
    "that one input alone has no answer of its own to explain. Let it use fixed statistics: "
    "batch normalisation with its running mean and variance (track_running_stats=True, "
    "training=False), or another normalisation."
)
NO_ANSWER_ALONE = (
    "This model's answer to an input depends on the other inputs in the batch, and alone every "
    "input gets the same answer, so there is nothing to explain. Usually an operation goes over "
    "dimension 0, the inputs, instead of dimension 1: a softmax, a mean, an attention."
)
MIXES = (
    "In this model the inputs of a batch affect each other: an answer depends on what else is "
    "asked at the same time. Each input was explained alone, one row a pass."
)

MOST_KNOWN = 32  # of one model

Found = TypeVar("Found")
# Below, a difference can be the rounding of a kernel for another number of rows.
_ROUNDING = {torch.float32: 2e-4, torch.float16: 2e-2, torch.bfloat16: 0.1}
_ROUNDING_ON_DEVICES = 2e-2
# Up to here it can still be rounding, inside a model that computes in a short type itself.
_SHORT_ROUNDING = 3e-2


@dataclass(frozen=True)
class Behaviour:
    """What is known of a model.

    Attributes
    ----------
    random : bool
        Whether it answers the same question differently.
    noise : float
        By how much, as a share of the largest answer.
    one_row : bool
        Whether it can be asked about one input at a time only.
    mixes : bool
        Whether the inputs of a batch affect each other's answers.
    refusal : str
        Why nothing of it can be explained; "" where it can.
    coded : Tensor of bool, of one input's shape, or None
        Which values the model uses as whole numbers only, so that they have no slope.
    drew : bool
        Whether it was seen to draw from the generators of random numbers.
    remembers : bool
        Whether its answers depend on what a function kept of its earlier calls, which is therefore
        put back after each.
    """

    random: bool = False
    noise: float = 0.0
    one_row: bool = False
    mixes: bool = False
    refusal: str = ""
    coded: Tensor | None = None
    drew: bool = False
    remembers: bool = False

    def notes(self, repeats: int = 1, seed: int = 0) -> list[str]:
        """Sentences that belong on every answer."""
        sentences = []
        if self.random:
            by = f"by {self.noise:.2g} of the largest answer" if self.noise else "now and then"
            other = "" if self.drew else ", or goes on from what it has kept of earlier calls"
            said = (
                f"This model draws random numbers when it runs{other}, in evaluation mode too: "
                f"asked twice about the same input, its answers differ ({by}). "
            )
            if repeats > 1:
                said += (
                    f"The scores are the mean over {repeats} runs, seeds {seed} to "
                    f"{seed + repeats - 1}; the spread is its standard error."
                )
            else:
                said += (
                    "These scores are those of one run; the mean over several seeded runs "
                    "(`repeats=20`) says more, and how far it is uncertain."
                )
            sentences.append(said)
        return [*sentences, MIXES] if self.mixes else sentences


@torch.no_grad()
def examine(
    ask: Callable[[Tensor], Tensor],
    point: Tensor,
    answer: Tensor,
    other: Tensor,
    other_answer: Tensor,
    alone: bool = True,
    reference: Tensor | None = None,
) -> Behaviour:
    """Ask a model about two inputs at once, whose answers apart are known.

    Parameters
    ----------
    ask : callable
        (n, …) → (n, outputs…); raises ModelProblem where it cannot.
    point, other : Tensor, shape (1, …)
    answer, other_answer : Tensor, shape (1, outputs…)
        What it answered to them; `other` was asked alone.
    alone : bool
        Whether `point` was asked alone too.
    reference : Tensor, shape (1, …), optional
        What may stand for values that are used as whole numbers; `other` unless given.

    Returns
    -------
    Behaviour

    Examples
    --------
    >>> def mixing(x):
    ...     return x - x.mean()
    >>> x, y = torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2)
    >>> examine(mixing, x, mixing(x), y, mixing(y)).mixes
    True
    """
    pair, apart = torch.cat([point, other]), torch.cat([answer, other_answer]).detach()
    before = _generator_state(pair)
    leaf = pair.detach().clone().requires_grad_()
    watch = Watch()
    try:
        with torch.enable_grad(), watch:
            together = ask(leaf)
    except ModelProblem:
        try:
            together = ask(pair)
        except ModelProblem:
            return _one_row(ask, point, answer) if alone else Behaviour()
    drew = before != _generator_state(pair)
    if together.shape != apart.shape:
        return Behaviour()
    difference, limit = _difference(together, apart), rounding(together)
    linked = _rows_are_linked(together, leaf) if drew or difference > limit else None
    coded = watch.coded(together, leaf)
    if coded is not None and not drew:
        instead = other if reference is None else reference
        coded = without_slope(
            ask, point, coded, instead, lambda there: _difference(there, answer) > limit
        )
    found = Behaviour(coded=coded, drew=drew)
    if drew:
        found = replace(found, random=True, noise=difference, mixes=bool(linked))
    elif difference > limit and linked:
        found = replace(found, mixes=True)
    elif difference > (limit if linked is None else max(limit, _SHORT_ROUNDING)):
        again = ask(pair)
        if _difference(again, together.detach()) > limit / 10:
            found = replace(found, random=True, noise=difference)
        else:
            found = replace(found, mixes=True)
    if found.mixes:
        refusal = BATCH_STATISTICS if watch.batch_statistics else ""
        return replace(found, refusal=refusal or _refusal(ask, point, together, other_answer))
    return found


def refusal_alone(ask: Callable[[Tensor], Tensor], point: Tensor, error: ModelProblem) -> str:
    """Why a model does not answer one input alone, where it answers two at once; else ""."""
    if BATCH_STATISTICS in str(error):
        return BATCH_STATISTICS
    try:
        ask(torch.cat([point, other_than(point)]))
    except Problem:
        return ""
    if "NaN" in str(error):  # such as the deviation of one
        return BATCH_STATISTICS
    return f"This model answers two inputs at once, but not the one that is explained: {error}"


def other_than(point: Tensor, reference: Tensor | None = None) -> Tensor:
    """Another input (1, …): a mixture of the point's and the reference's values, or one near by.

    Its values are codes where theirs are.
    """
    generator = torch.Generator().manual_seed(0)
    share = torch.rand(point.shape, generator=generator, dtype=torch.float64).to(point)
    if reference is not None:
        mixed = torch.where(share < 0.5, point, reference)
        if not (torch.equal(mixed, point) or torch.equal(mixed, reference)):
            return mixed
    return point * (0.5 + 0.5 * share) + 0.1 * share


def rounding(output: Tensor) -> float:
    """The largest share by which an answer may change with the number of rows in a pass."""
    limit = _ROUNDING.get(output.dtype, 1e-8)
    on_device = output.device.type != "cpu" and output.dtype != torch.float64
    return max(limit, _ROUNDING_ON_DEVICES) if on_device else limit


def _one_row(ask: Callable[[Tensor], Tensor], point: Tensor, answer: Tensor) -> Behaviour:
    before = _generator_state(point)
    again = ask(point)
    difference = _difference(again, answer)
    drew = before != _generator_state(point)
    random = drew or difference > rounding(again) / 10
    noise = difference if random else 0.0
    return Behaviour(random=random, noise=noise, one_row=True, drew=drew)


def _refusal(
    ask: Callable[[Tensor], Tensor], point: Tensor, together: Tensor, other_alone: Tensor
) -> str:
    """Why a model whose rows affect each other says nothing of a row alone; "" where it does."""
    try:
        point_alone = ask(point)
    except ModelProblem:
        return BATCH_STATISTICS
    limit = rounding(together)
    same = _difference(point_alone, other_alone) <= limit
    return NO_ANSWER_ALONE if same and _difference(together[:1], together[1:]) > limit else ""


def _difference(a: Tensor, b: Tensor) -> float:
    """The largest difference as a share of the largest answer."""
    a, b = _numbers(a), _numbers(b)
    scale = torch.maximum(a.abs().max(), b.abs().max())
    return float((a - b).abs().max() / scale) if scale > 0 else 0.0


def _numbers(output: Tensor) -> Tensor:
    output = output.detach()
    return output if output.is_floating_point() else output.to(torch.float32)


def _rows_are_linked(together: Tensor, leaf: Tensor) -> bool | None:
    """Whether a slope leads from one row to the other's answer; None where there is no slope."""
    if not together.requires_grad:
        return None
    for row in (0, 1):
        weights = torch.linspace(1, 2, together[row].numel()).to(together).view_as(together[row])
        try:
            with torch.enable_grad():
                total = (together[row] * weights).sum()
            (slope,) = torch.autograd.grad(total, leaf, allow_unused=True, retain_graph=True)
        except Exception:  # said when a method needs it
            return None
        if slope is not None and bool(slope[1 - row].nan_to_num(0, 0, 0).any()):
            return True
    return False


def _generator_state(points: Tensor) -> bytes:
    """What PyTorch, NumPy and Python draw from, as it is now."""
    state = torch.get_rng_state().numpy().tobytes()
    if points.is_cuda:
        state += torch.cuda.get_rng_state(points.device).numpy().tobytes()
    return state + pickle.dumps((np.random.get_state(legacy=False), random.getstate()))


class Known(Generic[Found]):
    """What was found out about models; forgotten with the model."""

    def __init__(self) -> None:
        self._models: WeakKeyDictionary[Any, dict[Hashable, Found]] = WeakKeyDictionary()

    def get(self, model: object, key: Hashable) -> Found | None:
        """What was found out, or None."""
        try:
            return self._models.get(model, {}).get(key)
        except TypeError:  # neither hashable nor weakly referenced
            return None

    def put(self, model: object, key: Hashable, found: Found) -> None:
        """Remember it of a model in this state, and forget what was found in earlier ones."""
        try:
            known = self._models.setdefault(model, {})
            known[key] = found
        except TypeError:
            return
        while len(known) > MOST_KNOWN:
            known.pop(next(iter(known)))


KNOWN: Known[Behaviour] = Known()
