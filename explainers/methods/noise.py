"""Noise sensitivity: shake one feature after the other and see how far the answer moves.

Input perturbation as reviewed by Gevrey, Dimopoulos & Lek 2003 (doi:10.1016/S0304-3800(02)00257-0).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.regions import BY, labelled


@dataclass(frozen=True)
class Options:
    """Options of `noise`."""

    sigma: float | tuple[float, ...] = option(
        0.2,
        "Noise",
        "Standard deviation of the noise, in the units of the data.",
        low=1e-12,
        kind=float,
    )
    by: str = option(
        "auto",
        "Features",
        "What is shaken together. Automatic: every value of a row, a variable of a series at all "
        "its steps, squares of a picture.",
        choices=BY,
    )
    width: int | None = option(
        None,
        "Width",
        "Steps in a block, pixels along a square; empty: one step, an eighth of the picture.",
        low=1,
        high=4096,
        kind=int,
    )
    samples: int = option(100, "Draws", "More draws: steadier, slower.", low=2, high=100_000)
    seed: int = option(0, "Seed", "The same seed gives the same map.", low=0, high=2**31 - 1)


_AUTO = {2: "variable", 3: "square"}


def _labels(options: Options, shape):
    by = _AUTO.get(len(shape), "cell") if options.by == "auto" else options.by
    return labelled(shape, by, options.width)


@method(
    key="noise",
    name="Noise sensitivity",
    order=85,
    says="Adds noise to one feature after the other and notes how far the answer moves.",
    cost="one forward pass a feature and a draw",
    misleads="The size of the noise decides: the same noise is large for a feature of small "
    "numbers. It tells how much a feature matters, not in which direction.",
    source="Gevrey, Dimopoulos & Lek 2003, doi:10.1016/S0304-3800(02)00257-0",
    estimate=lambda options, shape: options.samples * (int(_labels(options, shape).max()) + 1),
    unit="change under noise",
    options=Options,
    kinds=("picture", "table", "series"),
    trial={"samples": 2},
    signed=False,
    uses_baseline=False,
    needs_gradient=False,
    random=True,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """Root mean square over draws of f(x + noise on one feature) − f(x), with its standard error.

    The noise is normal with standard deviation σ: a number, or one for each place along the
    input's last dimension (column, variable). Scores of a feature of several values are shared
    equally among them, so that they add up to its sensitivity. All inputs meet the same noise.
    """
    import torch

    from explainers.perturbation.sampling import shared_batches

    shape, count = tuple(inputs.shape[1:]), len(inputs)
    labels = torch.from_numpy(_labels(options, shape)).to(inputs.device)
    sizes = labels.flatten().bincount()
    many = len(sizes)
    sigma = torch.as_tensor(options.sigma).to(inputs)
    if sigma.ndim and len(sigma) != shape[-1]:
        raise Problem(
            f"{len(sigma)} values of sigma were given; it is one number, or {shape[-1]}, "
            "one for each column or variable."
        )
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    squares, fourths, seen = torch.zeros(3, count, many, dtype=dtype, device=inputs.device)
    run.expect(count * (options.samples * many + 1))
    full = run.values(inputs, torch.arange(count, device=inputs.device))
    generator = torch.Generator().manual_seed(options.seed)
    turns, noise = itertools.count(), None

    def draw():
        nonlocal noise
        group = next(turns) % many
        if group == 0:
            noise = torch.randn(shape, generator=generator).to(inputs) * sigma
        return noise * (labels == group)

    def shared(found):
        return (found / sizes)[:, labels]

    def size():
        return (squares / seen.clamp(min=1)).sqrt()

    run.show(lambda: shared(size()))
    done = 0
    for row, draws in shared_batches(run, count, options.samples * many, draw):
        row = row.to(inputs.device)
        group = torch.arange(done, done + len(row), device=inputs.device) // count % many
        done += len(row)
        moved = (run.values(inputs[row] + draws, row) - full[row]).to(dtype)
        for total, part in ((squares, moved**2), (fourths, moved**4), (seen, moved * 0 + 1)):
            total.index_put_((row, group), part, accumulate=True)
    variance = (fourths / seen - (squares / seen) ** 2).clamp(min=0) / (seen - 1)
    tiny = torch.finfo(dtype).tiny
    return MethodResult(
        shared(size()), spread=shared(variance.sqrt() / (2 * size()).clamp(min=tiny))
    )
