"""Infidelity and max-sensitivity: does a map predict the effect of noise, and does it bear noise?

Yeh et al. 2019, "On the (in)fidelity and sensitivity of explanations" (arXiv:1901.09392).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor

from explainers.attribution import Progress, TargetLike
from explainers.errors import Problem
from explainers.eval_mode import Model
from explainers.passes import Passes
from explainers.references import check_inputs
from explainers.session import open_session

Perturb: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]
"""(inputs (N, …), generator) → a random perturbation (N, …); called once a sample."""


def infidelity(
    model: Model,
    inputs: Tensor,
    scores: Tensor,
    target: TargetLike = None,
    *,
    score: str = "output",
    baseline: str | Tensor | None = None,
    contributions: bool = False,
    noise: float = 0.2,
    samples: int = 100,
    seed: int = 0,
    perturb: Perturb | None = None,
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Tensor:
    """Infidelity: how badly a map predicts the effect of random perturbations I.

    Mean of (Σ I·scores − (f(x) − f(x − I)))². All inputs meet the same noise.

    Parameters
    ----------
    model, inputs, target, score, batch_size, progress
        As in `explainers.explain`; inputs (N, …).
    scores : Tensor, shape (N, …)
        The map, read as slopes: the predicted effect of I is Σ I·scores.
    baseline : str or Tensor, optional
        With one, I is x − x′ on a random half of the values and 0 elsewhere, so that x − I has that
        half replaced by the baseline.
    contributions : bool
        The scores are contributions against that baseline, as those of Integrated Gradients or
        occlusion: they are divided by x − x′ first, so that what is replaced has the effect of the
        sum of its contributions.
    noise : float
        Without a baseline, I is Gaussian with this standard deviation, as a share of each input's
        range.
    samples : int
        How many perturbations.
    seed : int
    perturb : callable, optional
        Your own: (inputs (N, …), generator) → I (N, …), called once a sample.

    Returns
    -------
    Tensor, shape (N,), float64
        0 is best; the unit is the square of the explained score's. NaN where nothing was perturbed.

    Raises
    ------
    Problem
        For scores unlike the inputs, contributions without a baseline, or what cannot be explained.

    References
    ----------
    Yeh et al. 2019, arXiv:1901.09392.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> slopes = torch.tensor([[3.0, 1.0]])
    >>> infidelity(lambda x: 3 * x[:, 0] + x[:, 1], x, slopes).round(decimals=6)
    tensor([0.], dtype=torch.float64)
    """
    if samples < 1:
        raise Problem(f"samples={samples} is not a positive number.")
    if scores.shape != inputs.shape:
        raise Problem(
            f"The scores have shape {tuple(scores.shape)}; infidelity needs that of the inputs, "
            f"{tuple(inputs.shape)}."
        )
    replaces = baseline is not None
    if contributions and not replaces:
        raise Problem("Contributions hold against a baseline; name it.")
    against = inputs if baseline is None else baseline
    with open_session(
        model, inputs, against, target, score=score, batch_size=batch_size, progress=progress
    ) as session:
        passes, points = session.passes, session.inputs
        weights = scores.detach().to(points.device).double()
        if contributions:
            step = (points - session.baseline).double()
            weights = torch.where(step == 0, 0.0, weights / step)
        full = session.output
        perturb = perturb or (halves(session.baseline) if replaces else gaussian(noise))
        total = torch.zeros(len(points), dtype=torch.float64, device=points.device)
        moved = torch.zeros_like(total)
        passes.expect(samples * len(points))
        for rows, steps in _perturbations(passes, points, perturb, samples, seed):
            dropped = (
                full[rows].double()
                - passes.values(points[rows] - steps, session.target, rows).double()
            )
            predicted = (steps.double() * weights[rows]).flatten(1).sum(1)
            total.index_add_(0, rows, (predicted - dropped) ** 2)
            moved.index_add_(0, rows, steps.double().abs().flatten(1).sum(1))
    return torch.where(moved > 0, total / samples, float("nan")).to(inputs.device)


def max_sensitivity(
    attribute: Callable[[Tensor], Tensor],
    inputs: Tensor,
    *,
    radius: float = 0.02,
    samples: int = 10,
    seed: int = 0,
    perturb: Perturb | None = None,
) -> Tensor:
    """Max-sensitivity: the largest relative change of a map over random inputs near by.

    Largest ‖φ(x′) − φ(x)‖ / ‖φ(x)‖ over random x′ near x. All inputs meet the same noise.

    Parameters
    ----------
    attribute : callable
        φ: inputs (N, …) → scores (N, …), one map an input. Fix its target, and its seed if it has
        one: else the change of those is measured too.
    inputs : Tensor, shape (N, …)
    radius : float
        x′ is drawn evenly from the cube |x′ − x| ≤ radius × the input's range.
    samples : int
        How many x′; the maximum over them grows with their number.
    seed : int
    perturb : callable, optional
        Your own: (inputs (N, …), generator) → x′ − x (N, …), called once a sample.

    Returns
    -------
    Tensor, shape (N,), float64
        0 is best. Infinite where φ(x) is zero and φ(x′) is not.

    Raises
    ------
    Problem
        For inputs that cannot be explained, or what is no map an input.

    References
    ----------
    Yeh et al. 2019, arXiv:1901.09392.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> max_sensitivity(lambda x: torch.tensor([[3.0, 1.0]]), x)  # a map that never changes
    tensor([0.], dtype=torch.float64)
    """
    if samples < 1:
        raise Problem(f"samples={samples} is not a positive number.")
    check_inputs(inputs)
    generator = torch.Generator().manual_seed(seed)
    perturb = perturb or uniform(radius)
    points = inputs.detach()
    before = _maps(attribute, points)
    largest = torch.zeros(len(points), dtype=torch.float64, device=before.device)
    for _ in range(samples):
        change = _maps(attribute, points + perturb(points, generator)) - before
        largest = torch.maximum(largest, change.norm(dim=1))
    return (largest / before.norm(dim=1)).to(inputs.device)


def gaussian(noise: float) -> Perturb:
    """Gaussian noise, its standard deviation a share of each input's range."""
    return lambda inputs, generator: noise * _range(inputs) * _draw(torch.randn, inputs, generator)


def uniform(radius: float) -> Perturb:
    """Even noise from −radius to radius, as a share of each input's range."""

    def perturb(inputs: Tensor, generator: torch.Generator) -> Tensor:
        return radius * _range(inputs) * (2 * _draw(torch.rand, inputs, generator) - 1)

    return perturb


def halves(baseline: Tensor) -> Perturb:
    """x − x′ on a random half of the values, 0 on the others."""
    return lambda inputs, generator: (
        (inputs - baseline) * (_draw(torch.rand, inputs, generator) < 0.5)
    )


def _draw(kind: Callable[..., Tensor], inputs: Tensor, generator: torch.Generator) -> Tensor:
    return kind(inputs.shape[1:], generator=generator, dtype=torch.float32).to(inputs)


def _range(inputs: Tensor) -> Tensor:
    flat = inputs.flatten(1)
    return (flat.amax(1) - flat.amin(1)).view(-1, *[1] * (inputs.ndim - 1))


def _perturbations(
    passes: Passes, points: Tensor, perturb: Perturb, samples: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows (n,) and their perturbations (n, …), batch by batch, sample by sample."""
    generator = torch.Generator().manual_seed(seed)
    count, drawn = len(points), 0
    waiting: list[Tensor] = []
    for part in passes.batches(samples * count):
        while drawn * count < part.stop:
            steps = perturb(points, generator)
            if steps.shape != points.shape:
                raise Problem(
                    f"The perturbation has shape {tuple(steps.shape)}, not that of the inputs, "
                    f"{tuple(points.shape)}."
                )
            waiting.extend(steps.to(points))
            drawn += 1
        size = part.stop - part.start
        rows = torch.arange(part.start, part.stop, device=points.device) % count
        yield rows, torch.stack(waiting[:size])
        waiting = waiting[size:]


def _maps(attribute: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """The maps of the points, flat: (N, …) → (N, values) in float64."""
    maps = attribute(points)
    if not isinstance(maps, Tensor) or maps.shape[:1] != points.shape[:1]:
        raise Problem("attribute must return a tensor of scores with one map per input.")
    return maps.detach().flatten(1).double()
