"""What is asked of every input of a run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.baselines import BASELINES
from explainers.many.checking.map_checks import demand_checks
from explainers.methods import METHODS
from explainers.options import lookup, make_options

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Question:
    """What is asked of each input; the fields are those of `explainers.explain`.

    Attributes
    ----------
    method : str or None
        None asks only what the network answers; of the other fields `target` and `device` count.
    checks : tuple of str
        Of each map, see `explainers.many.checking.map_checks.CHECKS`.
    """

    method: str | None = "integrated_gradients"
    baseline: str | float | Tensor = "zeros"
    target: int | tuple[int, int] | None = None
    score: str = "output"
    device: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    checks: tuple[str, ...] = ()

    def check(self) -> None:
        """Problem where there is no such method, baseline, option or check."""
        if self.method is None:
            return
        demand_checks(self.checks)
        entry = lookup(METHODS, self.method, "method")
        make_options(entry.options, self.options, entry.name)
        if isinstance(self.baseline, str):
            lookup(BASELINES, self.baseline, "baseline")

    def described(self) -> dict[str, Any]:
        """All that decides the answers, as plain data.

        Examples
        --------
        >>> Question("saliency").described()["options"]
        {}
        >>> Question(None).described()
        {'method': None, 'target': None}
        """
        target = list(self.target) if isinstance(self.target, tuple) else self.target
        if self.method is None:
            return {"method": None, "target": target}
        baseline: Any = self.baseline
        if not isinstance(baseline, (str, int, float)):
            values = np.ascontiguousarray(np.asarray(baseline))
            baseline = f"{values.shape} {hashlib.sha256(values.tobytes()).hexdigest()}"
        return {
            "method": self.method,
            "baseline": baseline,
            "target": target,
            "score": self.score,
            "options": self.options,
            # Runs of before there were checks go on.
            **({"checks": list(self.checks)} if self.checks else {}),
        }
