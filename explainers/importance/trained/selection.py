"""Features taken in or left out one by one, with networks trained anew at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Errors = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Masks of features (S, C, F) → errors (S, C) to choose by, and to report."""


@dataclass(frozen=True)
class Selection:
    """What S repetitions showed, each with its own rows and starting weights.

    Attributes
    ----------
    ranks : Tensor, int64, shape (S, F)
        1 came in first, or was left out last.
    order : Tensor, int64, shape (S, F)
        The feature of each step.
    error : Tensor, float64, shape (S, F + 1)
        On rows held out: before the first step, and after each.
    """

    ranks: Tensor
    order: Tensor
    error: Tensor


def selection(seeds: int, count: int, errors: Errors, forward: bool) -> Selection:
    """Take in the feature that helps most, or leave out the one that hurts least, again and again.

    Parameters
    ----------
    seeds, count : int
        S and F.
    errors : callable
    forward : bool
        From none to all; else from all to none.

    Examples
    --------
    >>> cost = torch.tensor([3.0, 1.0, 2.0])
    >>> def errors(masks):
    ...     total = ((~masks) * cost).sum(2)
    ...     return total, total
    >>> found = selection(1, 3, errors, forward=True)
    >>> found.ranks.tolist(), found.error.tolist()
    ([[1, 3, 2]], [[6.0, 3.0, 1.0, 0.0]])
    >>> selection(1, 3, errors, forward=False).order.tolist()
    [[1, 2, 0]]
    """
    masks = torch.full((seeds, count), not forward)
    every = torch.arange(seeds)
    errors_so_far = [errors(masks.unsqueeze(1))[1][:, 0]]
    order = []
    for step in range(count):
        rest = torch.stack([(mask != forward).nonzero()[:, 0] for mask in masks])
        trials = masks.unsqueeze(1).repeat(1, count - step, 1)
        trials.scatter_(2, rest.unsqueeze(2), forward)
        choose, report = errors(trials)
        best = choose.argmin(1)
        feature = rest[every, best]
        masks[every, feature] = forward
        order.append(feature)
        errors_so_far.append(report[every, best])
    steps = torch.stack(order, 1)
    places = torch.arange(1, count + 1).expand(seeds, -1)
    ranks = torch.empty_like(steps).scatter_(1, steps, places if forward else places.flip(1))
    return Selection(ranks, steps, torch.stack(errors_so_far, 1))
