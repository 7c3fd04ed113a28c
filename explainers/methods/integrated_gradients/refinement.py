"""Integrated Gradients to a tolerance: points are spent where the integrand bends.

Each piece of the way is integrated by Simpson's rule, and must add up to f at its end less f at its
start. The pieces that miss most are halved, and every point that was asked is used again: a half
has its ends already, and asks for its middle only. The misses of a kinked function have random
signs and cancel in the gap; that they may do, but their sum without signs is bounded too, so that
a small gap cannot come from two large errors. Nor can it where two values cancel all along the way,
so that no score tells of them: the maps must not bend much between the points either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from explainers.methods.integrated_gradients.points import Points
from explainers.methods.registry import MethodResult

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.methods.integrated_gradients import Options
    from explainers.methods.integrated_gradients.straight_path import StraightPath

FIRST_PIECES = 2
# Of each input so many pieces are halved at once, or this share of them.
HALVED_AT_ONCE, SHARE_HALVED = 2, 0.25
SIMPSON = (1 / 6, 4 / 6, 1 / 6)
# The misses may add up to so many times the tolerated share of the way's range when their signs are
# ignored.
UNSIGNED = 5
# So much of the map may hang on whether it is straight or bent between the points; so many values
# are looked at in one go to tell.
BENT, VALUES_AT_ONCE = 0.5, 2**23
# Slopes are asked so much beside the ends: there often lies a kink, as of a baseline of zeros.
FIRST, LAST = 1e-5, 1 - 1e-5
# Why a tolerance is not reached.
SPENT, ROUNDED, CANCELLING = "spent", "rounded", "cancelling"
# The values of all maps that are held, and what one input is expected to need: bounds the memory.
VALUES_HELD, POINTS_EXPECTED = 2**26, 33


def refine(path: StraightPath, options: Options) -> MethodResult:
    """Integrate along the path until the contributions add up within a tolerance.

    Parameters
    ----------
    path : StraightPath
        Its `total` is changed in place.
    options : Options
        `tolerance`, as a share of the difference of each input; at most `most_steps` points.

    Returns
    -------
    MethodResult
        Scores (N, …); a note says where the tolerance was not reached.

    References
    ----------
    Adaptive Simpson quadrature: Kuncir 1962, Algorithm 103, Comm. ACM 5 (6).
    """
    each = max(1, VALUES_HELD // (POINTS_EXPECTED * path.step[0].numel()))
    parts = path.context.rows.split(each)
    ends = [_Refinement(path, rows, options).run() for rows in parts]
    said = {
        SPENT: f"within {options.most_steps} steps",
        ROUNDED: f"in {str(path.step.dtype).removeprefix('torch.')}, which rounds too coarsely",
    }
    tolerance = f"the tolerance of {100 * options.tolerance:.3g} %"
    notes = [
        f"T{tolerance[1:]} was not reached {words}; the gap says how far it is off."
        for end, words in said.items()
        if any(end in some for some in ends)
    ]
    if any(CANCELLING in some for some in ends):
        notes.append(
            f"The gap is within {tolerance} only since errors of both signs cancel in it; single "
            f"scores may be further off than it says. {options.most_steps} steps were not enough."
        )
    return MethodResult(path.total, notes=tuple(notes))


class _Refinement:
    """The lines of some inputs, in pieces: indices (pieces, 3) of their start, middle and end."""

    def __init__(self, path: StraightPath, rows: Tensor, options: Options) -> None:
        self._path, self._options = path, options
        count = 2 * FIRST_PIECES + 1
        places = torch.linspace(0, 1, count, dtype=torch.float64)
        self._points = self._asked(rows.repeat_interleave(count), places.repeat(len(rows)))
        starts = torch.arange(len(rows))[:, None] * count + 2 * torch.arange(FIRST_PIECES)
        self._pieces = starts.flatten()[:, None] + torch.arange(3)
        # By input, of all inputs: points spent, and the misses of pieces that are no longer held.
        total = len(path.step)
        self._spent = torch.zeros(total, dtype=torch.long).index_fill_(0, rows.cpu(), count)
        self._gap = torch.zeros(total, dtype=torch.float64)
        self._unsigned = torch.zeros(total, dtype=torch.float64)
        self._allowed = torch.zeros(total, dtype=torch.float64)
        self._allowed_unsigned = torch.zeros(total, dtype=torch.float64)
        self._wanted = torch.full((total,), torch.inf, dtype=torch.float64)
        self._rounding = torch.zeros(total, dtype=torch.float64)
        # By piece: what those that are halved next have most of.
        self._worth = torch.zeros(len(self._pieces), dtype=torch.float64)
        self._tolerate(rows.cpu())
        path.context.show(self._so_far)

    def run(self) -> set[str]:
        """Halve pieces until all is settled; why the tolerance was not reached everywhere."""
        failed = torch.zeros_like(self._spent, dtype=torch.bool)
        while len(self._pieces):
            misses, rows = self._misses(), self._rows_of(self._pieces)
            fits = self._fits(rows, misses)
            bends = self._bends(fits[rows])
            bent = self._bent(fits, bends)
            fits &= ~bent
            self._worth = torch.where(bent[rows], bends, misses.abs())
            spent = self._spent + 2 * HALVED_AT_ONCE > self._options.most_steps
            failed[rows] |= (spent & ~fits)[rows]
            self._settle((fits | spent)[rows], misses)
            if len(self._pieces):
                self._let_go_of_the_best()
                self._halve()
        gap = self._gap.abs()
        close = gap <= self._allowed
        which = {
            SPENT: failed & ~close,
            CANCELLING: failed & close,
            ROUNDED: ~failed & (gap > self._wanted),
        }
        return {end for end, rows in which.items() if bool(rows.any())}

    def _asked(self, rows: Tensor, places: Tensor) -> Points:
        """What the model answers at places of the lines of these rows."""
        inside = places.clamp(FIRST, LAST)
        scores, maps = self._path.along(rows, inside)
        for end, known in zip((0.0, 1.0), self._path.ends, strict=True):
            here = places == end
            scores[here] = known[rows.cpu()[here]]
        slopes = maps.flatten(1).sum(1, dtype=torch.float64).cpu()
        return Points(rows.cpu(), inside, scores, slopes, maps)

    def _tolerate(self, rows: Tensor) -> None:
        """What each input's misses may add up to, with and without signs, in the score's unit."""
        scores = self._points.scores.view(len(rows), -1)
        reach = scores.amax(1) - scores.amin(1)
        difference = (scores[:, -1] - scores[:, 0]).abs()
        rounding = 4 * torch.finfo(self._path.step.dtype).eps * scores.abs().amax(1)
        # Where input and baseline score alike, the tolerance is relative to the way's own range.
        share = self._options.tolerance
        asked = share * torch.maximum(difference, 1e-3 * reach)
        allowed = torch.maximum(asked, rounding)
        self._allowed[rows] = allowed
        self._allowed_unsigned[rows] = UNSIGNED * torch.maximum(allowed, share * reach)
        rounded = (rounding > asked) & (difference > rounding / 4)
        self._wanted[rows] = torch.where(rounded, asked, torch.inf)
        self._rounding[rows] = rounding

    def _rows_of(self, pieces: Tensor) -> Tensor:
        return self._points.rows[pieces[:, 0]]

    def _weights(self, pieces: Tensor) -> Tensor:
        """Of each piece's three points (pieces, 3)."""
        places = self._points.places[pieces]
        width = places[:, 2] - places[:, 0]
        weights = width[:, None] * torch.tensor(SIMPSON, dtype=torch.float64)
        # The slopes beside the ends hold as far as the ends.
        weights[:, 0] += FIRST * (places[:, 0] == FIRST).double()
        weights[:, 2] += (1 - LAST) * (places[:, 2] == LAST).double()
        return weights

    def _misses(self) -> Tensor:
        """By how much each piece does not add up."""
        scores = self._points.scores[self._pieces]
        found = (self._weights(self._pieces) * self._points.slopes[self._pieces]).sum(1)
        return found - (scores[:, 2] - scores[:, 0])

    def _fits(self, rows: Tensor, misses: Tensor) -> Tensor:
        """Of all inputs, which add up."""
        gap = self._gap.index_add(0, rows, misses)
        unsigned = self._unsigned.index_add(0, rows, misses.abs())
        return (gap.abs() <= self._allowed) & (unsigned <= self._allowed_unsigned)

    def _bends(self, which: Tensor) -> Tensor:
        """What some of the pieces come to, less what they would if their maps were straight.

        Summed without signs: (pieces,), 0 for the others.
        """
        bends = torch.zeros(len(self._pieces), dtype=torch.float64)
        maps, places = self._points.maps, self._points.places
        at_once = max(1, VALUES_AT_ONCE // maps[0].numel())
        for part in which.nonzero()[:, 0].split(at_once):
            start, middle, end = self._pieces[part].T
            off = maps[middle] - (maps[start] + maps[end]) / 2
            sizes = off.abs().flatten(1).sum(1, dtype=torch.float64).cpu()
            bends[part] = SIMPSON[1] * (places[end] - places[start]) * sizes
        return bends

    def _bent(self, fits: Tensor, bends: Tensor) -> Tensor:
        """Of all inputs that add up, whose map hangs on what it is between the points."""
        bent, rows = torch.zeros_like(fits), self._rows_of(self._pieces)
        those = rows[fits[rows]].unique()
        if len(those):
            places = torch.zeros(len(fits), dtype=torch.long)
            places[those] = torch.arange(len(those))
            total = self._path.total[those.to(self._path.total.device)]
            self._add(self._pieces[fits[rows]], total, places)
            size = total.abs().flatten(1).sum(1, dtype=torch.float64).cpu()
            sums = torch.zeros_like(self._gap).index_add_(0, rows, bends)
            bent[those] = sums[those] > torch.maximum(BENT * size, self._rounding[those])
        return bent

    def _settle(self, which: Tensor, misses: Tensor) -> None:
        """Add pieces to the total, and hold them no longer."""
        done, rows = self._pieces[which], self._rows_of(self._pieces)[which]
        self._gap.index_add_(0, rows, misses[which])
        self._unsigned.index_add_(0, rows, misses[which].abs())
        self._add(done, self._path.total)
        left = self._pieces[~which]
        used, places = left.unique(return_inverse=True)
        self._points, self._pieces = self._points.only(used), places
        self._worth = self._worth[~which]

    def _let_go_of_the_best(self) -> None:
        """Of more maps than may be held, settle the half of the pieces that miss least."""
        if self._points.maps.numel() <= VALUES_HELD:
            return
        order = self._worth.argsort()
        best = torch.zeros(len(order), dtype=torch.bool)
        best[order[: len(order) // 2]] = True
        best[self._worst()] = False
        self._settle(best, self._misses())

    def _worst(self) -> Tensor:
        """Of each input, the pieces that are worth most."""
        rows = self._rows_of(self._pieces)
        order = self._worth.argsort(descending=True)
        order = order[rows[order].argsort(stable=True)]
        ordered = rows[order]
        first, after = (torch.searchsorted(ordered, ordered, right=r) for r in (False, True))
        most = (SHARE_HALVED * (after - first)).clamp_min(HALVED_AT_ONCE)
        # A half costs two points.
        most = torch.minimum(most, (self._options.most_steps - self._spent[ordered]) // 2)
        return order[torch.arange(len(order)) - first < most]

    def _halve(self) -> None:
        """Ask for the middles of the halves of the worst pieces."""
        worst = self._worst()
        start, middle, end = self._pieces[worst].T
        rows, places = self._points.rows, self._points.places
        new = torch.cat([(places[start] + places[middle]) / 2, (places[middle] + places[end]) / 2])
        owners = rows[middle].repeat(2)
        self._path.context.expect(len(new))
        held = len(rows)
        asked = self._asked(owners.to(self._path.total.device), new)
        self._points = self._points.and_also(asked)
        self._spent.index_add_(0, owners, torch.ones_like(owners))
        first = torch.arange(held, held + len(worst))
        halves = torch.cat(
            [
                torch.stack([start, first, middle], 1),
                torch.stack([middle, first + len(worst), end], 1),
            ]
        )
        keep = torch.ones(len(self._pieces), dtype=torch.bool)
        keep[worst] = False
        self._pieces = torch.cat([self._pieces[keep], halves])

    def _add(self, pieces: Tensor, total: Tensor, places: Tensor | None = None) -> None:
        """Add what these pieces come to; inputs stand at other `places` of a smaller total."""
        weights = torch.zeros(len(self._points.rows), dtype=torch.float64)
        weights.index_add_(0, pieces.flatten(), self._weights(pieces).flatten())
        used = weights.nonzero()[:, 0]
        maps = self._points.maps[used.to(total.device)]
        shape = (-1, *[1] * (maps.ndim - 1))
        weighed = maps * weights[used].to(total.device, total.dtype).view(shape)
        rows = self._points.rows[used]
        total.index_add_(0, (rows if places is None else places[rows]).to(total.device), weighed)

    def _so_far(self) -> Tensor:
        total = self._path.total.clone()
        self._add(self._pieces, total)
        return total
