"""Backward elimination: networks trained anew, each time without the feature that hurts least.

Sung 1998; Gevrey, Dimopoulos & Lek 2003.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate


@dataclass(frozen=True)
class Options:
    """Options of `backward_elimination`."""

    seeds: int = option(5, low=2, high=50)
    steps: int = option(300, low=20, high=10_000)
    # An abstract class, which isinstance takes and type checkers do not call a type.
    train: Callable[..., Any] | None = option(None, kind=Callable, widget=False)  # type: ignore[arg-type]


@importance_method(
    key="backward_elimination",
    family="retraining",
    order=91,
    source="Sung 1998; Gevrey, Dimopoulos & Lek 2003",
    options=Options,
    estimate=lambda options, rows, features: (
        options.seeds
        * ((features + 1) * (features + 2) // 2 + 1)
        * (rows if options.train else options.steps * min(256, int(0.6 * rows)))
    ),
    needs=("weights", "labels", "retraining"),
    unit="rank",
    ranks=True,
    random=True,
    trial={"seeds": 2, "steps": 20},
    control="shuffled",
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Ranks by the reverse order in which features are left out, with networks trained anew.

    Networks of the same layers as the explained one are trained on standardised columns, always
    several side by side. A shuffled column takes part as control.

    Parameters
    ----------
    context : DatasetContext
        A network of dense layers, and labels.
    options : Options
        `seeds`: how many times all is repeated, with other starting weights and other rows to learn
        from. `steps` of training. `train`: a function train(inputs (n, f), labels (n,), seed) that
        returns a trained model, for networks of other kinds; the columns are as they are given.

    Returns
    -------
    Estimate
        Ranks, 1 the most important: by the mean rank over the seeds. Details: on rows held out,
        `error` after each step, and `start`, that with all of them; `errors` and `order`, a row
        for each seed; `ranks`, `mean_rank`, and `control_rank`, where the shuffled column came.

    Raises
    ------
    Problem
        Without labels, with fewer than 20 rows, and for networks that cannot be built anew.

    References
    ----------
    Sung 1998, Expert Systems with Applications 15; Gevrey, Dimopoulos & Lek 2003, Ecological
    Modelling 160.
    """
    from explainers.importance.trained.stepwise import stepwise

    return stepwise(context, "backward_elimination", options.seeds, options.steps, options.train)
