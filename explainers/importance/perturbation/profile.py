"""Lek's profile: one feature runs over its range while the others are held together.

Lek et al. 1996, Ecological Modelling 90; Gevrey, Dimopoulos & Lek 2003, Ecological Modelling 160.
Held at k-means centres: Beck 2018, NeuralNetTools, Journal of Statistical Software 85. Held at the
rows themselves: partial dependence (Friedman 2001) and individual curves (Goldstein et al. 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
_DRAWS = 100
_MOST_CURVES = 50
_FAR = 3.0


@dataclass(frozen=True)
class Options:
    """Options of `profile`."""

    points: int = option(12, low=2, high=500)
    hold: str = option("quantiles", choices=("quantiles", "centres", "rows"))
    centres: int = option(5, low=1, high=50)


@importance_method(
    key="profile",
    family="perturbation",
    order=14,
    source="Lek et al. 1996, Ecological Modelling 90",
    options=Options,
    estimate=lambda options, rows, features: features * options.points * (5 + _DRAWS),
    unit="range of the output",
    random=True,
    answers_linear=lambda slopes, rows: slopes.abs() * (rows.amax(0) - rows.amin(0)).double(),
    trial={"points": 3},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """The range of the output as one feature runs from its least to its largest value.

    The others are held together at their 0, ¼, ½, ¾ and 1 quantiles, and the median's curve is
    measured; or at k-means centres of the rows; or at rows themselves: their mean is the partial
    dependence. A feature of several values runs with all of them at the same share of their ranges.

    Parameters
    ----------
    context : DatasetContext
        F · points evaluations a curve, and for the median's interval 100 draws of rows more.
    options : Options
        `points` of a curve; a column of fewer values than that takes only these.

    Returns
    -------
    Estimate
        On c·x: |cᵢ| times the range. `details`: `grid` (F, points), values of the feature, or
        shares of the range where it has several; `curves` (F, held, points); `median` (F, points),
        the curve that is measured; `held` (held, …), `quantiles`; `far` (held,): how far each held
        point is from the nearest row, in units of the usual distance between rows.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, section 2.3.3.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.tensor([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
    >>> explain_dataset(lambda x: x[:, 0] - 3 * x[:, 1], x, methods="profile").values.tolist()
    [[2.0, 6.0]]
    """
    import torch

    from explainers.importance.estimate import Estimate

    inputs = context.inputs.detach()
    grids = [_grid(context, index, options.points) for index in range(len(context.features))]
    held = _held(context, options)
    curves = _curves(context, held, grids)
    centre = curves.mean(1)
    replicates: dict[str, Tensor] = {}
    if options.hold == "quantiles":
        centre = curves[:, QUANTILES.index(0.5)]
        generator = context.generator("profile/rows")
        rows = torch.randint(context.rows, (_DRAWS, context.rows), generator=generator)
        drawn = _curves(context, medians_of_draws(inputs, rows), grids)
        replicates = {"sample": _range(drawn).T}
    elif options.hold == "rows" and len(held) > 1:
        replicates = {
            "sample": _range(context.resampling.of(len(held)).means(curves.transpose(0, 1)))
        }
    far = _distance(inputs, held)
    details: dict[str, Any] = {
        "grid": torch.stack([_shown(context, i, grid) for i, grid in enumerate(grids)]),
        "curves": curves,
        "median": centre,
        "held": held.to("cpu", torch.float64),
        "far": far,
    }
    notes = []
    if options.hold == "quantiles":
        details["quantiles"] = torch.tensor(QUANTILES, dtype=torch.float64)
        corners = [f"{q:g}" for q, f in zip(QUANTILES, far.tolist(), strict=True) if f > _FAR]
        if corners:
            notes.append(
                f"The profile holds all features together at the quantiles {', '.join(corners)}: "
                f"no row is like that (the nearest is up to {float(far.max()):.1f} times farther "
                'than rows are from each other). Hold them at k-means centres: hold="centres".'
            )
    return Estimate(_range(centre), replicates, details, tuple(notes))


def _grid(context: DatasetContext, index: int, points: int) -> Tensor:
    """The values (points, …) that a feature's runs through, of the shape of an input."""
    import torch

    inputs, mask = context.inputs.detach(), context.features.mask(index)
    if int(mask.sum()) == 1:
        own = inputs[:, mask][:, 0].unique()
        if len(own) < points:
            places = torch.linspace(0, len(own) - 1, points).round().long()
            return (
                own[places.to(own.device)]
                .view(-1, *[1] * (inputs.ndim - 1))
                .expand(-1, *inputs.shape[1:])
            )
    low, high = inputs.amin(0), inputs.amax(0)
    if context.layout.kind == "series":
        low, high = low.amin(0).expand_as(low), high.amax(0).expand_as(high)
    share = torch.linspace(0, 1, points, dtype=inputs.dtype, device=inputs.device)
    share = share.view(-1, *[1] * (inputs.ndim - 1))
    return low + share * (high - low)


def _shown(context: DatasetContext, index: int, grid: Tensor) -> Tensor:
    """A feature's grid as numbers (points,): its values, or shares where it has several."""
    import torch

    mask = context.features.mask(index)
    values = grid[:, mask].to("cpu", torch.float64)
    if context.layout.kind == "series" or values.shape[1] == 1:
        return values[:, 0]
    return torch.linspace(0, 1, len(grid), dtype=torch.float64)


def _held(context: DatasetContext, options: Options) -> Tensor:
    """Where the others are held: (held, …)."""
    import torch

    inputs, generator = context.inputs.detach(), context.generator("profile")
    if options.hold == "quantiles":
        return _quantiles(inputs, QUANTILES)
    if options.hold == "rows":
        order = torch.randperm(context.rows, generator=generator)[:_MOST_CURVES].sort().values
        return inputs[order.to(inputs.device)]
    return k_means(inputs, min(options.centres, context.rows), generator)


def _quantiles(rows: Tensor, quantiles: tuple[float, ...]) -> Tensor:
    """Of every value over rows (N, …): (quantiles, …), interpolated."""
    import torch

    ordered = rows.sort(0).values
    places = torch.tensor(quantiles, dtype=torch.float64) * (len(rows) - 1)
    below = places.floor().long()
    above = (below + 1).clamp(max=len(rows) - 1)
    share = (places - below).to(rows).view(-1, *[1] * (rows.ndim - 1))
    low, high = ordered[below.to(rows.device)], ordered[above.to(rows.device)]
    return low + share * (high - low)


def medians_of_draws(rows: Tensor, draws: Tensor) -> Tensor:
    """The median of every value over rows (N, …) drawn again (R, N): (R, …); sorted only once.

    Examples
    --------
    >>> import torch
    >>> medians_of_draws(torch.tensor([[7.0], [1.0], [4.0]]), torch.tensor([[0, 0, 1], [2, 1, 1]]))
    tensor([[7.],
            [1.]])
    """
    import torch

    ordered, order = rows.flatten(1).sort(0)
    middle = (draws.shape[1] - 1) / 2
    below, above, found = int(middle), -int(-middle // 1), []
    for draw in draws.to(rows.device):
        reached = draw.bincount(minlength=len(rows))[order].cumsum(0)
        low, high = (
            ordered.gather(0, (reached <= place).sum(0, keepdim=True))[0]
            for place in (below, above)
        )
        found.append(low + (middle - below) * (high - low))
    return torch.stack(found).view(-1, *rows.shape[1:])


def k_means(rows: Tensor, count: int, generator: object, steps: int = 50) -> Tensor:
    """Centres (count, …) of rows (N, …), by Lloyd's algorithm on standardised values.

    Examples
    --------
    >>> import torch
    >>> rows = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    >>> k_means(rows, 2, torch.Generator()).sort(0).values
    tensor([[ 0.5000],
            [10.5000]])
    """
    import torch

    assert isinstance(generator, torch.Generator)
    flat = rows.flatten(1).to("cpu", torch.float64)
    size = flat.std(0, unbiased=False)
    scaled = (flat - flat.mean(0)) / torch.where(size > 0, size, torch.ones_like(size))
    chosen = [int(torch.randint(len(flat), (1,), generator=generator))]
    nearest = (scaled - scaled[chosen[0]]).square().sum(1)
    while len(chosen) < count and bool(nearest.max() > 0):
        chosen.append(int(torch.multinomial(nearest, 1, generator=generator)))
        nearest = torch.minimum(nearest, (scaled - scaled[chosen[-1]]).square().sum(1))
    centres = scaled[chosen]
    for _ in range(steps):
        belongs = torch.cdist(scaled, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add_(0, belongs, scaled)
        counts = belongs.bincount(minlength=len(centres)).clamp(min=1).unsqueeze(1)
        moved = sums / counts
        if torch.equal(moved, centres):
            break
        centres = moved
    belongs = torch.cdist(scaled, centres).argmin(1)
    sums = torch.zeros_like(centres).index_add_(0, belongs, flat)
    counts = belongs.bincount(minlength=len(centres)).clamp(min=1).unsqueeze(1)
    return (sums / counts).view(-1, *rows.shape[1:]).to(rows)


def _curves(context: DatasetContext, held: Tensor, grids: list[Tensor]) -> Tensor:
    """The output (F, held, points) as each feature runs over its grid."""
    import torch

    count, points = len(held), len(grids[0])

    def make(index: int) -> Tensor:
        at = held.unsqueeze(1).expand(-1, points, *held.shape[1:]).flatten(0, 1)
        along = grids[index].unsqueeze(0).expand(count, *grids[index].shape).flatten(0, 1)
        return context.with_feature(at, index, along)

    curves = [values for _, values in context.each(len(grids), make, context.evaluate)]
    return torch.stack(curves).view(len(grids), count, points)


def _range(curves: Tensor) -> Tensor:
    return curves.amax(-1) - curves.amin(-1)


def _distance(rows: Tensor, held: Tensor) -> Tensor:
    """From each held point to its nearest row, over the rows' usual distance to theirs: (held,)."""
    import torch

    flat = rows.flatten(1).to("cpu", torch.float64)
    size = flat.std(0, unbiased=False)
    size = torch.where(size > 0, size, torch.ones_like(size))
    some = flat[:: max(1, len(flat) // 500)] / size
    apart = torch.cdist(some, some)
    apart.fill_diagonal_(float("inf"))
    usual = apart.amin(1).median()
    nearest = torch.cdist(held.flatten(1).to("cpu", torch.float64) / size, flat / size).amin(1)
    return nearest / usual if usual > 0 else torch.zeros_like(nearest)
