"""What a pass of a network costs: a fresh trial in a batch of the size that explanations use.

Also what a point costs that is mostly like an input, where only what it changes is computed.
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.eval_mode import Model

SECONDS_OF_A_TRIAL = 0.2
"""About how long each trial may take, that of a heavy network apart, which is one pass."""
LONGEST_PASS = 0.3
"""Seconds of a pass forward and back that is still tried."""
LONG_ENOUGH = 0.04
"""Seconds that can be measured; quicker batches are tried again, larger."""
LARGER, TIMES = 8, 3
"""How much larger, and how often one size is tried: a busy machine only ever makes it slower."""
SECONDS_ALONE = 1.0
"""One point alone is tried twice, but not again where it took so long."""
BACK = 2.0
"""How much longer than a pass forward the way back takes, where it is not tried."""
SECONDS_KEPT = 120.0
SIDE = 1 / 8
"""Of a picture, what a trial changes of it; of a sequence one letter."""
WORTH_IT, LARGEST_BOX = 0.5, 0.5
"""As in `perturbation.incremental`, which needs torch: seconds that plain passes would take at
least, and the largest share of an input that is a part of it."""
FEWEST, MOST = 2, 16
"""Points of a trial."""
MANY = 512
"""Regions that few explanations of a picture have more of."""
TRIED = 6
"""How many plain passes it takes to find out whether parts are right and quicker."""
clock = time.perf_counter
"""What trials are timed by."""


class PassTimes(NamedTuple):
    """Seconds that one evaluation of a network takes in a full batch.

    Attributes
    ----------
    forward : float
        Of a pass without gradients.
    gradient : float
        Of a pass that is half of a gradient: forward and back are two.
    """

    forward: float
    gradient: float

    @property
    def facts(self) -> dict[str, float]:
        """As a prediction tells them, from which a task says what it will take."""
        return {"seconds_per_pass": self.forward, "seconds_per_gradient_pass": self.gradient}


def pass_times(model: Model, x: Tensor, score: str = "output") -> PassTimes:
    """Try a network, forward and back, in batches of copies of one input.

    A trial is as large a batch as takes SECONDS_OF_A_TRIAL, and at least one pass; the way back of
    a network for which it may take longer than LONGEST_PASS is counted as BACK passes. A network's
    times are kept for SECONDS_KEPT, while it lives.

    Parameters
    ----------
    model : callable
        In evaluation mode.
    x : Tensor, shape (1, …)
    score : str
        The form of the output; see `Passes`.

    Examples
    --------
    >>> import torch
    >>> times = pass_times(torch.nn.Linear(2, 1), torch.zeros(1, 2))
    >>> 0 < times.forward < 0.1 and 0 < times.gradient < 0.1
    True
    """
    key, now = (x.shape, str(x.device), score), time.monotonic()
    try:
        kept = _KEPT.setdefault(model, {})
    except TypeError:  # such as an object with slots, to which nothing can refer weakly
        kept = {}
    if key in kept and now - kept[key][0] < SECONDS_KEPT:
        return kept[key][1]
    found = _tried(model, x, score)
    kept[key] = now, found
    return found


_KEPT: weakref.WeakKeyDictionary[Any, dict[object, tuple[float, PassTimes]]] = (
    weakref.WeakKeyDictionary()
)


def _tried(model: Model, x: Tensor, score: str) -> PassTimes:
    import torch

    from explainers.attribution import Target
    from explainers.batch_plan import most_at_once
    from explainers.passes import Passes
    from explainers.running.held import held_by

    most = most_at_once(x, held_by(model).weights())
    passes = Passes(model, score=score, batch_size=most)
    target = Target(function=_first)

    def forward(points: Tensor) -> None:
        passes.outputs(points)
        _finish(points)

    def gradient(points: Tensor) -> None:
        rows = torch.arange(len(points), device=points.device)
        passes.gradients(points, target, rows)
        _finish(points)

    ahead = _seconds(forward, x, most)
    if ahead * (1 + BACK) > LONGEST_PASS:
        return PassTimes(ahead, ahead * (1 + BACK) / 2)
    try:
        both = _seconds(gradient, x, most, ahead * (1 + BACK))
    except Problem:  # it has no way back
        both = ahead * (1 + BACK)
    return PassTimes(ahead, both / 2)


def _first(output: Tensor) -> Tensor:
    return output.flatten(1)[:, 0]


def _seconds(ask: Callable[[Tensor], None], x: Tensor, most: int, guess: float = 0.0) -> float:
    """Of one point, the least over ever larger batches until one is long enough to be measured.

    The first batch is one point; of what was never done before, as the way back, half of what fits
    into the trial if a point takes as long as guessed, and twice, the first being slow.
    """
    started, found = clock(), math.inf
    size = max(1, min(most, LARGER, int(SECONDS_OF_A_TRIAL / 2 / guess))) if guess else 1
    while True:
        try:
            for turn in range(TIMES if size > 1 or guess else 2):
                before = clock()
                ask(x.repeat(size, *[1] * (x.ndim - 1)))  # methods make their points, too
                seconds = clock() - before
                found = min(found, seconds / size)
                left = SECONDS_OF_A_TRIAL - (clock() - started)
                if seconds > left and (turn or (not guess and seconds > SECONDS_ALONE)):
                    break
        except Problem:  # some networks take one input at a time
            if size == 1:
                raise
            if found < math.inf:
                return found
            size = most = 1
            continue
        enough = found * size > LONG_ENOUGH and size > 1
        if enough or size >= most or (size + 1) * found > left:
            return found
        size = min(most, LARGER * size, int(left / max(found, 1e-9)))


def _finish(points: Tensor) -> None:
    """Wait until the device has done what it was asked."""
    if points.is_cuda:
        import torch

        torch.cuda.synchronize(points.device)


def seconds_in_parts(model: Model, x: Tensor, whole: float, score: str = "output") -> float:
    """Seconds of one of several points that differ from an input in a small part each.

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

    def seconds(count: int) -> float:
        points, started = _changed(x, count), clock()
        found = near.in_parts(points, 0)
        return math.inf if found is None else clock() - started

    try:
        seconds(FEWEST)  # the answer to the input itself is kept from here on
        few = seconds(FEWEST)
        count = max(FEWEST, min(MOST, int(FEWEST * SECONDS_OF_A_TRIAL / max(few, 1e-9))))
        many = min(seconds(count), seconds(count))
    except Exception:  # what the model does cannot be followed, so that parts are not used
        return whole
    if not math.isfinite(few + many):
        return whole
    # What a pass costs, whatever it asks, is shared by as many as explanations ask at once.
    each = (many - few) / max(1, count - FEWEST)
    found = each + max(0.0, many - count * each) / MOST
    return min(whole, max(found, many / count / 2) if count > FEWEST else many / count)


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
