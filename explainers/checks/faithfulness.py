"""Deletion and insertion: hide the hottest units first, or show them first, and follow the answer.

Samek et al. 2017 (arXiv:1509.06321); Petsiuk, Das & Saenko 2018 (RISE, arXiv:1806.07421).

A unit is what is hidden at once: one input value, or all channels of one cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.attribution import Progress, TargetLike
from explainers.errors import Problem
from explainers.output_cache import OutputCache
from explainers.passes import Passes
from explainers.references import check_inputs
from explainers.session import open_session

SHARES = (
    0,
    0.01,
    0.02,
    0.03,
    0.04,
    0.05,
    0.06,
    0.08,
    0.10,
    0.12,
    0.15,
    0.20,
    0.25,
    0.30,
    0.40,
    0.50,
    0.60,
    0.70,
    0.80,
    0.90,
    1.0,
)

MANY = 64
"""From so many units on, the shares of SHARES are taken as they are."""


def reached(units: int) -> list[float]:
    """The shares to follow the answer at: SHARES, or what whole units reach of them."""
    if units >= MANY:
        return list(SHARES)
    return [count / units for count in sorted(set(_counts(SHARES, units)))]


@dataclass(frozen=True)
class Curve:
    """The explained score while more and more units are hidden, or shown.

    shares   (K,), float64: the share of the units that was really hidden or shown, 0 to 1.
    values   (N, R, K): the score of N inputs along R orders.
    """

    shares: Tensor
    values: Tensor

    @property
    def area(self) -> Tensor:
        """(N, R), float64: the area under each curve, by trapezoids over the shares.

        Where the shares run from 0 to 1 this is the mean score on the way. Low is good for
        deletion, high for insertion; compare with `chance` on the same input.
        """
        return torch.trapezoid(self.values.double(), self.shares.to(self.values.device))


def deletion(
    model: Callable,
    inputs: Tensor,
    heat: Tensor,
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    *,
    score: str = "probability",
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
) -> Curve:
    """The score as the hottest units are replaced by the baseline: a Curve with R = 1.

    heat       the scores: like inputs (N, C, …), when every value is a unit; or (N, …) without the
               channels, when all channels of a cell are hidden together.
    baseline   as in `explain`, one reference an input.
    target     as in `explain`; None is the model's first choice on the unhidden input.
    shares     which shares of the units to hide, ascending, 0 to 1.
    seed       of the order among units with equal scores.

    Other parameters as in `explain`. Raises Problem for what cannot be measured.
    """
    orders = hottest_first(_checked(heat, inputs), seed).unsqueeze(1)
    options = {"score": score, "batch_size": batch_size, "progress": progress, "cache": cache}
    return _curve(model, inputs, baseline, target, orders, shares, False, **options)


def insertion(
    model: Callable,
    inputs: Tensor,
    heat: Tensor,
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    *,
    score: str = "probability",
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
) -> Curve:
    """The score as the hottest units are shown on the baseline; parameters as for `deletion`."""
    orders = hottest_first(_checked(heat, inputs), seed).unsqueeze(1)
    options = {"score": score, "batch_size": batch_size, "progress": progress, "cache": cache}
    return _curve(model, inputs, baseline, target, orders, shares, True, **options)


def chance(
    model: Callable,
    inputs: Tensor,
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    *,
    insert: bool = False,
    together: bool = True,
    draws: int = 10,
    seed: int = 0,
    score: str = "probability",
    shares: Sequence[float] = SHARES,
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
) -> Curve:
    """What a map that knows nothing would get: deletion, or insertion, in R = draws random orders.

    together   hide all channels of a cell at once, as for a heat without channels; inputs (N, F)
               have none, so there every value is a unit either way.

    All inputs meet the same orders. Other parameters as for `deletion`.
    """
    if draws < 1:
        raise Problem(f"draws={draws} is not a positive number.")
    check_inputs(inputs)
    units = math.prod(inputs.shape[2 if together and inputs.ndim > 2 else 1 :])
    orders = random_orders(units, draws, seed).expand(len(inputs), -1, -1)
    options = {"score": score, "batch_size": batch_size, "progress": progress, "cache": cache}
    return _curve(model, inputs, baseline, target, orders, shares, insert, **options)


def hottest_first(heat: Tensor, seed: int = 0) -> Tensor:
    """Flat indices (N, U) of the units of heat (N, …), highest score first.

    Equal scores come in a random order, the same for every input, never in reading order: else a
    flat map would look like one that prefers the upper left corner.
    """
    flat = heat.detach().cpu().double().flatten(1)
    shuffle = random_orders(flat.shape[1], 1, seed)[0]
    return shuffle[flat[:, shuffle].argsort(dim=1, descending=True, stable=True)]


def random_orders(units: int, draws: int, seed: int = 0) -> Tensor:
    """(draws, units): random orders of all units."""
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(units, generator=generator) for _ in range(draws)])


def mixed(
    inputs: Tensor, baseline: Tensor, orders: Iterable[Tensor], counts: Iterable[int]
) -> Tensor:
    """A copy of inputs (n, …) whose first counts[i] units of orders[i] (U,) are the baseline's."""
    points = inputs.clone(memory_format=torch.contiguous_format)
    for point, other, order, count in zip(points, baseline, orders, counts, strict=True):
        hidden = order[:count]
        cells = (-1, len(order))
        point.view(cells)[:, hidden] = other.reshape(cells)[:, hidden]
    return points


def answers_along(
    passes: Passes,
    points: Tensor,
    baseline: Tensor,
    orders: Tensor,
    shares: Sequence[float] = SHARES,
    insert: bool = False,
) -> Tensor:
    """The model's whole outputs (N, R, K, outputs…) with each share of the units hidden.

    points, baseline (N, …) of a borrowed model; orders (N, R, U) of the units; K = len(shares), the
    share s standing for round(s·U) units. With `insert` they are shown on the baseline instead.
    The ends, which all orders share, are evaluated once an input, and equal counts once.
    """
    start, end = (baseline, points) if insert else (points, baseline)
    count, draws, units = orders.shape
    counts = _counts(shares, units)
    inner = sorted(set(counts) - {0, units})
    pairs = count * draws * len(inner)
    ends = {0: start, units: end}
    asked = [hidden for hidden in ends if hidden in counts]
    passes.expect(pairs + count * len(asked))
    found = {}
    for hidden in asked:
        answer = passes.outputs(ends[hidden], cached=True).unsqueeze(1)
        found[hidden] = answer.expand(-1, draws, *answer.shape[2:])
    passes.expect(pairs)
    orders = orders.to(points.device)
    parts = []
    for part in passes.batches(pairs):
        places = [divmod(pair, len(inner)) for pair in range(part.start, part.stop)]
        rows = torch.tensor([place // draws for place, _ in places], device=points.device)
        ways = (orders[place // draws, place % draws] for place, _ in places)
        hidden = (inner[index] for _, index in places)
        parts.append(passes.outputs(mixed(start[rows], end[rows], ways, hidden)))
    if parts:
        answers = torch.cat(parts)
        answers = answers.view(count, draws, len(inner), *answers.shape[1:])
        found |= {hidden: answers[:, :, index] for index, hidden in enumerate(inner)}
    return torch.stack([found[hidden] for hidden in counts], 2)


def _curve(model, inputs, baseline, target, orders, shares, insert, **options) -> Curve:
    units = orders.shape[-1]
    real = torch.tensor(_counts(shares, units), dtype=torch.float64) / units
    with open_session(model, inputs, baseline, target, **options) as session:
        outputs = answers_along(
            session.passes, session.inputs, session.baseline, orders, shares, insert
        )
        size = outputs.shape[:3]
        rows = session.rows.repeat_interleave(size[1] * size[2])
        values = session.target.select(outputs.flatten(0, 2), rows).view(size)
    return Curve(real.to(inputs.device), values.to(inputs.device))


def _counts(shares: Sequence[float], units: int) -> list[int]:
    """How many units each share stands for, halves rounded up."""
    shares = [float(share) for share in shares]
    if not shares or sorted(shares) != shares or not 0 <= shares[0] <= shares[-1] <= 1:
        raise Problem(f"shares={shares} must be one or more numbers from 0 to 1, ascending.")
    return [math.floor(share * units + 0.5) for share in shares]


def _checked(heat: Tensor, inputs: Tensor) -> Tensor:
    """`heat` as it is; Problem where it does not fit the inputs."""
    check_inputs(inputs)
    heat, whole = torch.as_tensor(heat), tuple(inputs.shape)
    shapes = [whole, (*whole[:1], *whole[2:])] if inputs.ndim > 2 else [whole]
    if tuple(heat.shape) not in shapes:
        raise Problem(
            f"The scores have shape {tuple(heat.shape)}; for inputs {whole} they must be "
            f"{' or '.join(map(str, shapes))}."
        )
    if bool(torch.isnan(heat).any()):
        raise Problem("The scores hold NaN, so there is no hottest first.")
    return heat
