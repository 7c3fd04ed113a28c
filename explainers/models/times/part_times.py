"""What a point costs that is mostly like an input, where only what it changes is computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from explainers.models.times import pass_times
from explainers.models.times.kept_times import kept
from explainers.perturbation.part_limits import LARGEST_BOX, WORTH_IT

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.eval_mode import Model
    from explainers.perturbation.incremental import Incremental

SIDE = 1 / 8
"""Of a picture, what a trial changes of it; of a sequence one letter."""
FEWEST, MOST = 2, 16
"""Points of a trial."""
MANY = 512
"""Regions that few explanations of a picture have more of."""
TRIED = 6
"""How many plain passes it takes to find out whether parts are right and quicker."""


def seconds_in_parts(model: Model, x: Tensor, whole: float, score: str = "output") -> float:
    """Seconds of one of several points that differ from an input in a small part each.

    Tried once in a while; see `kept`.

    Parameters
    ----------
    model : callable
        In evaluation mode.
    x : Tensor, shape (1, …)
    whole : float
        Seconds of a plain pass of one point, which is the answer where parts would not be used.
    score : str
        The form of the output; see `Passes`.

    Examples
    --------
    >>> import torch
    >>> seconds_in_parts(torch.nn.Flatten(), torch.zeros(1, 3, 4, 4), 1e-5)
    1e-05
    """
    from explainers.passes import Passes
    from explainers.perturbation.incremental import Incremental

    near = Incremental(Passes(model, score=score), x)
    regions = 3 * max(x.shape[1:]) if x.ndim == 3 else MANY
    if near.pays is False or whole * regions < WORTH_IT:
        return whole

    found = kept(model, x, score, "parts", lambda: _tried(near, x))
    return min(whole, found)


def _tried(near: Incremental, x: Tensor) -> float:
    """Seconds of one point in parts; infinite where the model cannot be asked in parts."""

    def seconds(count: int) -> float:
        points, started = _changed(x, count), pass_times.clock()
        found = near.in_parts(points, 0)
        return math.inf if found is None else pass_times.clock() - started

    try:
        seconds(FEWEST)  # the answer to the input itself is kept from here on
        few = seconds(FEWEST)
        count = max(FEWEST, min(MOST, int(FEWEST * pass_times.SECONDS_OF_A_TRIAL / max(few, 1e-9))))
        many = min(seconds(count), seconds(count))
    except Exception:  # what the model does cannot be followed, so that parts are not used
        return math.inf
    if not math.isfinite(few + many):
        return math.inf
    # What a pass costs, whatever it asks, is shared by as many as explanations ask at once.
    each = (many - few) / max(1, count - FEWEST)
    found = each + max(0.0, many - count * each) / MOST
    return max(found, many / count / 2) if count > FEWEST else many / count


def _changed(x: Tensor, count: int) -> Tensor:
    """So many copies (count, …) of an input, each with another part of it changed."""
    points = x.repeat(count, *[1] * (x.ndim - 1))
    sides = x.shape[1:]
    smallest = sides.index(min(sides))
    for row, point in enumerate(points):
        part: list[Any] = [slice(None)] * len(sides)
        for axis, side in enumerate(sides):
            if axis != smallest:
                width = max(1, int(side * SIDE)) if x.ndim > 3 else 1
                start = int((side - width) * (row + 0.5) / count)
                part[axis] = slice(start, start + width)
        point[tuple(part)] += 1
    return points


def share_of_time(part: float, changed: float, shape: tuple[int, ...]) -> float:
    """What share of plain passes' time those in parts take, of regions of another size.

    Linear in their side, between a part of the trial's size and one for which plain passes are
    taken.

    Parameters
    ----------
    part : float
        The share that the trial found.
    changed : float
        What share of an input a region has.
    shape : tuple of int
        Of one input.

    Examples
    --------
    >>> [round(share_of_time(0.4, c, (3, 64, 64)), 2) for c in (0.001, 1 / 64, 0.25, 0.5)]
    [0.4, 0.4, 0.79, 1.0]
    """
    dimensions = max(1, len(shape) - 1)
    tried = SIDE if dimensions > 1 else 1 / max(shape)
    side, largest = changed ** (1 / dimensions), LARGEST_BOX ** (1 / dimensions)
    return part + (1 - part) * min(1.0, max(0.0, (side - tried) / (largest - tried)))
