"""Deletion and insertion: hide the hottest units first, or show them first, and follow the output.

Samek et al. 2017 (arXiv:1509.06321); Petsiuk, Das & Saenko 2018 (RISE, arXiv:1806.07421).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.attribution import Progress, TargetLike
from explainers.checks.unit_order import (
    SHARES,
    hottest_first,
    outputs_along,
    random_orders,
    unit_counts,
)
from explainers.errors import Problem
from explainers.eval_mode import Model
from explainers.output_cache import OutputCache
from explainers.references import check_inputs
from explainers.session import open_session


@dataclass(frozen=True)
class Curve:
    """The explained score while more and more units are hidden, or shown.

    Attributes
    ----------
    shares : Tensor, float64, shape (K,)
        The share of the units that was really hidden or shown, 0 to 1.
    values : Tensor, shape (N, R, K)
        The score of N inputs along R orders.

    Examples
    --------
    >>> Curve(torch.tensor([0.0, 0.5, 1.0]).double(), torch.tensor([[[1.0, 0.0, 0.0]]])).area
    tensor([[0.2500]], dtype=torch.float64)
    """

    shares: Tensor
    values: Tensor

    @property
    def area(self) -> Tensor:
        """The area under each curve: (N, R), float64, by trapezoids over the shares.

        Where the shares run from 0 to 1 this is the mean score on the way. Low is good for
        deletion, high for insertion; compare with `chance` on the same input.
        """
        return torch.trapezoid(self.values.double(), self.shares.to(self.values.device))


def deletion(
    model: Model,
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
    """The score while the units with the highest attribution are replaced by the baseline.

    Parameters
    ----------
    model, inputs, score, batch_size, progress, cache
        As in `explainers.explain`; inputs (N, …).
    heat : Tensor, shape (N, C, …) or (N, …)
        The attribution: like the inputs, when every value is a unit; or without the channels, when
        all channels of a cell are hidden together.
    baseline : str or Tensor
        As in `explain`, one reference an input.
    target
        As in `explain`; None is the model's first choice on the unhidden input.
    shares : sequence of float
        Which shares of the units to hide, ascending, 0 to 1.
    seed : int
        Of the order among units with equal scores.

    Returns
    -------
    Curve
        With one order an input: values (N, 1, K).

    Raises
    ------
    Problem
        For what cannot be measured.

    References
    ----------
    Petsiuk, Das & Saenko 2018, arXiv:1806.07421; Samek et al. 2017, arXiv:1509.06321.

    Examples
    --------
    >>> x = torch.tensor([[3.0, 1.0]])
    >>> curve = deletion(lambda x: x.sum(1), x, heat=x, score="output", shares=[0, 0.5, 1])
    >>> curve.values
    tensor([[[4., 1., 0.]]])
    """
    orders = hottest_first(check_heat(heat, inputs), seed).unsqueeze(1)
    return curve_along(
        model, inputs, baseline, target, orders, shares, False, score, batch_size, progress, cache
    )


def insertion(
    model: Model,
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
    """The score while the units with the highest attribution are shown on the baseline.

    Parameters, result and references as for `deletion`.

    Examples
    --------
    >>> x = torch.tensor([[3.0, 1.0]])
    >>> insertion(lambda x: x.sum(1), x, heat=x, score="output", shares=[0, 0.5, 1]).values
    tensor([[[0., 3., 4.]]])
    """
    orders = hottest_first(check_heat(heat, inputs), seed).unsqueeze(1)
    return curve_along(
        model, inputs, baseline, target, orders, shares, True, score, batch_size, progress, cache
    )


def chance(
    model: Model,
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
    """What an attribution that knows nothing would get: deletion or insertion in random orders.

    All inputs meet the same orders.

    Parameters
    ----------
    insert : bool
        Show units on the baseline instead of hiding them.
    together : bool
        Hide all channels of a cell at once, as for a heat without channels; inputs (N, F) have
        none, so there every value is a unit either way.
    draws : int
        How many orders.
    seed : int
        Of the orders.
    model, inputs, baseline, target, score, shares, batch_size, progress, cache
        As for `deletion`.

    Returns
    -------
    Curve
        values (N, draws, K).

    Raises
    ------
    Problem
        For what cannot be measured.

    Examples
    --------
    >>> x = torch.tensor([[2.0, 2.0]])
    >>> chance(lambda x: x.sum(1), x, draws=2, score="output", shares=[0, 0.5, 1]).values
    tensor([[[4., 2., 0.],
             [4., 2., 0.]]])
    """
    if draws < 1:
        raise Problem(f"draws={draws} is not a positive number.")
    check_inputs(inputs)
    units = math.prod(inputs.shape[2 if together and inputs.ndim > 2 else 1 :])
    orders = random_orders(units, draws, seed).expand(len(inputs), -1, -1)
    return curve_along(
        model, inputs, baseline, target, orders, shares, insert, score, batch_size, progress, cache
    )


def curve_along(
    model: Model,
    inputs: Tensor,
    baseline: str | Tensor,
    target: TargetLike,
    orders: Tensor,
    shares: Sequence[float],
    insert: bool,
    score: str = "probability",
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
) -> Curve:
    """The score while units are hidden, or shown, in given orders.

    Parameters
    ----------
    orders : Tensor, int64, shape (N, R, U)
        R orders of the units of each input, see `explainers.checks.unit_order`.
    model, inputs, baseline, target, shares, insert, score, batch_size, progress, cache
        As for `deletion` and `chance`.

    Returns
    -------
    Curve
        values (N, R, K).
    """
    units = orders.shape[-1]
    real = torch.tensor(unit_counts(shares, units), dtype=torch.float64) / units
    with open_session(
        model,
        inputs,
        baseline,
        target,
        score=score,
        batch_size=batch_size,
        progress=progress,
        cache=cache,
    ) as session:
        outputs = outputs_along(
            session.passes, session.inputs, session.baseline, orders, shares, insert
        )
        size = outputs.shape[:3]
        rows = session.rows.repeat_interleave(size[1] * size[2])
        values = session.target.select(outputs.flatten(0, 2), rows).view(size)
    return Curve(real.to(inputs.device), values.to(inputs.device))


def check_heat(heat: Tensor, inputs: Tensor) -> Tensor:
    """`heat` as it is; Problem where it does not fit the inputs.

    Parameters
    ----------
    heat : Tensor, shape (N, C, …) or (N, …)
    inputs : Tensor, shape (N, C, …)
    """
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
