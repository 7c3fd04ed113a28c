"""What an explanation must fulfil, tried on networks set by hand.

Sundararajan, Taly & Yan 2017 (arXiv:1703.01365), sections 2 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explainers.errors import Problem
from explainers.models.zoo.worked_example import Point, network
from explainers.models.zoo.worked_examples import PAIRS, WORKED_EXAMPLES

CLOSE = 1e-3
"""What is nearer than this share of the difference (or of 1, if that is less) counts as equal."""
ERRORS = 3
"""So many standard errors off, a random estimate may still be right."""
YES, ABOUT, NO, CANNOT = "yes", "about", "no", "cannot"
WORST_FIRST = (CANNOT, NO, ABOUT, YES)
MIX = (2.0, 3.0)
"""How much of each network the sum of two networks holds."""

Ask = Callable[[Any, Point, Point], tuple[list[float], list[float]]]
"""(module, x, baseline) → scores and their standard errors."""


@dataclass(frozen=True)
class Trial:
    """One example of an axiom: keys of WORKED_EXAMPLES, an input and what it is compared with.

    which   the input that the axiom is about, by its place.
    """

    networks: tuple[str, ...]
    x: tuple[float, ...]
    baseline: tuple[float, ...]
    which: int = 0


@dataclass(frozen=True)
class Axiom:
    """One axiom: its name, what it asks in a sentence, its examples, and how one is measured.

    measure   (ask, trial) → (got, wanted, standard errors), lists of numbers; wanted None: anything
              but zero.
    """

    key: str
    title: str
    says: str
    trials: tuple[Trial, ...]
    measure: Callable[[Ask, Trial], tuple[list[float], list[float] | None, list[float]]]


def tried(axiom: Axiom, ask: Ask) -> dict[str, Any]:
    """`holds`, the worst of the trials, and `trials`: networks, x, baseline, got, wanted, holds."""
    trials = []
    for trial in axiom.trials:
        kept = {
            "networks": list(trial.networks),
            "x": list(trial.x),
            "which": trial.which,
            "baseline": list(trial.baseline),
        }
        try:
            got, wanted, errors = axiom.measure(ask, trial)
        except Problem as problem:
            trials.append({**kept, "holds": CANNOT, "problem": str(problem)})
            continue
        trials.append({**kept, "got": got, "wanted": wanted, "holds": holds(got, wanted, errors)})
    return {"holds": min((t["holds"] for t in trials), key=WORST_FIRST.index), "trials": trials}


def holds(got: list[float], wanted: list[float] | None, errors: list[float]) -> str:
    """Whether got is what was wanted (None: not zero): YES, ABOUT within its errors, or NO."""
    if wanted is None:
        return YES if all(abs(value) > CLOSE for value in got) else NO
    off = [abs(value - other) for value, other in zip(got, wanted, strict=True)]
    if max(off) <= CLOSE * max(1.0, *map(abs, wanted)):
        return YES
    within = all(o <= ERRORS * e for o, e in zip(off, errors, strict=True))
    return ABOUT if any(errors) and within else NO


def _completeness(ask: Ask, trial: Trial):
    net = WORKED_EXAMPLES[trial.networks[0]]
    scores, errors = ask(net.build(), trial.x, trial.baseline)
    difference = net.value(trial.x) - net.value(trial.baseline)
    return [sum(scores)], [difference], [math.hypot(*errors)]


def _score(ask: Ask, trial: Trial):
    scores, errors = ask(WORKED_EXAMPLES[trial.networks[0]].build(), trial.x, trial.baseline)
    return [scores[trial.which]], None, [errors[trial.which]]


def _nothing(ask: Ask, trial: Trial):
    got, _, errors = _score(ask, trial)
    return got, [0.0], errors


def _invariance(ask: Ask, trial: Trial):
    (one, errors), (other, more) = (
        ask(WORKED_EXAMPLES[key].build(), trial.x, trial.baseline) for key in trial.networks
    )
    return one, other, list(map(math.hypot, errors, more))


def _linearity(ask: Ask, trial: Trial):
    one, other = (WORKED_EXAMPLES[key].build() for key in trial.networks)
    mixed = network(lambda x: MIX[0] * one(x)[:, 0] + MIX[1] * other(x)[:, 0])()
    parts = [ask(net, trial.x, trial.baseline) for net in (one, other)]
    got, errors = ask(mixed, trial.x, trial.baseline)
    wanted = [MIX[0] * a + MIX[1] * b for a, b in zip(parts[0][0], parts[1][0], strict=True)]
    return got, wanted, errors


AXIOMS = {
    axiom.key: axiom
    for axiom in (
        Axiom(
            "completeness",
            "Completeness",
            "The scores add up to the difference between the answer and the baseline's answer.",
            tuple(
                Trial((key,), WORKED_EXAMPLES[key].start, WORKED_EXAMPLES[key].baseline)
                for key in ("minimum", "saturation", "threshold", "product")
            ),
            _completeness,
        ),
        Axiom(
            "sensitivity",
            "Sensitivity",
            "Where input and baseline differ in one value only and so do the answers, that value "
            "gets something.",
            (
                Trial(("saturation",), (2.0, 0.0), (0.0, 0.0)),
                Trial(("threshold",), (20.0,), (0.0,)),
                Trial(("minimum",), (1.0, 2.0), (0.0, 2.0)),
            ),
            _score,
        ),
        Axiom(
            "dummy",
            "Nothing for the ignored",
            "An input on which the function does not depend gets nothing.",
            (
                Trial(("ignored",), (2.0, 1.0), (0.0, 0.0), which=1),
                Trial(("ignored",), (1.0, 3.0), (2.0, 0.5), which=1),
            ),
            _nothing,
        ),
        Axiom(
            "invariance",
            "Implementation invariance",
            "Two networks that compute the same function get the same scores.",
            (
                *(
                    Trial(
                        (pair.one, pair.other),
                        WORKED_EXAMPLES[pair.one].start,
                        WORKED_EXAMPLES[pair.one].baseline,
                    )
                    for pair in PAIRS.values()
                ),
                Trial(("late_step", "early_step"), (3.0, 0.5), (0.0, 2.0)),
            ),
            _invariance,
        ),
        Axiom(
            "linearity",
            "Linearity",
            f"Of {MIX[0]:g} times one network plus {MIX[1]:g} times another, the scores are "
            f"{MIX[0]:g} and {MIX[1]:g} times theirs.",
            (
                Trial(("product", "saturation"), (0.5, 1.2), (0.0, 0.0)),
                Trial(("late_step", "product"), (3.0, 1.0), (0.0, 0.0)),
            ),
            _linearity,
        ),
    )
}
