"""In-silico mutagenesis: put every other letter at every position of DNA and read the answer.

Zhou & Troyanskaya 2015 (doi:10.1038/nmeth.3547).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.kinds.alphabet import is_dna
from explainers.methods.registry import MethodResult, method, option

if TYPE_CHECKING:
    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `mutagenesis`."""

    start: int = option(0, low=0, high=2**31 - 1)
    stop: int | None = option(None, low=1, high=2**31 - 1, kind=int)


@method(
    key="mutagenesis",
    order=34,
    source="Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547",
    answers="contribution",
    changes=lambda options, layout: 1 / layout.columns,
    estimate=lambda options, layout: 3 * len(range(layout.columns)[options.start : options.stop]),
    options=Options,
    kinds=("sequence",),
    trial={"stop": 1},
    uses_baseline=False,
    needs_gradient=False,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """f(x) − mean of f over the three other letters, at the letter that is there; else 0.

    Parameters
    ----------
    context : Context
        Inputs (N, 4, L), one-hot DNA, rows A, C, G, T; the baseline is not used.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, 4, L). `extra["mutations"]` (N, 4, L): f(x with the letter) − f(x) for all
        letters, 0 for the one there. What is unknown or stands for several letters has no score,
        but mutations to all four. On a linear function Σ c·x: c of the letter there less the mean c
        of the three others.

    Raises
    ------
    Problem
        For inputs that are not DNA, or no position in the range.

    References
    ----------
    Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> guanine = torch.tensor([[[0.0], [0.0], [1.0], [0.0]]])
    >>> answer = explain(lambda x: 6 * x[:, 2, 0] + 3 * x[:, 0, 0], guanine, "mutagenesis")
    >>> answer.scores.flatten(), answer.extra["mutations"].flatten()
    (tensor([0., 0., 5., 0.]), tensor([-3., -6.,  0., -6.]))
    """
    import torch

    inputs = context.inputs
    if not is_dna(inputs):
        raise Problem(
            "Mutagenesis needs one-hot DNA: inputs (N, 4, L) of 0 and 1, rows A, C, G, T, one "
            f"letter at each position; these have shape {tuple(inputs.shape)}."
        )
    chosen = slice(options.start, options.stop)
    if not range(inputs.shape[2])[chosen]:
        raise Problem(
            f"There is no position between {options.start} and {options.stop} in a "
            f"sequence of {inputs.shape[2]} letters."
        )
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    change = torch.zeros_like(inputs, dtype=dtype)
    others = torch.zeros_like(inputs, dtype=torch.bool)
    others[..., chosen] = inputs[..., chosen] != 1
    rows, letters, places = others.nonzero(as_tuple=True)
    context.expect(len(rows) + len(inputs))
    full = context.input_values()

    def scores() -> torch.Tensor:
        return -change.sum(1, keepdim=True) / 3 * (inputs == 1)

    context.show(scores)
    for part in context.batches(len(rows)):
        row, letter, place = rows[part], letters[part], places[part]
        each = torch.arange(len(row), device=inputs.device)
        points = inputs[row]
        points[each, :, place] = 0
        points[each, letter, place] = 1
        change[row, letter, place] = (context.values_near(points, row) - full[row]).to(dtype)
    return MethodResult(scores(), extra={"mutations": change})
