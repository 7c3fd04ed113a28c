"""What must be known before the numbers are read: of the data, of the network, of the methods."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from explainers.kinds.features import correlated_groups, data_warnings

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate
    from explainers.importance.registry import ImportanceMethod

FEW_ROWS = 30
_FAR_ROWS, _FAR_SHARE = 500, 0.2
_AGREE = 0.5


def warnings_before(context: DatasetContext) -> Iterator[str]:
    """Sentences on the rows: too few, constant, of unequal scales, correlated.

    Parameters
    ----------
    context : DatasetContext
    """
    rows, columns = context.rows, context.layout.columns
    if rows < FEW_ROWS:
        yield (
            f"{rows} rows say little about a data set, and the intervals are rough: give at "
            f"least {FEW_ROWS}."
        )
    if context.layout.kind == "table":
        if rows < columns:
            yield (
                f"{rows} rows are fewer than the {columns} columns: which of them matters can "
                "hardly be told. Give more rows."
            )
        yield from _of_columns(context)
    if context.labels is not None and context.labels.note:
        yield context.labels.note


def _of_columns(context: DatasetContext) -> Iterator[str]:
    """Sentences on columns; of correlated ones that are no feature together, how to group them."""
    values, features = context.inputs.detach().double().cpu().numpy(), context.features
    # A scaler in front of the network, as `models.Prepared` has it.
    scale: Any = getattr(context.model, "std", None)
    divided = scale.double().cpu().numpy().ravel() if hasattr(scale, "detach") else None
    yield from data_warnings(values, context.column_names, features.columns, divided)
    own = features.names if not features.groups else range(context.layout.columns)
    place = {column: index for index, part in enumerate(features.columns) for column in part}
    chained = correlated_groups(values, list(map(str, range(context.layout.columns))))
    numbers = [[int(column) for column in group] for group in chained]
    apart = [group for group in numbers if len({place[column] for column in group}) > 1]
    if apart:
        shown = json.dumps([[own[column] for column in g] for g in apart[:3]], ensure_ascii=False)
        more = f" and {len(apart) - 3} more groups" if len(apart) > 3 else ""
        yield f"To count correlated columns as one feature each, ask with groups={shown}{more}."


def warnings_of(
    context: DatasetContext, found: Sequence[tuple[ImportanceMethod, Estimate]]
) -> Iterator[str]:
    """Sentences on what the methods found together, and on what misleads some of them.

    Parameters
    ----------
    context : DatasetContext
    found : sequence of (ImportanceMethod, Estimate)
    """
    families = {entry.family for entry, _ in found}
    if "weights" in families:
        yield from _units(context)
    if any(entry.key == "permutation" for entry, _ in found):
        yield from _far(context)
    yield from _signed(context, found)
    yield from _suppressors(context)
    if any(not estimate.replicates for _, estimate in found):
        names = ", ".join(entry.name for entry, estimate in found if not estimate.replicates)
        yield f"{names}: computed from one network without any draw, so there is no interval."
    without = [entry.name for entry, _ in found if entry.control == "none"]
    if without:
        yield (
            f"{', '.join(without)}: there is no null control, because the network is not asked; an "
            "input without a way to the output has no weights to compare."
        )


def _units(context: DatasetContext) -> Iterator[str]:
    from explainers.importance.reliability.units import hidden_units

    units = hidden_units(context)
    kinds = ((units.saturated, "saturated"), (units.dead, "dead (the same on every row)"))
    for count, what in kinds:
        if count:
            are, them, they = ("is", "it", "it") if count == 1 else ("are", "them", "they")
            yield (
                f"{count} of {units.total} hidden units {are} {what}: methods of weights count "
                f"{them} as if {they} answered. Believe slopes and permutation rather."
            )


def _far(context: DatasetContext) -> Iterator[str]:
    """Features whose permuted rows lie where no rows are."""
    if context.layout.kind != "table" or context.rows < FEW_ROWS:
        return
    import torch

    generator = context.generator("far points")
    chosen = torch.randperm(context.rows, generator=generator)[:_FAR_ROWS]
    rows = context.inputs.detach()[chosen.to(context.inputs.device)]
    rows = rows.to(torch.promote_types(rows.dtype, torch.float32))
    size = context.deviation.to(rows)
    even = rows / torch.where(size > 0, size, torch.ones_like(size))
    apart = torch.cdist(even, even).fill_diagonal_(float("inf"))
    usual = torch.quantile(apart.amin(1), 0.99)
    named = []
    for index in range(len(context.features)):
        other = context.with_feature(even, index, even.roll(1, 0))
        distance = torch.cdist(other, even)
        # A moved row is compared with others, as rows were: its own place does not count.
        distance.fill_diagonal_(float("inf"))
        if float((distance.amin(1) > usual).double().mean()) > _FAR_SHARE:
            named.append(context.names[index])
    if named:
        yield (
            f"Permutation asks about rows unlike any in the data where it moves {_listed(named)}: "
            "more than one in five lie farther from all rows than rows do from each other. There "
            "the network's answer is not tested; group the features that belong together (groups=)."
        )


def _signed(
    context: DatasetContext, found: Sequence[tuple[ImportanceMethod, Estimate]]
) -> Iterator[str]:
    """Signed weights against methods without sign, where they rank the features otherwise."""
    signed = next((pair for pair in found if pair[0].signed), None)
    unsigned = [pair for pair in found if pair[0].family == "gradients" and not pair[0].signed]
    if signed is None or not unsigned or len(context.features) < 3:
        return
    entry, estimate = signed
    for other, its in unsigned:
        agreement = _spearman(estimate.values.abs(), its.values.abs())
        if agreement < _AGREE:
            yield (
                f"{entry.name} (signed) and {other.name} (without sign) rank the features "
                f"differently (Spearman's rho {agreement:.2f}): signed numbers cancel where an "
                "input acts both ways, and weights overlook what saturates. An input that is "
                "uncorrelated with the labels may still matter (a suppressor)."
            )
            return


def _suppressors(context: DatasetContext) -> Iterator[str]:
    """Features that hardly correlate with the labels, and move the output one way all the same."""
    labels, rows = context.labels, context.rows
    if labels is None or labels.classes or labels.whole or rows < FEW_ROWS:
        return
    if context.layout.kind != "table" or not context.has_gradient:
        return
    import torch

    y = labels.values - labels.values.mean()
    named = []
    for index in range(len(context.features)):
        if int(context.features.mask(index).sum()) != 1:
            continue
        mask = context.features.mask(index)
        x = context.inputs[:, mask][:, 0].to("cpu", torch.float64)
        x = x - x.mean()
        size = x.norm() * y.norm()
        r = float((x @ y) / size) if size > 0 else 1.0
        slopes = context.input_slopes[:, mask.cpu()][:, 0]
        whole = float(context.values.std())
        strong = whole > 0 and float(slopes.mean().abs()) * float(x.std()) > 0.3 * whole
        one_way = float(slopes.mean().abs()) > 0.7 * float(slopes.square().mean().sqrt())
        if abs(r) < 2 / rows**0.5 and strong and one_way:
            named.append(f"{context.names[index]} (r = {r:+.2f})")
    if named:
        yield (
            f"Hardly correlated with the labels, and moving the output all the same: "
            f"{_listed(named)}. Such a suppressor corrects for what other features bring along; "
            "alone it predicts nothing."
        )


def _spearman(a: Tensor, b: Tensor) -> float:
    import torch

    pair = torch.stack([x.argsort().argsort().double() for x in (a, b)])
    return float(torch.corrcoef(pair)[0, 1])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
