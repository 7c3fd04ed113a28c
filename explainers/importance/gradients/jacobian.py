"""The Jacobian over a data set: mean, mean size, root mean square, spread, and scaled.

Its mean can cancel and its size tells nothing of the sign, so all are given. White & Racine 2001;
Pizarroso, Portela & Muñoz 2022, NeuralSens, arXiv:2002.11423.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

_MATRIX_VALUES = 2**24


@dataclass(frozen=True)
class Options:
    """Options of `jacobian`."""

    outputs: bool = option(True)
    units: bool | None = option(None, kind=bool)


@importance_method(
    key="jacobian",
    family="gradients",
    order=20,
    source="Pizarroso, Portela & Muñoz 2022, arXiv:2002.11423",
    options=Options,
    estimate=lambda options, rows, features: 2 * rows,
    needs=("gradient",),
    unit="output per unit of the feature",
    answers_linear=lambda slopes, rows: slopes.abs(),
    trial={"outputs": False, "units": False},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """The root mean square of ∂f/∂xᵢ over the rows, with mean, mean size and deviation beside it.

    Of a feature of several values (a variable of a series, a group of columns) the slopes are those
    of moving all of them by one; of sizes the values' add up, of squares too.

    Parameters
    ----------
    context : DatasetContext
        One pass forward and one backward a row.
    options : Options
        `outputs`: also the mean and root mean square of every output, where there are several;
        `units`: also the slopes of and to the hidden units of a network of dense layers, by default
        where that takes but a moment.

    Returns
    -------
    Estimate
        `details`, each (F,): `mean`, `mean_abs`, `rms`, `sd`; `scaled` and `standardised`, the root
        mean square times sd(xᵢ), and that divided by sd(f); `intervals` of the first four, (2, F)
        each; with several outputs `mean_of_outputs` and `rms_of_outputs` (outputs, F); with labels
        `loss_mean` and `loss_rms`, of the slopes of each row's error; `units`, by layer, as
        `unit_slopes` gives it.

    References
    ----------
    Pizarroso, Portela & Muñoz 2022, arXiv:2002.11423, section 2.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.tensor([[-1.0, 0.0], [1.0, 3.0]])
    >>> table = explain_dataset(lambda x: x[:, 0]**2 + 0.5*x[:, 1], x, methods=["jacobian"])
    >>> table.values.tolist(), table.details["jacobian"]["mean"].tolist()
    ([[2.0, 0.5]], [0.0, 0.5])
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.gradients.hidden_units import unit_slopes, unit_slopes_if_cheap
    from explainers.importance.lag_profile import lag_details

    slopes, features = context.input_slopes, context.features
    moved = features.summed(slopes)
    sizes, squares = features.summed(slopes.abs()), features.summed(slopes.square())
    resampling = context.resampling
    means = resampling.means(torch.stack([moved, sizes, squares, moved.square()], 1))
    likely = _aggregates(*means.unbind(1))
    found = _aggregates(moved.mean(0), sizes.mean(0), squares.mean(0), moved.square().mean(0))
    ends = torch.tensor([0.025, 0.975], dtype=torch.float64)
    scaled = features.summed((slopes * context.deviation).square()).mean(0).sqrt()
    of_output = context.values.std(unbiased=False)
    details: dict[str, Any] = {
        **found,
        "scaled": scaled,
        "standardised": scaled / of_output if of_output > 0 else torch.zeros_like(scaled),
        "intervals": {name: torch.quantile(draws, ends, 0) for name, draws in likely.items()},
    }
    if options.outputs:
        details |= _of_outputs(context)
    if context.labels is not None and context.has_gradient:
        loss = features.summed(loss_slopes(context))
        details |= {"loss_mean": loss.mean(0), "loss_rms": loss.square().mean(0).sqrt()}
    if options.units is not False:
        units = unit_slopes(context) if options.units else unit_slopes_if_cheap(context)
        details |= {"units": units} if units else {}
    details |= lag_details(context, slopes.square(), lambda means: means.sqrt())
    return Estimate(found["rms"], {"sample": likely["rms"]}, details)


def loss_slopes(context: DatasetContext) -> Tensor:
    """The gradient (N, …) of each row's error by its input; needs labels."""
    import torch

    from explainers.importance.reading.labels import ErrorTarget

    rows = torch.arange(context.rows, device=context.inputs.device)
    target = ErrorTarget(labels=context.labels, explained=context.target)
    return context.passes.gradients(context.inputs, target, rows)[1].to("cpu", torch.float64)


def _aggregates(mean: Tensor, size: Tensor, square: Tensor, moved: Tensor) -> dict[str, Tensor]:
    """From means over rows of a slope, its size, its square, and the square of the whole."""
    return {
        "mean": mean,
        "mean_abs": size,
        "rms": square.sqrt(),
        "sd": (moved - mean.square()).clamp(min=0).sqrt(),
    }


def _of_outputs(context: DatasetContext) -> dict[str, Tensor]:
    """Mean and root mean square of the slopes of every output: (outputs, F)."""
    import torch

    outputs, inputs = context.outputs, context.inputs
    if outputs.ndim != 2 or outputs.shape[1] == 1 or not context.has_gradient:
        return {}
    if outputs.shape[1] * inputs.numel() > _MATRIX_VALUES:
        return {}
    slopes = context.passes.jacobian(inputs).to("cpu", torch.float64)
    each = [context.features.summed(slopes[:, k]) for k in range(slopes.shape[1])]
    squares = [context.features.summed(slopes[:, k].square()) for k in range(slopes.shape[1])]
    return {
        "mean_of_outputs": torch.stack([part.mean(0) for part in each]),
        "rms_of_outputs": torch.stack([part.mean(0).sqrt() for part in squares]),
    }
