"""SmoothGrad: the mean gradient over noisy copies of the input.

Smilkov et al. 2017 (arXiv:1706.03825).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option

# What the tolerance of 10 % needs on most networks.
USUAL_SAMPLES = 32

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `smoothgrad`."""

    samples: int | None = option(None, low=2, high=4096, kind=int)
    sigma: float = option(0.15, low=0.0, high=2)
    ranges: tuple[float, ...] | None = option(None, low=0.0, kind=float, widget=False)
    signed: bool = option(False)
    seed: int = option(0, low=0, high=2**31 - 1)
    tolerance: float = option(0.1, low=1e-04, high=1)
    most_samples: int = option(512, low=16, high=1000000)


@method(
    key="smoothgrad",
    order=60,
    source="Smilkov et al. 2017, arXiv:1706.03825",
    answers=lambda options: "slope" if options.signed else "magnitude",
    estimate=lambda options, layout: 2 * (options.samples or USUAL_SAMPLES),
    unit="slope",
    options=Options,
    trial={"samples": 2},
    fit_to_data=lambda options, data: (
        options | {"ranges": list(ranges)} if (ranges := data.ranges()) else options
    ),
    signed=lambda options: options.signed,
    uses_baseline=False,
    random=True,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """Mean over samples of |∂f/∂x| (or ∂f/∂x) at x + σ·range·noise, with its standard error.

    The range is that of the input's values, or one for each place along its last dimension. All
    inputs meet the same noise, so an attribution does not depend on the others in its batch.
    Without `samples`, noise is drawn until the map is certain, see `perturbation.stopping`.

    Parameters
    ----------
    context : Context
        Inputs (N, …); needs gradients.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …) and their spread. On a linear function c·x: |cᵢ|, or cᵢ when signed.

    Raises
    ------
    Problem
        Where there is not one range for each column or variable.

    References
    ----------
    Smilkov et al. 2017, arXiv:1706.03825.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: x[:, 0] - 3 * x[:, 1], x, "smoothgrad").scores
    tensor([[1., 3.]])
    """
    import torch

    from explainers.perturbation.sampling import Moments
    from explainers.perturbation.stopping import Drawing, StoppingRule

    inputs = context.inputs
    rule = StoppingRule(options.samples, options.tolerance, options.most_samples)
    drawing = Drawing(context, rule, "noisy copies")
    reach = _range(inputs, options.ranges) * options.sigma
    noise = torch.Generator().manual_seed(options.seed)
    moments = Moments(inputs)
    context.show(moments.mean)

    def draw() -> torch.Tensor:
        return torch.randn(inputs.shape[1:], generator=noise).to(inputs)

    for rows, draws in drawing.batches(draw):
        gradients = context.gradients(inputs[rows] + reach[rows] * draws, rows)
        maps = gradients if options.signed else gradients.abs()
        moments.add(rows, maps)
        drawing.add(rows, maps)
    return MethodResult(moments.mean(), spread=moments.standard_error(), **drawing.told())


def _range(inputs: Tensor, given: tuple[float, ...] | None) -> Tensor:
    """Ranges that broadcast over inputs (N, …); the first dimension is N."""
    shape = inputs.shape
    if given is None:
        flat = inputs.flatten(1)
        return (flat.amax(1) - flat.amin(1)).view(-1, *[1] * (len(shape) - 1))
    if len(given) != shape[-1]:
        raise Problem(
            f"{len(given)} ranges were given; the inputs have {shape[-1]} columns or variables."
        )
    return inputs.new_tensor(given).expand(len(inputs), *[1] * (len(shape) - 2), shape[-1])
