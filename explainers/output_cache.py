"""A cache of a model's outputs and gradients at single points, shared by several explanations."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from explainers.output_form import Plan

MOST_POINTS = 64


class OutputCache:
    """The latest outputs and gradients of one model, by the exact values of the points.

    Explanations of the same inputs by different methods share the model's output on them, its
    output on the baseline, and the gradient there. Belongs to one model as it is, see `belongs_to`;
    holds MOST_POINTS points.

    Attributes
    ----------
    output_forms : dict
        What was found out about the model's output, by score; see `output_form.with_form`.

    Examples
    --------
    >>> from explainers import explain
    >>> calls = []
    >>> def model(x):
    ...     calls.append(len(x))
    ...     return x.sum(1)
    >>> cache, x = OutputCache(), torch.ones(1, 2)
    >>> for method in ("saliency", "gradient_x_input"):
    ...     scores = explain(model, x, method, cache=cache).scores
    >>> calls  # the output, a check of the model (1 and 2), the baseline's output, the gradient
    [1, 1, 2, 1, 1]
    """

    def __init__(self) -> None:
        self.output_forms: dict[str, Plan] = {}
        self._rows: OrderedDict[tuple[Hashable, ...], tuple[Tensor, ...]] = OrderedDict()
        self._model: Hashable = None

    def belongs_to(self, model: Hashable) -> None:
        """Forget everything unless this is the model of before, with the same weights.

        Parameters
        ----------
        model : hashable
            What tells a model and its state from others.

        Examples
        --------
        >>> cache, points = OutputCache(), torch.tensor([[1.0]])
        >>> for version in (1, 2):
        ...     cache.belongs_to(version)
        ...     (found,) = cache.recall(["f"], points, lambda _: (version * points,))
        >>> found
        tensor([[2.]])
        """
        if self._model is not None and model != self._model:
            self._rows.clear()
            self.output_forms.clear()
        self._model = model

    def recall(
        self,
        keys: Sequence[Hashable],
        points: Tensor,
        compute: Callable[[Tensor], tuple[Tensor, ...]],
    ) -> tuple[Tensor, ...]:
        """For each point what `compute` gives for it, computed only where it is not in the cache.

        Parameters
        ----------
        keys : sequence of hashable, length n
            What is computed of each point, apart from the point's own values.
        points : Tensor, shape (n, …)
        compute : callable
            (indices (k,)) → a tuple of tensors (k, …), a row for each of those points.

        Returns
        -------
        tuple of Tensor, shape (n, …)

        Examples
        --------
        >>> points, cache = torch.tensor([[1.0], [2.0]]), OutputCache()
        >>> cache.recall(["square"] * 2, points, lambda indices: (points[indices] ** 2,))
        (tensor([[1.],
                [4.]]),)
        """
        if len(points) > MOST_POINTS:
            return compute(torch.arange(len(points), device=points.device))
        device = str(points.device)
        entries = [
            (key, digest, device) for key, digest in zip(keys, _digests(points), strict=True)
        ]
        missing = [index for index, entry in enumerate(entries) if entry not in self._rows]
        if missing:
            columns = compute(torch.tensor(missing, device=points.device))
            for index, *row in zip(missing, *columns, strict=True):
                self._rows[entries[index]] = tuple(row)
        for entry in entries:
            self._rows.move_to_end(entry)
        rows = [self._rows[entry] for entry in entries]
        while len(self._rows) > MOST_POINTS:
            self._rows.popitem(last=False)
        return tuple(torch.stack(column) for column in zip(*rows, strict=True))


def _digests(points: Tensor) -> list[str]:
    exact = points.detach().contiguous().cpu()
    head = f"{exact.dtype} {tuple(exact.shape[1:])}".encode()
    return [
        hashlib.sha256(head + row.flatten().view(torch.uint8).numpy().tobytes()).hexdigest()
        for row in exact
    ]
