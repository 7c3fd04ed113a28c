"""What an attribution must fulfil, tried on networks whose right answers are known.

Sundararajan, Taly & Yan 2017 (arXiv:1703.01365), sections 2 and 3. The networks come from whoever
asks: `explainers.models.zoo.axiom_trials` has some that are small enough to be worked out by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor, nn

CLOSE = 1e-3
"""What is nearer than this share of the difference (or of 1, if that is less) counts as equal."""
ERRORS = 3
"""So many standard errors off, a random estimate may still be right."""
YES, ABOUT, NO, CANNOT = "yes", "about", "no", "cannot"
WORST_FIRST = (CANNOT, NO, ABOUT, YES)
MIX = (2.0, 3.0)
"""How much of each network the sum of two networks holds."""

Point: TypeAlias = Sequence[float]
AttributionFunction: TypeAlias = (
    "Callable[[nn.Module, Point, Point], tuple[list[float], list[float]]]"
)
"""(network, x, baseline) → the scores of x."""


class KnownNetwork(Protocol):
    """A network of which the function that it computes is known.

    Attributes
    ----------
    key : str
        Its name in the results.
    value : callable
        The function at a point, as plain arithmetic.
    build : callable
        Makes the torch module, from (N, inputs) to (N, 1).
    """

    @property
    def key(self) -> str: ...

    @property
    def value(self) -> Callable[[Point], float]: ...

    @property
    def build(self) -> Callable[[], nn.Module]: ...


@dataclass(frozen=True)
class Trial:
    """One example of an axiom.

    Parameters
    ----------
    networks : tuple of KnownNetwork
        One, or the two that are compared or added.
    x, baseline : tuple of float
        The input and what it is compared with.
    which : int
        The input that the axiom is about, by its place.
    """

    networks: tuple[KnownNetwork, ...]
    x: tuple[float, ...]
    baseline: tuple[float, ...]
    which: int = 0


class Measurement(NamedTuple):
    """What a method gave in a trial, and what the axiom wants: None for anything but zero."""

    got: list[float]
    wanted: list[float] | None
    errors: list[float]


@dataclass(frozen=True)
class Axiom:
    """One axiom: its name, what it demands in a sentence, and how a trial of it is measured."""

    key: str
    title: str
    says: str
    measure: Callable[[AttributionFunction, Trial], Measurement]


def evaluate_axiom(
    axiom: Axiom, trials: Sequence[Trial], attribute: AttributionFunction
) -> dict[str, Any]:
    """Whether a method fulfils an axiom in these trials.

    Parameters
    ----------
    axiom : Axiom
    trials : sequence of Trial
        At least one.
    attribute : callable
        The method: (network, x, baseline) → (scores, standard errors).

    Returns
    -------
    dict
        `holds`: the worst of the trials, one of WORST_FIRST; `trials`: for each of them `networks`
        (keys), `x`, `baseline`, `which`, `holds`, and `got` and `wanted`, or the `problem`.

    References
    ----------
    Sundararajan, Taly & Yan 2017, arXiv:1703.01365.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> network = SimpleNamespace(key="a + b", value=sum, build=lambda: None)
    >>> trials = [Trial((network,), x=(1.0, 2.0), baseline=(0.0, 0.0))]
    >>> def attribute(network, x, baseline):
    ...     return [1.0, 2.0], [0.0, 0.0]
    >>> evaluate_axiom(AXIOMS["completeness"], trials, attribute)["holds"]
    'yes'
    """
    results: list[dict[str, Any]] = []
    for trial in trials:
        facts = {
            "networks": [network.key for network in trial.networks],
            "x": list(trial.x),
            "which": trial.which,
            "baseline": list(trial.baseline),
        }
        try:
            got, wanted, errors = axiom.measure(attribute, trial)
        except Problem as problem:
            results.append({**facts, "holds": CANNOT, "problem": str(problem)})
            continue
        verdict = holds(got, wanted, errors)
        results.append({**facts, "got": got, "wanted": wanted, "holds": verdict})
    worst = min((result["holds"] for result in results), key=WORST_FIRST.index)
    return {"holds": worst, "trials": results}


def holds(got: list[float], wanted: list[float] | None, errors: list[float]) -> str:
    """Whether what a method gave is what an axiom wants.

    Parameters
    ----------
    got, errors : list of float
        The numbers and their standard errors.
    wanted : list of float or None
        None: anything but zero.

    Returns
    -------
    str
        YES, ABOUT (right within ERRORS standard errors) or NO.

    Examples
    --------
    >>> holds([1.0], [1.0], [0.0]), holds([1.1], [1.0], [0.1]), holds([1.1], [1.0], [0.0])
    ('yes', 'about', 'no')
    """
    if wanted is None:
        return YES if all(abs(value) > CLOSE for value in got) else NO
    off = [abs(value - other) for value, other in zip(got, wanted, strict=True)]
    if max(off) <= CLOSE * max(1.0, *map(abs, wanted)):
        return YES
    within = all(o <= ERRORS * e for o, e in zip(off, errors, strict=True))
    return ABOUT if any(errors) and within else NO


def _completeness(attribute: AttributionFunction, trial: Trial) -> Measurement:
    network = trial.networks[0]
    scores, errors = attribute(network.build(), trial.x, trial.baseline)
    difference = network.value(trial.x) - network.value(trial.baseline)
    return Measurement([sum(scores)], [difference], [math.hypot(*errors)])


def _sensitivity(attribute: AttributionFunction, trial: Trial) -> Measurement:
    scores, errors = attribute(trial.networks[0].build(), trial.x, trial.baseline)
    return Measurement([scores[trial.which]], None, [errors[trial.which]])


def _dummy(attribute: AttributionFunction, trial: Trial) -> Measurement:
    return _sensitivity(attribute, trial)._replace(wanted=[0.0])


def _invariance(attribute: AttributionFunction, trial: Trial) -> Measurement:
    (one, errors), (other, more) = (
        attribute(network.build(), trial.x, trial.baseline) for network in trial.networks
    )
    return Measurement(one, other, list(map(math.hypot, errors, more)))


def _linearity(attribute: AttributionFunction, trial: Trial) -> Measurement:
    one, other = (network.build() for network in trial.networks)
    parts = [attribute(network, trial.x, trial.baseline) for network in (one, other)]
    got, errors = attribute(_weighted_sum(one, other), trial.x, trial.baseline)
    wanted = [MIX[0] * a + MIX[1] * b for a, b in zip(parts[0][0], parts[1][0], strict=True)]
    return Measurement(got, wanted, errors)


def _weighted_sum(one: nn.Module, other: nn.Module) -> nn.Module:
    """MIX[0] of one network plus MIX[1] of the other."""
    from torch import nn

    class WeightedSum(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (MIX[0] * one(x)[:, 0] + MIX[1] * other(x)[:, 0]).unsqueeze(1)

    return WeightedSum().eval()


AXIOMS = {
    axiom.key: axiom
    for axiom in (
        Axiom(
            "completeness",
            "Completeness",
            "The scores add up to the difference between the answer and the baseline's answer.",
            _completeness,
        ),
        Axiom(
            "sensitivity",
            "Sensitivity",
            "Where input and baseline differ in one value only and so do the answers, that value "
            "gets something.",
            _sensitivity,
        ),
        Axiom(
            "dummy",
            "Nothing for the ignored",
            "An input on which the function does not depend gets nothing.",
            _dummy,
        ),
        Axiom(
            "invariance",
            "Implementation invariance",
            "Two networks that compute the same function get the same scores.",
            _invariance,
        ),
        Axiom(
            "linearity",
            "Linearity",
            f"Of {MIX[0]:g} times one network plus {MIX[1]:g} times another, the scores are "
            f"{MIX[0]:g} and {MIX[1]:g} times theirs.",
            _linearity,
        ),
    )
}
"""The axioms by key, in the order in which they are shown."""
