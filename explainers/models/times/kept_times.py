"""Trials of a network, each kept for a while: it costs the same on the next input."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.eval_mode import Model

SECONDS_KEPT = 120.0
Found = TypeVar("Found")


def kept(model: Model, x: Tensor, score: str, trial: str, find: Callable[[], Found]) -> Found:
    """What a trial found of this network on inputs of this shape, at most SECONDS_KEPT ago.

    Parameters
    ----------
    model : callable
        Its trials are kept while it lives.
    x : Tensor, shape (1, …)
    score : str
        The form of the output; see `Passes`.
    trial : str
        Its name.
    find : callable
        () → what it finds, asked where nothing is kept.

    Examples
    --------
    >>> import torch
    >>> net, x = torch.nn.Identity(), torch.zeros(1, 2)
    >>> [kept(net, x, "output", "a pass", lambda: seconds) for seconds in (0.1, 0.2)]
    [0.1, 0.1]
    """
    key, now = (trial, x.shape, x.dtype, str(x.device), score), time.monotonic()
    try:
        trials = _TRIALS.setdefault(model, {})
    except TypeError:  # such as an object with slots, to which nothing can refer weakly
        trials = {}
    if key not in trials or now - trials[key][0] >= SECONDS_KEPT:
        trials[key] = now, find()
    return trials[key][1]


_TRIALS: weakref.WeakKeyDictionary[Any, dict[Hashable, tuple[float, Any]]] = (
    weakref.WeakKeyDictionary()
)
