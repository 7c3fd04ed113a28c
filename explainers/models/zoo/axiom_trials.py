"""Networks, inputs and baselines on which every axiom is tried: those worked out by hand."""

from __future__ import annotations

from explainers.checks.axioms import Point, Trial
from explainers.models.zoo.worked_examples import PAIRS, WORKED_EXAMPLES


def _trial(*keys: str, x: Point = (), baseline: Point = (), which: int = 0) -> Trial:
    """A trial with these worked examples, at the first one's start and baseline unless given."""
    networks = tuple(WORKED_EXAMPLES[key] for key in keys)
    first = networks[0]
    return Trial(networks, tuple(x or first.start), tuple(baseline or first.baseline), which)


AXIOM_TRIALS: dict[str, tuple[Trial, ...]] = {
    "completeness": tuple(map(_trial, ("minimum", "saturation", "threshold", "product"))),
    "sensitivity": (
        _trial("saturation", x=(2.0, 0.0)),
        _trial("threshold", x=(20.0,)),
        _trial("minimum", x=(1.0, 2.0), baseline=(0.0, 2.0)),
    ),
    "dummy": (
        _trial("ignored", x=(2.0, 1.0), which=1),
        _trial("ignored", x=(1.0, 3.0), baseline=(2.0, 0.5), which=1),
    ),
    "invariance": (
        *(_trial(pair.one, pair.other) for pair in PAIRS.values()),
        _trial("late_step", "early_step", x=(3.0, 0.5), baseline=(0.0, 2.0)),
    ),
    "linearity": (
        _trial("product", "saturation", x=(0.5, 1.2)),
        _trial("late_step", "product", x=(3.0, 1.0)),
    ),
}
"""The trials of each axiom, by its key in `explainers.checks.axioms.AXIOMS`."""
