"""What is said first of a network that was trained on standardised columns and gets them raw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from explainers.errors import Problem
from explainers.importance.reliability.quality import is_bad, mostly_right, standardised_error
from explainers.importance.reliability.scale_doubt import doubt_of, is_standard
from explainers.kinds.scaling import scale_of

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext

ROWS, FEWEST, EVALUATIONS = 100, 20, 2000
"""Rows that are tried: fewer of many columns, since what comes first must come soon."""
_GIVE = "Give them so, or a network with the standardisation inside"
_UNSEEN = "are of rows that it never saw the like of"


def wrong_scale(context: DatasetContext, found: dict[str, float]) -> list[str]:
    """A sentence where the columns have to be standardised first, as it seems; [] elsewhere.

    With labels the error tells: that on the columns as they are, and once they are standardised.
    Where it tells nothing, `scale_doubt` does.

    Parameters
    ----------
    context : DatasetContext
    found : dict
        Its `quality`.
    """
    if context.layout.kind != "table" or mostly_right(found):
        return []
    few = min(ROWS, max(FEWEST, EVALUATIONS // context.layout.columns), context.rows)
    spread = np.linspace(0, context.rows - 1, few).round().astype(int)
    rows = context.inputs.detach()[torch.from_numpy(spread).to(context.inputs.device)]
    values = (
        rows.cpu().to(torch.promote_types(rows.dtype, torch.float32)).numpy().astype(np.float64)
    )
    if is_standard(values):
        return []
    try:
        even = standardised_error(context) if found else None
        if even is not None and even < 0.5 * found["error"] and even < found["constant_error"]:
            return [
                f"The network's error on the columns as they are is {found['error']:.3g}, and "
                f"{even:.3g} once they are standardised: it was trained on standardised columns. "
                f"{_GIVE}; the numbers below {_UNSEEN}."
            ]
        return [] if found and not is_bad(found) else _doubt(context, values)
    except Problem:
        return []  # it cannot be asked about standardised columns


def _doubt(context: DatasetContext, values: np.ndarray) -> list[str]:
    """What the answers to some rows (n, F) alone make one suspect."""

    def answers(rows: np.ndarray) -> Tensor:
        return context.passes.outputs(torch.from_numpy(rows).to(context.inputs))

    classes = context.labels is not None and context.labels.classes
    doubt = doubt_of(answers, values, *scale_of(values), classes)
    if doubt.same_class:
        why = (
            "The network is sure of one and the same class for nearly every row as the columns "
            "are, and gives them different classes once the columns are standardised"
        )
    elif doubt.column >= 0:
        name = context.column_names[doubt.column]
        why = (
            f'"{name}" alone carries {100 * doubt.share:.3g} % of what moves the network\'s '
            "answers, and its numbers vary most; once all columns are standardised, no column does"
        )
    else:
        return []
    return [
        f"{why}. It looks as if the network was trained on standardised columns. {_GIVE}, if it "
        f"was: then the numbers below {_UNSEEN}."
    ]
