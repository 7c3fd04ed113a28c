"""What a pass of a network costs: a fresh trial in a batch of the size that explanations use."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from explainers.errors import Problem
from explainers.models.times.kept_times import kept

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
LONGEST_TRIAL = 0.5
"""Seconds of a trial on a machine that is busy with other things."""
clock, processor = time.perf_counter, time.process_time
"""What trials are timed by, and what tells how much of that this process has worked."""


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
    times are kept for a while; see `kept`.

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
    return kept(model, x, score, "passes", lambda: _tried(model, x, score))


def _tried(model: Model, x: Tensor, score: str) -> PassTimes:
    import torch

    from explainers.attribution import Target
    from explainers.batch_plan import most_at_once
    from explainers.passes import Passes
    from explainers.running.held import held_by

    weights = list(held_by(model).weights())
    most = most_at_once(x, weights)
    # Other networks work elsewhere: on a device, or in another process.
    worked = processor if weights and not x.is_cuda else clock
    passes = Passes(model, score=score, batch_size=most)
    target = Target(function=_first)

    def forward(points: Tensor) -> None:
        passes.outputs(points)
        _finish(points)

    def gradient(points: Tensor) -> None:
        rows = torch.arange(len(points), device=points.device)
        passes.gradients(points, target, rows)
        _finish(points)

    ahead = _seconds(forward, x, most, worked)
    if ahead * (1 + BACK) > LONGEST_PASS:
        return PassTimes(ahead, ahead * (1 + BACK) / 2)
    try:
        both = _seconds(gradient, x, most, worked, ahead * (1 + BACK))
    except Problem:  # it has no way back
        both = ahead * (1 + BACK)
    return PassTimes(ahead, both / 2)


def _first(output: Tensor) -> Tensor:
    return output.flatten(1)[:, 0]


def _seconds(
    ask: Callable[[Tensor], None],
    x: Tensor,
    most: int,
    worked: Callable[[], float],
    guess: float = 0.0,
) -> float:
    """Of one point, the least over ever larger batches until one is long enough to be measured.

    The first batch is one point; of what was never done before, as the way back, half of what fits
    into the trial if a point takes as long as guessed, and twice, the first being slow.

    Beside other work a pass of few points takes many times its work, in waiting for its turn. So
    how many are tried goes by the work that they are, and what they are said to take by the clock.
    """
    started, found, work, spent = clock(), math.inf, math.inf, 0.0
    size = max(1, min(most, LARGER, int(SECONDS_OF_A_TRIAL / 2 / guess))) if guess else 1
    while True:
        try:
            for turn in range(TIMES if size > 1 or guess else 2):
                before, working = clock(), worked()
                ask(x.repeat(size, *[1] * (x.ndim - 1)))  # methods make their points, too
                seconds = clock() - before
                own = min(seconds, worked() - working)
                found, work, spent = min(found, seconds / size), min(work, own / size), spent + own
                left = min(SECONDS_OF_A_TRIAL - spent, LONGEST_TRIAL - (clock() - started))
                if own > left and (turn or (not guess and seconds > SECONDS_ALONE)):
                    break
        except Problem:  # some networks take one input at a time
            if size == 1:
                raise
            if found < math.inf:
                return found
            size = most = 1
            continue
        enough = work * size > LONG_ENOUGH and size > 1
        if enough or size >= most or (size + 1) * work > left:
            return found
        size = min(most, LARGER * size, int(left / max(work, 1e-9)))


def _finish(points: Tensor) -> None:
    """Wait until the device has done what it was asked."""
    if points.is_cuda:
        import torch

        torch.cuda.synchronize(points.device)
