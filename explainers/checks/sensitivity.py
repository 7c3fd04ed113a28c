"""Infidelity and max-sensitivity: does a map predict the effect of noise, and does it stand it?

Yeh et al. 2019, "On the (in)fidelity and sensitivity of explanations" (arXiv:1901.09392).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from explainers.attribution import Progress, TargetLike
from explainers.errors import Problem
from explainers.references import check_inputs
from explainers.session import open_session

Perturb = Callable[[Tensor, torch.Generator], Tensor]


def infidelity(
    model: Callable,
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
    """Mean of (Σ I·scores − (f(x) − f(x − I)))² over random perturbations I: (N,) in float64.

    0 is best; the unit is the square of the explained score's. NaN where nothing was perturbed.

    scores          like inputs (N, …), read as slopes: the effect of I is Σ I·scores.
    noise           without a baseline, I is Gaussian with this standard deviation, as a share of
                    each input's range.
    baseline        with one, I is x − x′ on a random half of the values and 0 elsewhere, so that
                    x − I has that half replaced by the baseline.
    contributions   the scores are contributions against that baseline, as those of Integrated
                    Gradients or occlusion: they are divided by x − x′ first, so that what is
                    replaced has the effect of the sum of its contributions.
    perturb         your own: perturb(inputs (N, …), generator) → I (N, …), called once a sample.

    All inputs meet the same noise. Other parameters as in `explain`.
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
    about = {"score": score, "batch_size": batch_size, "progress": progress}
    against = inputs if baseline is None else baseline
    with open_session(model, inputs, against, target, **about) as session:
        passes, points = session.passes, session.inputs
        weights = scores.detach().to(points.device).double()
        if contributions:
            step = (points - session.baseline).double()
            weights = torch.where(step == 0, 0.0, weights / step)
        full = session.output
        drawn = perturb or (halves(session.baseline) if replaces else gaussian(noise))
        total = torch.zeros(len(points), dtype=torch.float64, device=points.device)
        moved = torch.zeros_like(total)
        passes.expect(samples * len(points))
        for rows, steps in _perturbations(passes, points, drawn, samples, seed):
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
    """Largest ‖φ(x′) − φ(x)‖ / ‖φ(x)‖ over random x′ near x: (N,) in float64.

    attribute   φ: inputs (N, …) → scores (N, …), one map an input. Fix its target, and its seed if
                it has one: else the change of those is measured too.
    radius      x′ is drawn evenly from the cube |x′ − x| ≤ radius × the input's range.
    samples     how many x′; the maximum over them grows with their number.
    perturb     your own: perturb(inputs (N, …), generator) → x′ − x (N, …), called once a sample.

    Infinite where φ(x) is zero and φ(x′) is not. All inputs meet the same noise.
    """
    if samples < 1:
        raise Problem(f"samples={samples} is not a positive number.")
    check_inputs(inputs)
    generator = torch.Generator().manual_seed(seed)
    drawn = perturb or uniform(radius)
    points = inputs.detach()
    before = _maps(attribute, points)
    largest = torch.zeros(len(points), dtype=torch.float64, device=before.device)
    for _ in range(samples):
        change = _maps(attribute, points + drawn(points, generator)) - before
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


def _draw(kind: Callable, inputs: Tensor, generator: torch.Generator) -> Tensor:
    return kind(inputs.shape[1:], generator=generator, dtype=torch.float32).to(inputs)


def _range(inputs: Tensor) -> Tensor:
    flat = inputs.flatten(1)
    return (flat.amax(1) - flat.amin(1)).view(-1, *[1] * (inputs.ndim - 1))


def _perturbations(passes, points: Tensor, perturb: Perturb, samples: int, seed: int) -> Iterator:
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


def _maps(attribute: Callable, points: Tensor) -> Tensor:
    maps = attribute(points)
    if not isinstance(maps, Tensor) or maps.shape[:1] != points.shape[:1]:
        raise Problem("attribute must return a tensor of scores with one map per input.")
    return maps.detach().flatten(1).double()
