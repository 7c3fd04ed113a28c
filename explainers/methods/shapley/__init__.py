"""Shapley values of one input: what each group of values adds, averaged over all orders.

Štrumbelj & Kononenko 2014 (doi:10.1007/s10115-013-0679-x).
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.evaluation import Replacements, evaluate, replaced
from explainers.perturbation.regions import BY, Groups, group_labels, in_one_group

# Without `samples`: at least about so many evaluations, but never fewer orders; with so few
# players, all pairs are met about so often. At most so many times as many.
EVALUATIONS, FEWEST = 2048, 4
FEW_PLAYERS, MEETINGS = 16, 5
TIMES_AS_MANY = 4
# Of 27 maps of the demos 21 ended at their second look or at 8 orders, if that is later, 4 at the
# next and 2 at the one after it: with 1.4 times as many orders in the mean.
FEWEST_DRAWN, LATER = 8, 1.4
# More players than these have too many pairs to be looked at.
MOST_IN_PAIRS = 100

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

    from explainers.context import Context
    from explainers.kinds.layout import InputLayout
    from explainers.methods.shapley.orders import Order


@dataclass(frozen=True)
class Options:
    """Options of `shapley`."""

    by: str = option("auto", choices=BY)
    width: int | None = option(None, low=1, kind=int)
    groups: tuple[tuple[int, ...], ...] | None = option(None, low=0, kind=int, widget=False)
    exact: int = option(12, low=1, high=16)
    samples: int | None = option(None, low=2, high=100000, kind=int)
    seed: int = option(0, low=0, high=2**31 - 1)
    tolerance: float = option(0.1, low=1e-04, high=1)
    most_samples: int | None = option(None, low=16, high=1000000, kind=int)


def _labels(options: Options, layout: InputLayout) -> np.ndarray:
    by = layout.units if options.by == "auto" else options.by
    return group_labels(layout.shape, by, options.width, options.groups)


def _estimate(options: Options, layout: InputLayout) -> int:
    players = int(_labels(options, layout).max()) + 1
    if players <= options.exact:
        return 2**players
    return (options.samples or _drawn(options, players)) * _evaluations(players)


def _at_most(options: Options, layout: InputLayout) -> int:
    players = int(_labels(options, layout).max()) + 1
    most = options.samples or _most(options, players)
    return _estimate(replace(options, samples=most), layout)


def _evaluations(players: int) -> int:
    """Of one order, its reverse and their swapped pairs, about."""
    return 2 * (players - 1 + players // 2)


def _usual(players: int) -> int:
    meetings = MEETINGS * players if players <= FEW_PLAYERS else FEWEST
    return max(meetings, EVALUATIONS // _evaluations(players))


def _drawn(options: Options, players: int) -> int:
    """Orders until the map is certain, about: those of a look, and some more for the next ones."""
    orders = 2 * -(-_usual(players) // 2)
    while orders < FEWEST_DRAWN:
        orders *= 2
    return min(_most(options, players), round(LATER * orders))


def _most(options: Options, players: int) -> int:
    return options.most_samples or TIMES_AS_MANY * _usual(players)


@method(
    key="shapley",
    order=33,
    source="Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x",
    answers="contribution",
    estimate=_estimate,
    at_most=_at_most,
    options=Options,
    trial=lambda layout: in_one_group(layout.shape),
    fit_to_data=lambda options, data: (
        {"by": "variable"} | options if data.layout.kind == "series" else options
    ),
    complete=True,
    needs_gradient=False,
    random=True,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """What each group adds to f when it comes to those before it, in the mean over all orders.

    Who is not there yet has the baseline's values. With at most `exact` groups all coalitions are
    asked, and the answer is exact. With more, random orders are: each with its reverse
    (antithetic), and each with its neighbours swapped in pairs, see `orders.Order`; then there is
    a standard error, and without `samples` orders are drawn until the map is certain, see
    `perturbation.stopping`. Either way what the groups get sums to f(x) − f(x′). A group's value is
    shared equally among its values.

    Parameters
    ----------
    context : Context
        Inputs of any shape (N, …) that can be grouped, see `group_labels`.
    options : Options
        `samples` counts orders, each with its reverse.

    Returns
    -------
    MethodResult
        Scores (N, …), and their spread where orders were drawn. On a linear function c·x:
        cᵢ(xᵢ − x′ᵢ) of single values, and of groups the mean of that over the group.
        `extra["interactions"]` (N, groups, groups) holds the Shapley interaction index of every
        two groups, 0 on the diagonal; where orders were drawn, only if every two groups were
        neighbours at least twice, and then `extra["interactions_spread"]` their standard error.
        `extra["groups"]` (N, …) numbers the group of each value, from 0.

    References
    ----------
    Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x; the interaction index: Grabisch &
    Roubens 1999, doi:10.1007/s001820050125.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0, 3.0]])
    >>> answer = explain(lambda x: x.prod(1) + 2 * x[:, 0] - x[:, 2] ** 2, x, "shapley")
    >>> answer.scores.round(decimals=4)
    tensor([[ 4.,  2., -7.]])
    >>> answer.extra["interactions"][0].round(decimals=4)
    tensor([[0., 3., 3.],
            [3., 0., 3.],
            [3., 3., 0.]])
    """
    import torch

    groups = Groups.of(_labels(options, context.layout), context.inputs.device)
    dtype = torch.promote_types(context.inputs.dtype, torch.float32)
    if len(groups) <= options.exact:
        result = _enumerated(context, groups)
    else:
        result = _sampled(context, groups, options)
    numbers = groups.labels.expand_as(context.inputs)
    extra = {
        name: values.to(dtype) for name, values in (result.extra | {"groups": numbers}).items()
    }
    spread = None if result.spread is None else result.spread.to(dtype)
    return replace(result, scores=result.scores.to(dtype), spread=spread, extra=extra)


def _enumerated(context: Context, groups: Groups) -> MethodResult:
    """Exact: every coalition is asked."""
    import torch

    from explainers.methods.shapley.enumeration import interaction_indices, members, shapley_values

    inputs, players = context.inputs, len(groups)
    worth = torch.zeros(len(inputs), 2**players, dtype=_wide(inputs), device=inputs.device)
    context.expect(len(inputs) * (2**players - 2))
    worth[:, 0], worth[:, -1] = context.baseline_values(), context.input_values()

    def away(numbers: Tensor) -> Tensor:
        return ~members(numbers + 1, players)[:, groups.labels]

    coalitions = worth.new_zeros(2**players - 2, len(inputs))
    evaluate(context, Replacements(inputs, context.baseline, away, len(coalitions)), coalitions)
    worth[:, 1:-1] = coalitions.T
    scores = groups.shared(shapley_values(worth))
    return MethodResult(scores, extra={"interactions": interaction_indices(worth)})


def _sampled(context: Context, groups: Groups, options: Options) -> MethodResult:
    """By random orders, the same for all inputs."""
    import torch

    from explainers.methods.shapley.orders import orders
    from explainers.methods.shapley.sums import Sums
    from explainers.perturbation.stopping import Drawing, StoppingRule

    inputs, players = context.inputs, len(groups)
    # Other orders for every reference, so that their standard errors combine.
    mixed = zlib.crc32(f"{options.seed}/{context.call}".encode())
    generator = torch.Generator().manual_seed(mixed)
    endless, most = orders(players, generator), _most(options, players)
    # It may end at the second look, which then has what is usual.
    rule = StoppingRule(options.samples, options.tolerance, most, -(-_usual(players) // 2))
    nobody, everybody = (
        values.to(_wide(inputs)) for values in (context.baseline_values(), context.input_values())
    )
    sums = Sums(nobody, everybody, players, MOST_IN_PAIRS)
    drawing = Drawing(context, rule.shared(context.calls), "orders", sums.found, of_scores=True)
    context.show(lambda: groups.shared(sums.mean()).to(inputs.dtype) if sums.many else None)
    for count in drawing.rounds(_evaluations(players)):
        drawn = list(itertools.islice(endless, count))
        for order, values in _asked(context, groups, drawn, drawing.active):
            there, gone = values.to(nobody).chunk(2, 1)
            sums.add(order, there, gone, drawing.active)
    interactions = sums.interactions()
    extra = {}
    if interactions is not None:
        extra = dict(zip(("interactions", "interactions_spread"), interactions, strict=True))
    return MethodResult(
        groups.shared(sums.mean()),
        spread=groups.shared(sums.standard_error()),
        extra=extra,
        **drawing.told(),
    )


def _asked(
    context: Context, groups: Groups, drawn: list[Order], active: Tensor
) -> Iterator[tuple[Order, Tensor]]:
    """Each order with f (n, 2c) of its coalitions and of their complements, in full batches.

    Only of the n active inputs.
    """
    import torch

    from explainers.perturbation.sampling import shared_batches

    inputs, count = context.inputs, len(active)
    asked = (
        ~one if gone else one
        for order in drawn
        for gone in (0, 1)
        for one in order.each_coalition()
    )

    def draw() -> Tensor:
        return ~next(asked).to(inputs.device)[groups.labels]

    waiting = iter(drawn)
    order: Order | None = next(waiting)
    known = torch.zeros(0, dtype=_wide(inputs), device=inputs.device)
    total = sum(2 * len(order) for order in drawn)
    for rows, away in shared_batches(context, count, total, draw):
        rows = active[rows.to(inputs.device)]
        points = replaced(inputs[rows], context.baseline[rows], away)
        known = torch.cat([known, context.values(points, rows).to(known)])
        while order is not None and len(known) >= (needed := 2 * len(order) * count):
            yield order, known[:needed].view(-1, count).T
            order, known = next(waiting, None), known[needed:]


def _wide(inputs: Tensor) -> torch.dtype:
    import torch

    return torch.float32 if inputs.device.type == "mps" else torch.float64
