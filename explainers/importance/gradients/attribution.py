"""The mean size of an attribution: any method that explains one row, over all rows.

Lundberg & Lee 2017, arXiv:1705.07874, for Shapley values; the same mean for every other method.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.baselines import BASELINES
from explainers.importance.registry import importance_method, option
from explainers.methods import METHODS

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

FIRST_STEP = (
    "In a recurrent network the first step meets the initial state, so what is attributed to it "
    "mixes with that."
)


MOST_ROWS, _VALUES = 5000, 2**22
"""Of more rows so many are attributed, drawn at random: fewer where one row has many values."""
ALLOWED_GAP = 0.05
"""Of all that contributions should add up to: more missing is said."""


@dataclass(frozen=True)
class Options:
    """Options of `attribution`; `method` is a key of METHODS, `baseline` one of BASELINES."""

    method: str | None = option(None, choices=METHODS)
    baseline: str | None = option(None, choices=BASELINES)


@importance_method(
    key="attribution",
    family="gradients",
    order=50,
    source="Lundberg & Lee 2017, arXiv:1705.07874",
    options=Options,
    estimate=lambda options, rows, features: 20 * min(rows, MOST_ROWS),
    unit="mean size of the attribution",
    answers_linear=lambda slopes, rows: (
        (slopes * (rows.double() - rows.double().mean(0))).abs().mean(0)
    ),
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """The mean over rows of |Σ scores of a feature's values|.

    Parameters
    ----------
    context : DatasetContext
    options : Options
        `method`: by default Integrated Gradients, and ablation for models without gradients;
        `baseline`: by default that of the kind of input, for tables the mean of the rows.

    Returns
    -------
    Estimate
        `details`: `mean` (F,), the mean with its sign; `method` and `baseline`.

    References
    ----------
    Lundberg & Lee 2017, arXiv:1705.07874.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    >>> explain_dataset(lambda x: 3 * x[:, 0] + x[:, 1], x, methods="attribution").values.tolist()
    [[3.0, 0.0]]
    """
    import torch

    from explainers.attribution import Target
    from explainers.importance.estimate import Estimate
    from explainers.importance.lag_profile import is_recurrent, lag_details
    from explainers.kinds import KINDS
    from explainers.options import make_options
    from explainers.references import references_of
    from explainers.runs import averaged, runtime_notes
    from explainers.session import Session

    key = options.method or ("integrated_gradients" if context.has_gradient else "ablation")
    entry = METHODS[key]
    usual = KINDS[context.layout.kind].default_baseline if context.layout.kind else "zeros"
    baseline = options.baseline or usual
    inputs, outputs, target = context.inputs, context.outputs, context.explained
    data, notes = inputs, list[str]()
    most = max(200, min(MOST_ROWS, _VALUES // inputs[0].numel()))
    if context.rows > most:
        order = torch.randperm(context.rows, generator=context.generator("attribution"))
        some = order[:most].sort().values.to(inputs.device)
        inputs, outputs = inputs[some], outputs[some]
        notes.append(f"Attributions are of {most:,} of the {context.rows:,} rows, drawn at random.")
    if target.index is not None:
        target = Target((target.index[0],) * len(inputs), target.rather_than)
    seeds = any(field.name == "seed" for field in dataclasses.fields(entry.options))
    given: dict[str, Any] = {"seed": context.seed} if seeds else {}
    references = references_of(baseline, inputs, data)
    session = Session(context.passes, inputs, references, lambda: outputs, target)
    result, output, baseline_output = averaged(
        session, entry, make_options(entry.options, given, entry.name), context.layout
    )
    scores = result.scores.detach().to("cpu", torch.float64)
    for note in runtime_notes(context.passes, entry, result.scores, 1, context.seed):
        context.note(note)
    if key != "integrated_gradients":  # its note is on single rows; `_incomplete` on all of them
        notes += result.all_notes
    whole = context.features.summed(scores)
    details = {"mean": whole.mean(0), "method": key, "baseline": baseline}
    resampling = context.resampling
    if len(inputs) < context.rows:
        resampling = resampling.of(len(inputs))
    context = dataclasses.replace(context, resampling=resampling)
    details |= lag_details(context, scores.abs())
    if context.layout.kind == "series" and is_recurrent(context):
        notes.append(FIRST_STEP)
    if entry.complete and not context.passes.behaviour.random:
        notes += _incomplete(whole.sum(1), output - baseline_output, entry.name)
    sizes = whole.abs()
    return Estimate(sizes.mean(0), resampling.spread(sizes), details, tuple(notes))


def _incomplete(sums: Tensor, differences: Tensor, method: str) -> list[str]:
    """A sentence where contributions (N,) miss much of what they should add up to (N,)."""
    differences = differences.detach().to(sums)
    missed, whole = float((sums - differences).abs().sum()), float(differences.abs().sum())
    if not (whole > 0 and missed > ALLOWED_GAP * whole):
        return []
    return [
        f"Mean attribution: the contributions of {method} are off by {100 * missed / whole:.3g} % "
        "of what they should add up to on these rows. Do not trust their sizes here; believe "
        "permutation rather, or choose another method."
    ]
