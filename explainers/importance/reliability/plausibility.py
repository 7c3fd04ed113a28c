"""Does the network make physical sense: its slopes against the signs and ranges that are expected.

Every row is looked at. An input that must not matter is also given the values of other rows, since
a network may jump where it has no slope.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.reading.expectations import (
    Expectation,
    check_names,
    read_expectations,
)

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.attribution import TargetLike
    from explainers.eval_mode import Model
    from explainers.importance.data import DatasetContext
    from explainers.importance.features import GroupsLike

NEGLIGIBLE = 1e-6
"""A slope is 0 whose feature moves the output by less than this share of the output's deviation."""
ROUGHLY = 1e-4
"""The same for slopes by differences."""
PARTNERS = 5
"""How many other rows lend an input that must not matter their values."""


@dataclass(frozen=True)
class Check:
    """One expectation held against all rows.

    Attributes
    ----------
    expectation : Expectation
    output : int or None
        Which output it was held against; None for the only one, or a function of them.
    slopes : Tensor, float64, shape (N,)
        ∂f/∂x; of a feature of several values that of moving all of them by one.
    rows : Tensor, int64
        The numbers from 0 of the rows that violate it, the worst first.
    share : float
        Of all rows.
    flat : float
        The share of rows where the slope is 0.
    sentence : str
        For people.
    """

    expectation: Expectation
    output: int | None
    slopes: Tensor
    rows: Tensor
    share: float
    flat: float
    sentence: str

    @property
    def holds(self) -> bool:
        """Whether no row violates it."""
        return not len(self.rows)


@dataclass(frozen=True)
class Plausibility:
    """All checks in the order of the expectations.

    Attributes
    ----------
    checks : tuple of Check
    names : tuple of str
        Of the features.
    notes : tuple of str
        On the network and how its slopes were found.
    """

    checks: tuple[Check, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def violations(self) -> tuple[Check, ...]:
        """Those that do not hold, by the share of rows."""
        found = (check for check in self.checks if not check.holds)
        return tuple(sorted(found, key=lambda check: -check.share))


def plausibility(
    model: Model,
    inputs: Any,
    expected: Any,
    names: Sequence[str] | None = None,
    output: TargetLike = None,
    groups: GroupsLike | None = None,
    seed: int = 0,
    **how: Any,
) -> Plausibility:
    """Whether a network's slopes have the expected signs and sizes, row by row.

    Parameters
    ----------
    model, inputs, names, output, groups, seed
        As of `explain_dataset`.
    expected : mapping, sequence of mappings, data frame, or str
        Input → "+", "-", "0" (must not depend), or bounds (low, high) of the slope; see
        `read_expectations`. A CSV's text has the columns input, sign, low, high, output.
    **how
        `kind`, `score`, `device`, `precision`, `batch_size`, `progress` of `explain_dataset`.

    Returns
    -------
    Plausibility

    Raises
    ------
    Problem
        For inputs that do not exist, and whatever `explain_dataset` refuses.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[-1.0, 2.0], [3.0, 1.0], [2.0, 0.0]])
    >>> found = plausibility(lambda x: x[:, 0]**2 + 0*x[:, 1], x, {"x0": "+", "x1": "0"})
    >>> found.checks[0].rows.tolist(), found.checks[1].holds
    ([0], True)
    >>> found.checks[0].sentence
    'x0 should raise the output: it does not in 1 of 3 rows (33.3 %), most in row 0 (slope -2).'
    """
    from explainers.importance.opening import open_dataset

    expectations = read_expectations(expected)
    with open_dataset(model, inputs, None, names, output, groups, seed, **how) as (context, _):
        check_names(expectations, context.names)
        contexts: dict[int | None, DatasetContext] = {None: context}
        checks = []
        for one in expectations:
            if one.output not in contexts:
                contexts[one.output] = _about(context, one.output)
            checks.append(_checked(contexts[one.output], one))
        notes = (*context.sentences, *context.passes.notes)
        notes += tuple(context.passes.behaviour.notes(1, seed))
    return Plausibility(tuple(checks), context.names, tuple(dict.fromkeys(notes)))


def _about(context: DatasetContext, output: int | None) -> DatasetContext:
    """The same rows, with another output explained."""
    from explainers.importance.reading.question import target_of

    return dataclasses.replace(context, target=target_of(output, context.outputs))


def _checked(context: DatasetContext, one: Expectation) -> Check:
    import torch

    index = context.names.index(one.name)
    mask = context.features.mask(index).cpu()
    within = context.input_slopes[:, mask]
    slopes, sizes = within.sum(1), within.abs().sum(1)
    scale, spread = float(context.scale[index]), float(context.values.std(unbiased=False))
    near = (NEGLIGIBLE if context.has_gradient else ROUGHLY) * spread / (scale or 1.0)
    off = torch.zeros_like(slopes)
    if one.sign == "+":
        off = (-slopes).clamp(min=0)
    elif one.sign == "-":
        off = slopes.clamp(min=0)
    elif one.sign == "0":
        off = torch.maximum(sizes, _moved(context, index) / (scale or 1.0))
    off = torch.maximum(off, torch.maximum(one.low - slopes, slopes - one.high).clamp(min=0))
    wrong = off > near
    order = off.argsort(descending=True, stable=True)
    rows = order[wrong[order]]
    flat = float((sizes <= near).double().mean())
    worst = int(rows[0]) if len(rows) else 0
    what = "the output" if one.output is None else f"output {one.output}"
    sentence = one.verdict(
        context.rows, len(rows), flat, f"row {worst}", float(slopes[worst]), what
    )
    return Check(one, one.output, slopes, rows, len(rows) / context.rows, flat, sentence)


def _moved(context: DatasetContext, index: int) -> Tensor:
    """How far each row's output moves at most (N,) as it gets other rows' values of a feature."""
    import torch

    from explainers.importance.perturbation.permutation import other_rows

    generator = context.generator("plausibility")
    partners = other_rows(context.rows, min(PARTNERS, context.rows - 1), generator)
    inputs = context.inputs.detach()
    most = torch.zeros(context.rows, dtype=torch.float64)

    def make(number: int) -> Tensor:
        return context.with_feature(inputs, index, inputs[partners[number].to(inputs.device)])

    for _, values in context.each(len(partners), make, context.evaluate):
        most = torch.maximum(most, (values - context.values).abs())
    # In a batch of another size the last digits may differ.
    rounding = 16 * torch.finfo(context.outputs.dtype).eps * float(context.values.abs().max())
    return torch.where(most > rounding, most, torch.zeros_like(most))
