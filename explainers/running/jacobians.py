"""All slopes of all outputs from one forward pass, where PyTorch can; else one backward pass each.

Forward mode where there are fewer inputs than outputs, reverse mode elsewhere, both vectorised by
`vmap`. What it gives is compared with a plain backward pass on the first point, so that hooks,
functions with rules of their own, and whatever else the two treat apart, go the plain way.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from explainers.attribution import Target
from explainers.batch_plan import is_out_of_memory
from explainers.errors import Cancelled
from explainers.running.draws import generators_kept
from explainers.running.failures import all_finite, no_way_back
from explainers.running.slopes import score_and_slopes, slope_of

LARGEST_INPUT = 20_000
"""Values of an input beyond which a vectorised pass saves nothing and needs much memory."""
_VALUES_AT_ONCE = 2**22


class Jacobians:
    """∂y/∂x of all outputs y of a model at its inputs.

    Parameters
    ----------
    answer : callable
        (n, …) → (n, outputs…); each row's answer depends on that row alone.
    plain : bool
        Whether to take one backward pass an output from the start, as for models that draw random
        numbers.
    generators : sequence
        Those that the model holds: all outputs are asked about one draw.

    Examples
    --------
    >>> jacobian = Jacobians(lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 0]], 1))
    >>> jacobian(torch.tensor([[2.0, 3.0]]))[0]
    tensor([[[3., 2.],
             [1., 0.]]])
    """

    def __init__(
        self,
        answer: Callable[[Tensor], Tensor],
        plain: bool = False,
        generators: Sequence[object] = (),
    ) -> None:
        self._answer, self._plain, self._compared = answer, plain, False
        self._generators = generators

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor | None]:
        """The slopes (n, outputs…, …) at points (n, …), and where they met one that is not finite.

        The second is as `score_and_slopes` gives it: bool, of one point's shape, or None.
        """
        points = points.detach()
        leaf = points[:1].clone()
        if self._plain or points[0].numel() > LARGEST_INPUT:
            with torch.no_grad():
                return self._one_by_one(points, self._answer(leaf).shape[1:])
        with torch.enable_grad():
            first = self._answer(leaf.requires_grad_())
        found = self._vectorised(points, leaf, first) if first.numel() > 1 else None
        if found is not None:
            return found, None
        return self._one_by_one(points, first.shape[1:])

    def _vectorised(self, points: Tensor, leaf: Tensor, first: Tensor) -> Tensor | None:
        """The slopes, or None where they have to be found one by one."""
        forward = points[0].numel() < first.numel()
        found = None
        for way in (_by_columns,) if forward else (_by_rows, _by_graph):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of operations that vmap takes one by one
                    found = way(self._answer, points)
                break
            except (Cancelled, torch.OutOfMemoryError):
                raise
            except Exception as error:
                if is_out_of_memory(error):
                    raise
        if found is None:
            self._plain = True
            return None
        if not all_finite(found):
            return None
        if not self._compared:
            self._compared = True
            self._plain = not agrees(leaf, first, found[:1])
        return None if self._plain else found

    def _one_by_one(self, points: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        rows = torch.zeros(len(points), dtype=torch.int64, device=points.device)
        columns, marked, size = [], None, math.prod(shape)
        for place in range(size):
            with ExitStack() as stack:
                if size > 1:
                    stack.enter_context(generators_kept(points.device, self._generators))
                found = score_and_slopes(self._answer, points, _output(place), rows)
            _, slopes, singular = found
            columns.append(slopes)
            if singular is not None:
                marked = singular if marked is None else marked | singular
        return torch.stack(columns, 1).view(len(points), *shape, *points.shape[1:]), marked


def agrees(leaf: Tensor, answer: Tensor, found: Tensor) -> bool:
    """Whether a plain backward pass, of a mixture of all outputs, gives what these slopes do.

    Every output counts in it by the size of its slopes, so that a wrong one is seen.

    Parameters
    ----------
    leaf, answer : Tensor, shape (1, …), (1, outputs…)
        A point, and what the model answers to it.
    found : Tensor, shape (1, outputs…, …)

    Examples
    --------
    >>> x = torch.tensor([[2.0, 3.0]], requires_grad=True)
    >>> y, slopes = torch.stack([x.prod(1), x[:, 0]], 1), torch.tensor([[[3.0, 2], [1, 0]]])
    >>> agrees(x, y, slopes + torch.tensor([0, 1e-2]))
    False
    """
    rows = found.reshape(answer.numel(), -1)
    sizes = rows.abs().amax(1)
    tiny = torch.finfo(rows.dtype).tiny
    shares = torch.linspace(1, 2, len(rows)).to(rows)
    weights = shares / torch.where(sizes > 0, sizes, sizes.max()).clamp(min=tiny)
    with torch.enable_grad():
        mixed = (answer.reshape(1, -1) * weights).sum(1)
    if not mixed.requires_grad:
        raise no_way_back(answer)
    slopes = slope_of(mixed, leaf).flatten()
    near = 1e3 * torch.finfo(rows.dtype).eps * float(shares.norm())
    return bool(((weights @ rows - slopes).abs() <= near).all())


def _output(place: int) -> Target:
    return Target(function=lambda outputs: outputs.flatten(1)[:, place])


def _by_rows(answer: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Reverse mode: one forward pass, and the way back for many outputs at once."""
    outputs, pull = torch.func.vjp(answer, points)
    return _rows(outputs, points, lambda ones: torch.func.vmap(pull)(ones)[0].detach())


def _by_graph(answer: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """The same through autograd's own graph, which knows functions that torch.func does not.

    Convolutions take twice as long.
    """
    leaf = points.clone().requires_grad_()
    with torch.enable_grad():
        outputs = answer(leaf)

    def back(ones: Tensor) -> Tensor:
        return torch.autograd.grad(outputs, leaf, ones, retain_graph=True, is_grads_batched=True)[0]

    return _rows(outputs, points, back)


def _rows(outputs: Tensor, points: Tensor, back: Callable[[Tensor], Tensor]) -> Tensor:
    """Slopes (n, outputs…, …), from the way back (k, n, outputs…) → (k, n, …)."""
    count, size = len(points), outputs[0].numel()
    at_once = max(1, min(size, _VALUES_AT_ONCE // points.numel()))
    parts = []
    for start in range(0, size, at_once):
        which = torch.arange(start, min(start + at_once, size), device=points.device)
        ones = torch.nn.functional.one_hot(which, size).to(outputs)
        ones = ones.unsqueeze(1).expand(-1, count, -1)
        parts.append(back(ones.reshape(-1, count, *outputs.shape[1:])))
    found = torch.cat(parts).movedim(0, 1)
    return found.reshape(count, *outputs.shape[1:], *points.shape[1:])


def _by_columns(answer: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Forward mode: the outputs' change along many inputs at once."""
    count, size = len(points), points[0].numel()
    at_once = max(1, min(size, _VALUES_AT_ONCE // points.numel()))

    def along(direction: Tensor) -> Tensor:
        return torch.func.jvp(answer, (points,), (direction,))[1]

    parts = []
    for start in range(0, size, at_once):
        which = torch.arange(start, min(start + at_once, size), device=points.device)
        ones = torch.nn.functional.one_hot(which, size).to(points)
        directions = ones.view(len(which), 1, *points.shape[1:]).expand(
            -1, count, *points.shape[1:]
        )
        parts.append(torch.func.vmap(along)(directions).detach())
    found = torch.cat(parts)
    return found.movedim(0, -1).reshape(*found.shape[1:], *points.shape[1:])
