"""What a method that drew until it was certain found: its units, and how far they are uncertain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from explainers.perturbation.stopping import StoppingRule


@dataclass(frozen=True)
class Drawn:
    """The units of N maps, after their draws.

    Attributes
    ----------
    rule : StoppingRule
    what : str
        What is drawn, for people.
    taken : Tensor, int64, shape (N,)
        Draws of each.
    mean, error : Tensor, shape (N, units)
        The units, and their standard errors.
    rounding : Tensor, shape (N,)
        A map whose strongest unit is no larger is zero but for rounding, and its errors are none.
    maps : int
        Of so many maps, as of several references, this is the mean.

    Examples
    --------
    >>> from explainers.perturbation.stopping import StoppingRule
    >>> rule, errors = StoppingRule(None, 0.1, 64).shared(2), torch.ones(1, 2) / 8
    >>> one, other = (
    ...     Drawn(rule, "draws", torch.tensor([32]), torch.tensor([mean]), errors, torch.zeros(1))
    ...     for mean in ([4.0, 1.0], [-4.0, 1.0])
    ... )
    >>> one.share, Drawn.averaged([one, other]).share  # the strongest cancel
    (tensor([0.0312]), tensor([0.0884]))
    """

    rule: StoppingRule
    what: str
    taken: Tensor
    mean: Tensor
    error: Tensor
    rounding: Tensor
    maps: int = 1

    @property
    def share(self) -> Tensor:
        """The largest standard error (N,), as a share of the strongest unit's magnitude."""
        strongest, error = self.mean.abs().amax(1), self.error.amax(1)
        error = error * (strongest > self.rounding.to(error))
        return (error / strongest.clamp(min=torch.finfo(error.dtype).tiny)).clamp(max=1)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not certain, in a sentence; none where all is."""
        worst, tolerance = float(self.share.nan_to_num(0).max()), self.rule.tolerance
        if worst <= tolerance:
            return ()
        after = (
            f"After {self.rule.most:,} {self.what}, the most that was allowed, the standard error"
        )
        if self.maps > 1:
            many = f"{int(self.taken.max()):,} {self.what} in all"
            after = f"After {many}, the standard error of the mean of {self.maps} maps"
        return (
            f"{after} is still {100 * worst:.1f} % of the strongest part, above the tolerance of "
            f"{100 * tolerance:.3g} %: the sign of what is less than "
            f"{min(100, 200 * worst):.0f} % as strong as the strongest is not certain, nor is the "
            "order of what lies as close.",
        )

    @staticmethod
    def averaged(found: list[Drawn]) -> Drawn:
        """Of the mean of maps that were drawn apart; their strongest may cancel."""
        first, count = found[0], len(found)
        errors = torch.stack([one.error for one in found])
        return replace(
            first,
            rule=first.rule.of_all(),
            taken=torch.stack([one.taken for one in found]).sum(0),
            mean=torch.stack([one.mean for one in found]).mean(0),
            error=errors.square().sum(0).sqrt() / count,
            rounding=torch.stack([one.rounding for one in found]).mean(0),
            maps=count * first.maps,
        )
