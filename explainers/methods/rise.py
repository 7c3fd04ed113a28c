"""RISE: the answer on many randomly masked copies, averaged where each pixel was visible.

Petsiuk, Das & Saenko 2018 (arXiv:1806.07421).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.evaluation import blended

# What the tolerance of 10 % needs on most networks.
USUAL_SAMPLES = 512

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `rise`."""

    samples: int | None = option(None, low=10, high=100000, kind=int)
    cells: int = option(8, low=2, high=64)
    visible: float = option(0.5, low=0.05, high=0.95)
    centred: bool = option(True)
    seed: int = option(0, low=0, high=2**31 - 1)
    tolerance: float = option(0.1, low=1e-04, high=1)
    most_samples: int = option(4096, low=16, high=1000000)


@method(
    key="rise",
    order=80,
    source="Petsiuk, Das & Saenko 2018, arXiv:1806.07421",
    answers="visibility",
    estimate=lambda options, layout: options.samples or USUAL_SAMPLES,
    unit="change of the answer where visible",
    options=Options,
    kinds=("picture", "sequence"),
    trial={"samples": 10},
    signed=lambda options: options.centred,
    needs_gradient=False,
    random=True,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """Mean over masks M of (f(M·x + (1 − M)·x′) − f̄)·M / p; p is the share visible.

    f̄ is the mean over the masks, or 0 when not centred. All inputs meet the same masks. Without
    `samples`, masks are drawn until the map is certain, see `perturbation.stopping`.

    Parameters
    ----------
    context : Context
        Inputs (N, C, H, W) or (N, C, L); no gradients are needed.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, C, …): the map, spread evenly over the channels; and the standard error of its
        mean. On a linear function c·x, centred: about (1 − p) c(x − x′), summed over the channels
        and blurred by the coarse masks.

    Raises
    ------
    Problem
        For inputs that are neither pictures nor sequences.

    References
    ----------
    Petsiuk, Das & Saenko 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> scores = explain(lambda x: x[:, 0, 0, 0], torch.ones(1, 1, 16, 16), "rise").scores
    >>> int(scores.argmax())  # the pixel that the function looks at
    0
    """
    import torch

    from explainers.perturbation.stopping import Drawing, StoppingRule, Units, wide

    inputs, baseline = context.inputs, context.baseline
    if inputs.ndim not in (3, 4):
        raise Problem("RISE masks pictures or sequences: inputs (N, channels, …).")
    generator = torch.Generator().manual_seed(options.seed)
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    # What is left when large sums are taken from each other needs their last digits.
    sums = MaskedSums(torch.zeros_like(inputs[:, 0], dtype=wide(inputs)), options)
    units = Units(context)
    shown = MaskedSums(units.moments().total, options)
    rule = StoppingRule(options.samples, options.tolerance, options.most_samples)
    drawing = Drawing(context, rule, "masks", shown.found, of_scores=True)

    def draw() -> Tensor:
        mask = random_mask(inputs.shape[2:], options.cells, options.visible, generator)
        return mask.to(device=inputs.device, dtype=dtype)

    def over_channels(maps: Tensor) -> Tensor:
        return (maps / inputs.shape[1]).to(dtype).unsqueeze(1).expand_as(inputs).clone()

    context.show(lambda: over_channels(sums.mean()))
    for rows, masks in drawing.batches(draw):
        cover = masks.unsqueeze(1).to(inputs.dtype)
        points = blended(inputs[rows], baseline[rows], cover)
        values = context.values(points, rows).to(sums.f)
        sums.add(rows, values, masks.to(sums.f))
        if drawing.looking:
            shown.add(rows, values, units.sums(masks))
    mean, error = map(over_channels, sums.found())
    return MethodResult(mean, spread=error, **drawing.told())


class MaskedSums:
    """What is summed over the masks M, for each input: M, M², f, f·M, f²·M, f·M², f²·M², f².

    Parameters
    ----------
    zeros : Tensor, shape (N, …)
        Like the masks of the inputs.
    options : Options
    """

    def __init__(self, zeros: Tensor, options: Options) -> None:
        self.options = options
        self.m, self.mm, self.fm, self.ffm, self.fmm, self.ffmm = (zeros.clone() for _ in range(6))
        self.f, self.ff, self.count = (zeros.flatten(1)[:, 0].clone() for _ in range(3))

    def add(self, rows: Tensor, values: Tensor, masks: Tensor) -> None:
        """Book values (n,) of the inputs `rows` under masks (n, …)."""
        f = self._wide(values)
        for total, part in (
            (self.m, masks),
            (self.mm, masks**2),
            (self.fm, f * masks),
            (self.ffm, f**2 * masks),
            (self.fmm, f * masks**2),
            (self.ffmm, (f * masks) ** 2),
            (self.f, values),
            (self.ff, values**2),
            (self.count, values * 0 + 1),
        ):
            total.index_add_(0, rows, part)

    def mean(self) -> Tensor:
        """The map (N, …) so far: mean of (f − f̄)·M / p."""
        return (self._share(self.fm) - self._centre() * self._share(self.m)) / self.options.visible

    def standard_error(self) -> Tensor:
        """Standard error (N, …) of that mean.

        Centred, the mean is a covariance, Σ (f − f̄)·M = Σ (f − f̄)·(M − M̄), and scatters as these
        products do: less than if f̄ were known and M̄ not taken off.
        """
        c, mean = self._centre(), self.mean() * self.options.visible
        square = self._share(self.ffmm - 2 * c * self.fmm + c**2 * self.mm)
        if self.options.centred:
            m = self._share(self.m)
            cross = self._share(self.ffm - 2 * c * self.fm + c**2 * self.m)
            spread = self._share(self._wide(self.ff)) - c**2
            square = square - 2 * m * cross + m**2 * spread
        variance = (square - mean**2).clamp(min=0) / (self._many() - 1).clamp(min=1)
        return variance.sqrt() / self.options.visible

    def found(self) -> tuple[Tensor, Tensor]:
        """The map and its standard error."""
        return self.mean(), self.standard_error()

    def _centre(self) -> Tensor | float:
        return self._share(self._wide(self.f)) if self.options.centred else 0.0

    def _share(self, total: Tensor) -> Tensor:
        return total / self._many()

    def _many(self) -> Tensor:
        return self._wide(self.count.clamp(min=1))

    def _wide(self, values: Tensor) -> Tensor:
        return values.view(-1, *[1] * (self.m.ndim - 1))


def random_mask(
    space: Sequence[int], cells: int, visible: float, generator: torch.Generator
) -> Tensor:
    """A smooth random mask: a coarse random grid, enlarged, at a random offset.

    Parameters
    ----------
    space : sequence of int
        (H, W) or (L,) of the inputs.
    cells : int
        Side of the grid.
    visible : float
        The chance of a cell of the grid to be 1.
    generator : torch.Generator

    Returns
    -------
    Tensor, float32, shape of space
        0 to 1, the visible share of each place.

    Examples
    --------
    >>> import torch
    >>> random_mask((6, 6), 3, 0.5, torch.Generator().manual_seed(0)).shape
    torch.Size([6, 6])
    """
    import torch
    import torch.nn.functional as F

    sizes = [-(-size // cells) for size in space]
    grid = (torch.rand(1, 1, *[cells + 1] * len(space), generator=generator) < visible).float()
    enlarged = [(cells + 1) * size for size in sizes]
    mode = "bilinear" if len(space) == 2 else "linear"
    mask = F.interpolate(grid, enlarged, mode=mode, align_corners=False)[0, 0]
    for dimension, (cell, size) in enumerate(zip(sizes, space, strict=True)):
        offset = int(torch.randint(0, cell, (1,), generator=generator))
        mask = mask.narrow(dimension, offset, size)
    return mask
