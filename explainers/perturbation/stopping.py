"""One stopping rule for all methods that draw: a fixed number, or until what is shown is certain.

What is shown are the units that `InputLayout.units` names: squares of a picture, letters of DNA,
single values of a row or a series; a method with groups of its own shows those. An input is
*certain* when the standard error of every unit is at most `tolerance` times the magnitude of its
strongest unit. By the normal law that settles, each with 95 % certainty, the sign of a unit at
least 2 · tolerance as strong as the strongest, and the order of two that lie at least 3 · tolerance
of it apart.

Who looks after every draw and stops when he likes what he sees stops too early: where a standard
error happens to be small. Such rules keep their promise where many draws come before the end (of a
fixed width: Chow & Robbins 1965, doi:10.1214/aoms/1177700156; relative to the mean: Glynn & Whitt
1992, doi:10.1214/aoap/1177005777). So looks are few, after `first` draws, twice as many, four times
as many, …; the first cannot end it; and what has to be small is the largest of all standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.perturbation.drawn import Drawn
from explainers.perturbation.regions import Groups, group_labels
from explainers.perturbation.sampling import Moments, shared_batches

if TYPE_CHECKING:
    from explainers.context import Context

FIRST_LOOK = 16
"""Draws before the first look, unless a method says otherwise."""
FEWEST_SHARED = 8
"""The same for each of several references: fewer do not tell how far they scatter."""


@dataclass(frozen=True)
class StoppingRule:
    """How many draws an input gets.

    Attributes
    ----------
    samples : int or None
        So many; None: until it is certain.
    tolerance : float
        The largest standard error of a unit, as a share of the strongest one's magnitude.
    most : int
        Draws after which it ends, certain or not.
    first : int
        Draws before the first look.
    calls : int
        How many calls share one such rule.

    Examples
    --------
    >>> [*StoppingRule(None, 0.05, 100).looks()], [*StoppingRule(32, 0.05, 100).looks()]
    ([16, 32, 64, 100], [32])
    """

    samples: int | None
    tolerance: float
    most: int
    first: int = FIRST_LOOK
    calls: int = 1

    def looks(self) -> Iterator[int]:
        """How many draws there are in all whenever it is looked at what they show."""
        if self.samples is not None:
            yield self.samples
            return
        done = min(self.first, self.most)
        while done < self.most:
            yield done
            done *= 2
        yield self.most

    def expected(self, done: int, share: float) -> int:
        """In all, from the share that the standard error has after `done` draws: it falls as 1/√n.

        Examples
        --------
        >>> StoppingRule(None, 0.05, 1000).expected(32, 0.1)
        128
        """
        if share <= self.tolerance:
            return done
        needed = done * (share / self.tolerance) ** 2
        return min((n for n in self.looks() if n >= needed), default=self.most)

    def shared(self, calls: int) -> StoppingRule:
        """For each of `calls` independent calls whose results are averaged.

        Their errors e combine to √(Σ e²) / calls, so that each may be √calls times as large. Each
        call looks for itself, and so not before it has FEWEST_SHARED draws.
        """
        least = 2 if calls == 1 else FEWEST_SHARED
        first = max(least, math.ceil(self.first / calls))
        most = max(2 * least, math.ceil(self.most / calls))
        samples = self.samples and max(2, math.ceil(self.samples / calls))
        return StoppingRule(samples, self.tolerance * math.sqrt(calls), most, first, calls)

    def of_all(self) -> StoppingRule:
        """What holds for the mean of the calls that share it."""
        return replace(self, tolerance=self.tolerance / math.sqrt(self.calls), calls=1)


class Drawing:
    """The draws for each of N inputs, by a rule; all inputs meet the same draws, in one order.

    Whether one input is certain, and so how many draws it gets, does not depend on the others.

    Parameters
    ----------
    context : Context
    rule : StoppingRule
    what : str
        What is drawn, for people: "masks".
    shown : callable, optional
        () → the units of the map so far (N, units), and their standard errors. By default the sums
        over units of what is given to `add`.
    of_scores : bool
        Whether units are differences of the model's scores: where all are as small as the rounding
        of these, their errors count as none.

    Attributes
    ----------
    active : Tensor, int64, shape (k,)
        The inputs that get the draws of this round.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from explainers.kinds.layout import InputLayout
    >>> context = SimpleNamespace(
    ...     inputs=torch.zeros(2, 1), layout=InputLayout.of((1,)), expect=lambda n: None,
    ...     batches=lambda total: [slice(0, total)],
    ... )
    >>> noise = torch.Generator().manual_seed(0)
    >>> drawing = Drawing(context, StoppingRule(None, 0.05, 4096), "draws")
    >>> for rows, draws in drawing.batches(lambda: torch.randn(1, generator=noise)):
    ...     drawing.add(rows, 1 + draws * (rows[:, None] + 0.1))  # the second varies more
    >>> drawing.taken.tolist()
    [32, 512]
    """

    def __init__(
        self,
        context: Context,
        rule: StoppingRule,
        what: str,
        shown: Callable[[], tuple[Tensor, Tensor]] | None = None,
        of_scores: bool = False,
    ) -> None:
        inputs = context.inputs
        self.context, self.rule, self.what = context, rule, what
        self.active = torch.arange(len(inputs), device=inputs.device)
        self.taken = torch.zeros_like(self.active)
        self.error = torch.zeros(len(inputs), dtype=wide(inputs), device=inputs.device)
        self._of_scores = of_scores
        self.looking = rule.samples is None
        self.units = Units(context) if self.looking and shown is None else None
        self._moments = self.units.moments() if self.units else None
        self._shown = shown

    def rounds(self, each: int = 1) -> Iterator[int]:
        """How many draws the `active` inputs get before the next look; a draw asks `each` times."""
        done = 0
        for look in self.rule.looks():
            expected = self.rule.expected(done, float(self.error.max())) if done else look
            self.context.expect(len(self.active) * each * (max(expected, look) - done))
            yield look - done
            done = look
            self.taken[self.active] = done
            if self.looking:
                self._look(first=done == min(self.rule.first, self.rule.most))
                if not len(self.active):
                    break

    def batches(self, draw: Callable[[], Tensor], each: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """All pairs of draws and inputs, see `shared_batches`: rows (n,) and draws (n, …)."""
        for count in self.rounds(each):
            active = self.active
            for rows, draws in shared_batches(self.context, len(active), count * each, draw):
                yield active[rows.to(active.device)], draws

    def add(self, rows: Tensor, maps: Tensor) -> None:
        """Book maps (n, …) of the inputs rows (n,), where their mean is what is shown."""
        if self._moments is not None and self.units is not None:
            self._moments.add(rows, self.units.sums(maps))

    def told(self) -> dict[str, Any]:
        """What a `MethodResult` says of it: `drawn`; {} of a fixed number."""
        return {"drawn": self._found()} if self.looking else {}

    def _found(self) -> Drawn:
        if self._shown is not None:
            mean, error = self._shown()
        else:
            assert self._moments is not None
            mean, error = self._moments.mean(), self._moments.standard_error()
        rounding = self.context.rounding if self._of_scores else torch.zeros_like(mean[:, 0])
        return Drawn(self.rule, self.what, self.taken, mean, error, rounding)

    def _look(self, first: bool) -> None:
        self.error[:] = self._found().share.to(self.error)
        if not first:
            self.active = self.active[self.error[self.active] > self.rule.tolerance]


class Units:
    """The units of N inputs that are shown, and sums over them.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from explainers.kinds.layout import InputLayout
    >>> letters = InputLayout.of((4, 2), "sequence")
    >>> units = Units(SimpleNamespace(inputs=torch.zeros(1, 4, 2), layout=letters))
    >>> units.sums(torch.ones(1, 4, 2))
    tensor([[4., 4.]], dtype=torch.float64)
    """

    def __init__(self, context: Context) -> None:
        inputs, layout = context.inputs, context.layout
        self._inputs = inputs
        self.groups = Groups.of(group_labels(layout.shape, layout.units), inputs.device)

    def moments(self) -> Moments:
        """For the units of the inputs."""
        inputs = self._inputs
        return Moments(inputs.new_zeros(len(inputs), len(self.groups), dtype=wide(inputs)))

    def sums(self, maps: Tensor) -> Tensor:
        """Of maps (n, …) like the inputs, or (n, places…) that all channels share: (n, units)."""
        labels = self.groups.labels
        labels = (labels[0] if maps.ndim == labels.ndim else labels).flatten()
        values = maps.flatten(1).to(wide(maps))
        if len(labels) == len(self.groups):
            return values
        return values.new_zeros(len(self.groups), len(values)).index_add_(0, labels, values.T).T


def wide(like: Tensor) -> torch.dtype:
    """The most exact numbers that the tensor's device has."""
    return torch.float32 if like.device.type == "mps" else torch.float64
