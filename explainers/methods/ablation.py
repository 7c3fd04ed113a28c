"""Ablation: replace one group of values after the other and see how the answer changes.

Meyes et al. 2019 (arXiv:1901.08644).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.evaluation import losses
from explainers.perturbation.regions import BY, Groups, group_labels, in_one_group

if TYPE_CHECKING:
    from explainers.context import Context
    from explainers.kinds.layout import InputLayout


@dataclass(frozen=True)
class Options:
    """Options of `ablation`."""

    by: str = option("auto", choices=BY)
    width: int | None = option(None, low=1, kind=int)
    groups: tuple[tuple[int, ...], ...] | None = option(None, low=0, kind=int, widget=False)


def _labels(options: Options, layout: InputLayout) -> np.ndarray:
    by = layout.units if options.by == "auto" else options.by
    return group_labels(layout.shape, by, options.width, options.groups)


def _largest(labels: np.ndarray) -> float:
    """The largest group's share."""
    return float(np.unique(labels, return_counts=True)[1].max() / labels.size)


@method(
    key="ablation",
    order=32,
    source="Meyes et al. 2019, arXiv:1901.08644",
    answers="contribution",
    estimate=lambda options, layout: int(_labels(options, layout).max()) + 1,
    changes=lambda options, layout: _largest(_labels(options, layout)),
    options=Options,
    trial=lambda layout: in_one_group(layout.shape),
    fit_to_data=lambda options, data: (
        {"by": "variable"} | options if data.layout.kind == "series" else options
    ),
    needs_gradient=False,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """f(x) − f(x with the group replaced by the baseline), shared equally among the group's values.

    Shared, so that scores can be added up: over a group they give its effect, over the channels
    of a picture the map. Other tools give every value its group's whole effect.

    Parameters
    ----------
    context : Context
        Inputs of any shape (N, …) that can be grouped, see `group_labels`.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …). On a linear function c·x: cᵢ(xᵢ − x′ᵢ) of single values, and of groups the
        mean of that over the group.

    References
    ----------
    Meyes et al. 2019, arXiv:1901.08644.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: 3 * x[:, 0] + x[:, 1], x, "ablation").scores
    tensor([[3., 2.]])
    >>> explain(lambda x: 3 * x[:, 0] + x[:, 1], x, "ablation", groups=((0, 1),)).scores
    tensor([[2.5000, 2.5000]])
    """
    groups = Groups.of(_labels(options, context.layout), context.inputs.device)
    return MethodResult(groups.shared(losses(context, len(groups), groups.masks, groups.shared)))
