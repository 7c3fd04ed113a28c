"""Input perturbation: what noise on one feature does to the error, or to the output.

Scardi & Harding 1999, Ecological Modelling 120; Gevrey, Dimopoulos & Lek 2003, Ecological
Modelling 160.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

_ROWS_ASKED = 10_000


@dataclass(frozen=True)
class Options:
    """Options of `input_perturbation`."""

    sigma: float = option(0.2, low=1e-6, high=1e6)
    of: str = option("deviation", choices=("deviation", "absolute"))
    repeats: int | None = option(None, low=1, high=1000, kind=int)
    lags: bool | None = option(None, kind=bool)


@importance_method(
    key="input_perturbation",
    family="perturbation",
    order=12,
    source="Gevrey, Dimopoulos & Lek 2003, Ecological Modelling 160",
    options=Options,
    estimate=lambda options, rows, features: rows * features * repeats_for(options.repeats, rows),
    unit="rise of the error, or root mean square change of the output",
    random=True,
    answers_linear=lambda slopes, rows: 0.2 * slopes.abs() * rows.double().std(0, unbiased=False),
    trial={"repeats": 2, "lags": False},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Noise N(0, σᵢ²) on one feature alone: how much the error rises, or the output moves.

    With labels the rise of the mean error; without, the root of the mean of (f(x + noise) − f(x))².
    Every value of the feature, such as a variable's at each step, gets noise of its own.

    Parameters
    ----------
    context : DatasetContext
        N · F · repeats evaluations; for series N · T · V more, per (variable × lag).
    options : Options
        `sigma`: σᵢ as a share of the feature's standard deviation, or with `of="absolute"` in its
        unit; `repeats`: draws of noise for each row; `lags`: for series, each step alone too, by
        default where that takes no more than 200,000 evaluations.

    Returns
    -------
    Estimate
        On c·x without labels: |cᵢ| σᵢ. `details`: `sigma` (F,) as it was used, `repeats`, `about`;
        for series `lags`.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, section 2.3.4.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.rand(200, 2, generator=torch.Generator().manual_seed(0))
    >>> table = explain_dataset(lambda x: 3 * x[:, 0], x, methods=["input_perturbation"],
    ...                         options={"input_perturbation": {"sigma": 1.0, "of": "absolute"}})
    >>> table.values.round().tolist()
    [[3.0, 0.0]]
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.lag_profile import as_lags, each_value
    from explainers.importance.perturbation.permutation import LAG_EVALUATIONS, about

    repeats = repeats_for(options.repeats, context.rows)
    root = context.labels is None
    values, replicates = _measured(context, options, repeats, root)
    absolute = torch.full_like(context.scale, options.sigma)
    sigma = absolute if options.of == "absolute" else options.sigma * context.scale
    details: dict[str, Any] = {"sigma": sigma, "repeats": repeats, "about": about(context)}
    series = context.layout.kind == "series"
    cheap = context.inputs.numel() <= LAG_EVALUATIONS
    if series and (options.lags or (options.lags is None and cheap)):
        few = max(1, min(repeats, LAG_EVALUATIONS // context.inputs.numel()))
        of_cells, likely = _measured(each_value(context), options, few, root)
        ends = torch.tensor([0.025, 0.975], dtype=torch.float64)
        low, high = torch.quantile(likely["sample"], ends, 0)
        found = {"values": of_cells, "low": low, "high": high}
        details["lags"] = {name: as_lags(context, part) for name, part in found.items()}
    return Estimate(values, replicates, details)


def repeats_for(given: int | None, rows: int) -> int:
    """How many draws of noise each row gets."""
    return given or max(5, -(-_ROWS_ASKED // rows))


def _measured(
    context: DatasetContext, options: Options, repeats: int, root: bool
) -> tuple[Tensor, dict[str, Tensor]]:
    """The values of the features (F,), and what they might have been."""
    import torch

    inputs, size = context.inputs, context.deviation
    sigma = options.sigma * (torch.ones_like(size) if options.of == "absolute" else size)
    parts, noise, batches = [], [], []
    for index in range(len(context.features)):
        generator = context.generator(f"input_perturbation/{context.names[index]}")
        mask = context.features.mask(index)
        own = sigma.to(inputs)[mask]
        changes = torch.zeros(repeats, context.rows, dtype=torch.float64)

        def make(number: int, mask: Tensor = mask, own: Tensor = own) -> Tensor:
            draws = torch.randn(context.rows, own.numel(), generator=generator)  # noqa: B023
            points = inputs.clone()
            points[:, mask] += draws.to(points) * own
            return points

        for number, outputs in context.each(repeats, make, context.passes.outputs):
            if context.labels is None:
                changes[number] = (context.selected(outputs) - context.values).square()
            else:
                changes[number] = context.error(outputs, context.labels.values) - context.errors
        parts.append(changes.mean(0))
        noise.append(changes.var(0).mean() / repeats if repeats > 1 else torch.zeros(()).double())
        batches.append(changes.mean(1))

    def transform(means: Tensor) -> Tensor:
        return means.clamp(min=0).sqrt() if root else means

    replicates = context.resampling.spread(
        torch.stack(parts, 1), torch.stack(noise), torch.stack(batches, 1), transform
    )
    return transform(torch.stack(batches, 1).mean(0)), replicates
