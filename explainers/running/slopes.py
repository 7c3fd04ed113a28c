"""Gradients through places without a finite slope: the square root at 0, a masked logarithm.

There autograd multiplies 0 by infinity, and the NaN spreads to every input behind it. Where nothing
came back to the place, as behind `torch.where`, the right gradient is 0; where something did, the
place counts as flat, as `abs` and `norm` do at 0 in PyTorch, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.running.failures import all_finite, no_way_back, way_back

if TYPE_CHECKING:
    from explainers.attribution import Target

# What comes back beyond this size makes a slope overflow, and is no singular place.
_OVERFLOWING = 1e18


def score_and_slopes(
    answer: Callable[[Tensor], Tensor], points: Tensor, target: Target, rows: Tensor
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The explained score of points, and its gradient by them.

    Parameters
    ----------
    answer : callable
        (n, …) → (n, outputs…).
    points : Tensor, shape (n, …)
    target : Target
    rows : Tensor, int64, shape (n,)
        Which of the explained inputs each point belongs to.

    Returns
    -------
    values : Tensor, shape (n,)
    slopes : Tensor, shape (n, …)
    singular : Tensor of bool, of one point's shape, or None
        Which values met a slope that is not finite, and that now counts as 0.

    Raises
    ------
    ModelProblem
        Where there is no way back.
    """

    def forward() -> Tensor:
        with torch.enable_grad():
            output = answer(leaf)
            values = target.select(output, rows)
        if not values.requires_grad:
            raise no_way_back(output)
        return values

    leaf = points.detach().clone().requires_grad_()
    values = forward()
    slopes = slope_of(values, leaf)
    if all_finite(slopes):
        return values.detach(), slopes, None
    broken = ~torch.isfinite(slopes)
    slopes, singular = finite_slope_of(forward(), leaf)
    return values.detach(), slopes, broken.any(0) if singular else None


def slope_of(values: Tensor, leaf: Tensor) -> Tensor:
    """The gradient of the sum of values by a tensor; zeros where it does not depend on it.

    Raises
    ------
    ModelProblem
        For whatever the model's way back raises.
    """
    with way_back():
        with torch.enable_grad():
            total = values.sum()
        if any("WarnNotImplemented" in node.name() for node in nodes_behind(total)):
            # PyTorch itself only warns, and takes the slope for 0.
            raise RuntimeError("an autograd kernel was not registered")
        (slope,) = torch.autograd.grad(total, leaf, allow_unused=True)
    return torch.zeros_like(leaf) if slope is None else slope


def nodes_behind(tensor: Tensor) -> list[Any]:
    """All nodes of autograd's graph that a tensor was computed by.

    Examples
    --------
    >>> x = torch.ones(2, requires_grad=True)
    >>> [node.name() for node in nodes_behind(x.exp().sum())][:2]
    ['SumBackward0', 'ExpBackward0']
    """
    waiting, seen = [tensor.grad_fn], dict[Any, None]()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen[node] = None
            waiting += [after for after, _ in node.next_functions]
    return list(seen)


def finite_slope_of(values: Tensor, leaf: Tensor) -> tuple[Tensor, bool]:
    """The gradient with places of no finite slope taken as flat, and whether there were any.

    Parameters
    ----------
    values : Tensor, shape (n,)
        Of their sum.
    leaf : Tensor, shape (…)

    Returns
    -------
    slope : Tensor, shape (…)
        Still not finite where slopes overflow.
    singular : bool
        Whether a slope that is not finite would have been used, rather than masked.

    Examples
    --------
    >>> x = torch.tensor([0.0, 4.0], requires_grad=True)
    >>> finite_slope_of(torch.where(x > 1, x.log(), 0), x)
    (tensor([0.0000, 0.2500]), False)
    >>> finite_slope_of(x.sqrt(), x)
    (tensor([0.0000, 0.2500]), True)
    """
    places = [0]

    def clean(given: tuple[Any, ...], came: tuple[Any, ...]) -> tuple[Any, ...] | None:
        broken = [g is not None and not bool(torch.isfinite(g).all()) for g in given]
        if not any(broken):
            return None
        back = [c for c in came if c is not None]
        if any(bool((~torch.isfinite(c) | (c.abs() > _OVERFLOWING)).any()) for c in back):
            return None
        cleaned = []
        for slope, is_broken in zip(given, broken, strict=True):
            if is_broken:
                bad = ~torch.isfinite(slope)
                if len(back) == 1 and back[0].shape == slope.shape:
                    places[0] += int((bad & (back[0] != 0)).sum())
                else:
                    places[0] += int(bad.sum()) if any(bool(c.any()) for c in back) else 0
                slope = torch.where(bad, 0, slope)
            cleaned.append(slope)
        return tuple(cleaned)

    for node in nodes_behind(values):
        if node.next_functions:
            node.register_hook(clean)
    return slope_of(values, leaf), places[0] > 0
