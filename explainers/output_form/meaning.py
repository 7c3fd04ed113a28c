"""What the values of a tensor are: bounds, and the activation that they come from, if one alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from torch import Tensor

from explainers.output_form.relations import NONE, Relations

Lazily: TypeAlias = Callable[[], Tensor]
"""Computes a tensor when it is called."""

ALL = -1
"""Stands for all dimensions."""

ALMOST = 1e-6
"""Scales and shifts are equal where they differ by less."""
GUARD = 0.01
"""A clamp this near to 0 or 1 guards against infinities, and is not what is meant."""


@dataclass(frozen=True)
class Meaning:
    """What the values of a tensor are: scale · form(before) + shift, within bounds.

    Attributes
    ----------
    low, high : float
        Bounds of the values, by construction.
    form : str
        "sigmoid", "softmax", "log_sigmoid", "log_softmax", "exp", "softplus"; or "" where the
        values come from no one activation.
    before : callable or None
        Computes what entered the activation, a tensor of the same shape. Of a softmax: what stands
        for the same class.
    odds : callable or None
        Of a softmax over two: computes the logarithm of p / (1 − p).
    complement : bool
        Whether `before` are the odds against one of a softmax's two classes.
    relative : int or None
        Of an "exp": the dimension along which a common factor is left out; ALL for all.
    source : object
        What two of the same activation have in common.
    relations : Relations
        To other tensors.
    """

    low: float = -math.inf
    high: float = math.inf
    form: str = ""
    before: Lazily | None = None
    odds: Lazily | None = None
    scale: float = 1.0
    shift: float = 0.0
    complement: bool = False
    relative: int | None = None
    source: object = None
    relations: Relations = NONE

    @property
    def unit(self) -> bool:
        """Whether the values lie in [0, 1] by construction."""
        return self.low >= -ALMOST and self.high <= 1 + ALMOST

    @property
    def canonical(self) -> bool:
        """Whether the values are those of the form itself, neither scaled nor shifted."""
        return bool(self.form) and abs(self.scale - 1) < ALMOST and abs(self.shift) < ALMOST

    @property
    def logit(self) -> Lazily | None:
        """What entered the softmax or sigmoid that the values are, or are a multiple of."""
        whole = self.form in ("sigmoid", "softmax") and abs(self.shift) < ALMOST
        whole = whole or (self.canonical and self.form.startswith("log_"))
        return self.before if whole else None

    def bounded(self, low: float, high: float) -> Meaning:
        """Values of no one activation, within bounds."""
        return Meaning(low, high)

    def affine(self, scale: float, shift: float = 0.0) -> Meaning:
        """The values times a number plus a number.

        Examples
        --------
        >>> import torch
        >>> p = Meaning(0, 1, "sigmoid", lambda: torch.tensor([2.0]))
        >>> complement = p.affine(-1, 1)
        >>> complement.canonical, complement.before()
        (True, tensor([-2.]))
        """
        ends = sorted((_product(scale, self.low) + shift, _product(scale, self.high) + shift))
        if not self.form or not scale:
            return self.bounded(*ends)
        moved = replace(
            self, low=ends[0], high=ends[1], scale=scale * self.scale, shift=scale * self.shift
        )
        moved = replace(moved, shift=moved.shift + shift)
        return moved if moved.scale > 0 else moved._turned()

    def _turned(self) -> Meaning:
        """The same values with a scale above 0: σ(u) = 1 − σ(−u)."""
        against = self.odds if self.form == "softmax" else self.before
        if self.form in ("sigmoid", "softmax") and against is not None:
            return replace(
                self,
                form="sigmoid",
                before=lambda: -against(),
                odds=None,
                scale=-self.scale,
                shift=self.shift + self.scale,
                complement=self.complement or self.form == "softmax",
            )
        opposite = {"softplus": "log_sigmoid", "log_sigmoid": "softplus"}.get(self.form)
        if opposite and abs(self.scale + 1) < ALMOST and abs(self.shift) < ALMOST:
            before = self.before
            assert before is not None
            return replace(self, form=opposite, before=lambda: -before(), scale=1.0, shift=0.0)
        return self.bounded(self.low, self.high)

    def clamped(self, low: float, high: float) -> Meaning:
        """The values within bounds; of the same activation where these only guard."""
        ends = (min(max(self.low, low), high), max(min(self.high, high), low))
        if self.form in ("sigmoid", "softmax"):
            start, width = self.shift, self.scale
            only_guards = low <= start + GUARD * width and high >= start + (1 - GUARD) * width
        else:
            only_guards = low <= min(self.low, math.log(GUARD)) and high >= self.high
        if only_guards:
            return replace(self, low=ends[0], high=ends[1])
        return self.bounded(*ends)

    def reciprocal(self) -> Meaning:
        """1 / values: of b + a·exp(u) it is σ(−u − ln(a / b)) / b."""
        before, ratio = self.before, self.scale / self.shift if self.shift else 0.0
        if self.form == "exp" and before is not None and ratio > 0 and self.relative is None:
            return Meaning(
                0.0,
                1 / self.shift,
                "sigmoid",
                lambda: -before() if ratio == 1 else -before() - math.log(ratio),
                scale=1 / self.shift,
            )
        return self.bounded(0.0, math.inf) if self.low >= 0 else Meaning()

    def share_of(self, whole: Meaning) -> Meaning:
        """values / whole: a·exp(u) / (b + c·exp(u)) is σ(u + ln(c / b)) · a / c."""
        before = self.before
        both = self.form == whole.form == "exp" and self.source == whole.source
        if both and before is not None and not self.shift and self.relative is None:
            ratio = whole.scale / whole.shift if whole.shift else 0.0
            if ratio > 0:
                share = self.scale / whole.scale
                moved = before if ratio == 1 else lambda: before() + math.log(ratio)
                return Meaning(0.0, share, "sigmoid", moved, scale=share)
        return self.bounded(0.0, math.inf) if min(self.low, whole.low) >= 0 else Meaning()

    def exponential(self) -> Meaning:
        """exp(values): of the logarithm of probabilities, these."""
        if self.canonical and self.form.startswith("log_"):
            form = self.form.removeprefix("log_")
            return replace(self, low=0.0, high=1.0, form=form)
        return self.bounded(0.0, math.inf if self.high > 700 else math.exp(self.high))

    def logarithm(self) -> Meaning:
        """log(values): of a softmax or sigmoid, its logarithm."""
        if self.canonical and self.form in ("sigmoid", "softmax"):
            return replace(self, low=-math.inf, high=0.0, form=f"log_{self.form}")
        return Meaning()

    def through(self, function: Callable[[Tensor], Tensor]) -> Meaning:
        """The values after what only selects, moves or repeats them."""
        before, odds = self.before, self.odds
        if self.relative is not None:
            return self.bounded(self.low, self.high)
        return replace(
            self,
            source=object(),
            before=None if before is None else lambda: function(before()),
            odds=None if odds is None else lambda: function(odds()),
        )


def plus(one: Meaning, other: Meaning, sign: float = 1.0) -> Meaning:
    """The sum, or the difference, of values of two kinds."""
    turned = other.affine(sign)
    return Meaning(one.low + turned.low, one.high + turned.high)


def times(one: Meaning, other: Meaning) -> Meaning:
    """The product of values of two kinds."""
    ends = [_product(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
    return Meaning(min(ends), max(ends))


def joined(pieces: Sequence[Meaning], join: Callable[[Sequence[Tensor]], Tensor] | None) -> Meaning:
    """Values of several kinds side by side: put together by `join`, or by one that is not known.

    Examples
    --------
    >>> import torch
    >>> p = Meaning(0, 1, "sigmoid", lambda: torch.tensor([2.0]))
    >>> joined([p.affine(-1, 1), p], torch.cat).before()
    tensor([-2.,  2.])
    """
    low, high = min(piece.low for piece in pieces), max(piece.high for piece in pieces)
    first = pieces[0]
    alike = all(
        abs(piece.scale - first.scale) < ALMOST and abs(piece.shift - first.shift) < ALMOST
        for piece in pieces
    )
    forms = {piece.form for piece in pieces}
    if join is None or not alike or not (len(forms) == 1 or forms == {"sigmoid", "softmax"}):
        return Meaning(low, high)
    # Odds against a class of a softmax stand beside odds for one, never beside its plain score.
    if any(piece.complement for piece in pieces):
        parts = [p.before if p.form == "sigmoid" else p.odds for p in pieces]
        forms = {"sigmoid"}
    else:
        parts = [piece.before for piece in pieces]
    known = [part for part in parts if part is not None]
    if len(known) < len(pieces) or "" in forms or "exp" in forms:
        return Meaning(low, high)
    form = forms.pop() if len(forms) == 1 else "sigmoid"
    return replace(
        first,
        low=low,
        high=high,
        form=form,
        before=lambda: join([part() for part in known]),
        odds=None,
        complement=False,
        source=object(),
    )


def _product(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b
