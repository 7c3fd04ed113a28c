"""What a model said at single points, kept so that several explanations ask for it only once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

MOST_POINTS = 64


class OutputCache:
    """Answers and gradients of one model at the points seen last, by the points' exact values.

    Explanations of the same inputs by different methods share the model's answer to them, its
    answer to the baseline, and the gradient there. One instance belongs to one model.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple, tuple[Tensor, ...]] = OrderedDict()

    def recall(self, asked: list[Hashable], points: Tensor, compute: Callable) -> tuple:
        """For each point (n, …) what `compute` gives for it, computed where it is not known.

        `asked` names what is computed, one entry a point. `compute(indices)` returns a tuple of
        tensors with a row for each of those points.
        """
        if len(points) > MOST_POINTS:
            return compute(torch.arange(len(points), device=points.device))
        names = [(*pair, str(points.device)) for pair in zip(asked, _digests(points), strict=True)]
        missing = [index for index, name in enumerate(names) if name not in self._kept]
        if missing:
            found = compute(torch.tensor(missing, device=points.device))
            for index, *row in zip(missing, *found, strict=True):
                self._kept[names[index]] = tuple(row)
        for name in names:
            self._kept.move_to_end(name)
        rows = [self._kept[name] for name in names]
        while len(self._kept) > MOST_POINTS:
            self._kept.popitem(last=False)
        return tuple(torch.stack(column) for column in zip(*rows, strict=True))


def _digests(points: Tensor) -> list[str]:
    exact = points.detach().contiguous().cpu()
    head = f"{exact.dtype} {tuple(exact.shape[1:])}".encode()
    return [
        hashlib.sha256(head + row.flatten().view(torch.uint8).numpy().tobytes()).hexdigest()
        for row in exact
    ]
