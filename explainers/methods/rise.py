"""RISE: the answer on many randomly masked copies, averaged where each pixel was visible.

Petsiuk, Das & Saenko 2018 (arXiv:1806.07421).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.evaluation import blended

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `rise`."""

    samples: int = option(1000, low=10, high=100000)
    cells: int = option(8, low=2, high=64)
    visible: float = option(0.5, low=0.05, high=0.95)
    centred: bool = option(True)
    seed: int = option(0, low=0, high=2**31 - 1)


@method(
    key="rise",
    order=80,
    source="Petsiuk, Das & Saenko 2018, arXiv:1806.07421",
    answers="visibility",
    estimate=lambda options, layout: options.samples,
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

    f̄ is the mean over the masks, or 0 when not centred. All inputs meet the same masks.

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

    from explainers.perturbation.sampling import shared_batches

    inputs, baseline = context.inputs, context.baseline
    if inputs.ndim not in (3, 4):
        raise Problem("RISE masks pictures or sequences: inputs (N, channels, …).")
    generator = torch.Generator().manual_seed(options.seed)
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    sums = MaskedSums(inputs, dtype, options)

    def draw() -> Tensor:
        mask = random_mask(inputs.shape[2:], options.cells, options.visible, generator)
        return mask.to(device=inputs.device, dtype=dtype)

    def over_channels(maps: Tensor) -> Tensor:
        return (maps / inputs.shape[1]).unsqueeze(1).expand_as(inputs).clone()

    context.expect(len(inputs) * options.samples)
    context.show(lambda: over_channels(sums.mean()))
    for rows, masks in shared_batches(context, len(inputs), options.samples, draw):
        rows = rows.to(inputs.device)
        cover = masks.unsqueeze(1).to(inputs.dtype)
        points = blended(inputs[rows], baseline[rows], cover)
        sums.add(rows, context.values(points, rows).to(dtype), masks)
    return MethodResult(over_channels(sums.mean()), spread=over_channels(sums.standard_error()))


class MaskedSums:
    """What is summed over the masks M, for each input: M, M², f, f·M, f·M², f²·M²."""

    def __init__(self, inputs: Tensor, dtype: torch.dtype, options: Options) -> None:
        import torch

        self.options = options
        shape = (len(inputs), *inputs.shape[2:])
        self.m, self.mm, self.fm, self.fmm, self.ffmm = (
            torch.zeros(shape, dtype=dtype, device=inputs.device) for _ in range(5)
        )
        self.f, self.count = (self.m.flatten(1)[:, 0].clone() for _ in range(2))

    def add(self, rows: Tensor, values: Tensor, masks: Tensor) -> None:
        """Book values (n,) of the inputs `rows` under masks (n, …)."""
        f = self._wide(values)
        for total, part in (
            (self.m, masks),
            (self.mm, masks**2),
            (self.fm, f * masks),
            (self.fmm, f * masks**2),
            (self.ffmm, (f * masks) ** 2),
            (self.f, values),
            (self.count, values * 0 + 1),
        ):
            total.index_add_(0, rows, part)

    def mean(self) -> Tensor:
        """The map (N, …) so far: mean of (f − f̄)·M / p."""
        return (self._share(self.fm) - self._centre() * self._share(self.m)) / self.options.visible

    def standard_error(self) -> Tensor:
        """Standard error (N, …) of that mean, f̄ taken as known."""
        centre, mean = self._centre(), self.mean() * self.options.visible
        square = self._share(self.ffmm - 2 * centre * self.fmm + centre**2 * self.mm)
        return ((square - mean**2).clamp(min=0) / self._many()).sqrt() / self.options.visible

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
