"""Answers to perturbed copies of inputs, in parts where that is right and quicker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from explainers.batch_plan import is_out_of_memory
from explainers.errors import Cancelled, Problem
from explainers.perturbation.incremental.changed import Changed, Starts, cut
from explainers.perturbation.incremental.steps import Steps
from explainers.perturbation.incremental.tensor import PartTensor
from explainers.perturbation.part_limits import LARGEST_BOX, WORTH_IT
from explainers.running.held import held_by

if TYPE_CHECKING:
    from explainers.passes import Passes

TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-9}
"""What answers may be off by, as a share of their spread; other precisions get plain passes."""
ROUNDINGS = 16
"""Smallest steps of the largest answer, by which plain passes of other batches differ too."""
FEWEST_PLACES = 32
"""Of an input; of smaller ones the work around the parts would cost more than the network."""
WHOLE_POINTS = 4
"""How many points by plain passes may take as long as a pass of the fewest parts."""
TRIALS = 4
"""Batches on which both ways are timed before the slower is given up."""
SHORT, AT_FIRST = 0.02, 2
"""Seconds of a plain pass on so many points that is too short to be measured so."""


class Incremental:
    """How a model answers copies of N inputs that differ from them in a part each.

    Its first answers are compared with plain passes and timed against them; then the way that is
    right and quicker is kept.

    Parameters
    ----------
    passes : Passes
        The model.
    inputs : Tensor, shape (N, …)

    Attributes
    ----------
    pays : bool or None
        Whether answers are computed in parts; None while that is not known.

    Examples
    --------
    >>> from explainers.passes import Passes
    >>> net = nn.Sequential(nn.Conv1d(1, 1, 3), nn.Flatten())
    >>> x = torch.arange(64.0).view(1, 1, 64)
    >>> points = x.repeat(2, 1, 1)
    >>> points[0, 0, 3] = points[1, 0, 9] = 0
    >>> parts = Incremental(Passes(net), x)
    >>> torch.allclose(parts.in_parts(points, 0), net(points))
    True
    """

    def __init__(self, passes: Passes, inputs: Tensor) -> None:
        self.passes, self.inputs = passes, inputs
        self.pays: bool | None = None if _may(passes, inputs) else False
        self._trials = TRIALS
        # The activations of one input: of which, it, and they.
        self._kept: tuple[tuple[int, torch.dtype], Tensor, Steps] | None = None

    def answer(self, points: Tensor, rows: Tensor) -> Tensor:
        """The model's output (n, …) on points (n, …) made of the inputs that rows (n,) name."""
        plain = self._plain
        if self.pays is False or (self.pays is None and len(points) < AT_FIRST):
            return plain(points)
        row, sizes = int(rows[0]), rows.unique_consecutive(return_counts=True)[1].tolist()
        if len(sizes) > 1:  # each input's own
            parts = zip(points.split(sizes), rows.split(sizes), strict=True)
            return torch.cat([self.answer(*part) for part in parts])
        if self.pays is None:
            return self._tried(points, row)
        found = self._sure(points, row)
        return plain(points) if found is None else found

    def in_parts(self, points: Tensor, row: int) -> Tensor | None:
        """The model's output on copies of one input, or None where they differ in too much."""
        if self._kept is None or self._kept[0] != (row, points.dtype):
            reference = self.inputs[row : row + 1].to(points.dtype)
            self._kept = (row, points.dtype), reference, Steps()
        _, reference, steps = self._kept
        changed = difference(points, reference)
        if changed is None:
            return None
        steps.rewind()
        output = self.passes.answer(PartTensor.of(changed, steps))
        return output.whole() if isinstance(output, PartTensor) else output

    def _sure(self, points: Tensor, row: int) -> Tensor | None:
        """As `in_parts`; None also where the model cannot be followed, from then on."""
        try:
            return self.in_parts(points, row)
        except (Problem, Cancelled):
            raise
        except Exception as error:
            self.pays, self._kept = False, None
            if is_out_of_memory(error):
                raise
            return None

    def _tried(self, points: Tensor, row: int) -> Tensor:
        """The output, by both ways where that is worth it; what is known then."""
        plain = self._plain
        self._trials -= 1
        ends = points[:: len(points) - 1][:AT_FIRST]
        started = time.perf_counter()
        expected = plain(ends)
        whole = _seconds(points, started) / len(ends)
        self._settle()
        worth_it = whole * (self.passes.expected - self.passes.forward_rows) >= WORTH_IT
        if not worth_it or any(map(_looks_at_tensors, held_by(self.passes.model).modules)):
            self.pays = False
            return plain(points)
        started = time.perf_counter()
        found = self._sure(points, row)
        in_parts = _seconds(points, started) / len(points)
        self._settle()
        if found is None:
            self.pays = False if not self._trials else self.pays
            return plain(points)
        compared, short = found[:: len(points) - 1][:AT_FIRST], whole * len(ends) < SHORT
        if short:
            compared, started = found, time.perf_counter()
            expected = plain(points)
            whole = _seconds(points, started) / len(points)
            self._settle()
        if not _agree(compared, expected, found):
            self.pays = False
            return expected if short else plain(points)
        if in_parts < whole or not self._trials:
            self.pays = in_parts < whole
            if self.pays:  # what every pass costs, whatever it asks, is shared by several parts
                least = int(WHOLE_POINTS * whole / in_parts)
                self.passes.allow(0, max(1, min(len(points), least)))
        return found

    def _plain(self, points: Tensor) -> Tensor:
        return self.passes.answer(points.clone())  # it may write on them

    def _settle(self) -> None:
        if self.passes.state is not None:
            self.passes.state.settle()


def _may(passes: Passes, inputs: Tensor) -> bool:
    """Whether answers may be computed in parts, by how the model behaves and what inputs are."""
    behaviour = passes.behaviour
    if behaviour.random or behaviour.mixes or behaviour.one_row or behaviour.remembers:
        return False
    places = inputs[0].numel() // min(inputs.shape[1:]) if inputs.ndim > 2 else 0
    on_cpu = inputs.device.type == "cpu"
    return places >= FEWEST_PLACES and inputs.dtype in TOLERANCES and on_cpu


def _looks_at_tensors(module: nn.Module) -> bool:
    """Whether hooks see what a module is given, or it is compiled: it gets plain tensors."""
    hooks = (module._forward_hooks, module._forward_pre_hooks)
    compiled = isinstance(module, torch.jit.ScriptModule) or hasattr(module, "_orig_mod")
    return any(hooks) or compiled or getattr(module, "_compiled_call_impl", None) is not None


def difference(points: Tensor, reference: Tensor) -> Changed | None:
    """Copies (n, …) of one input (1, …) as what differs; None where that is too much.

    Examples
    --------
    >>> x = torch.zeros(1, 2, 9)
    >>> points = x.repeat(2, 1, 1)
    >>> points[0, 1, 8], points[1, 0, 4:6] = 1, 2
    >>> changed = difference(points, x)
    >>> changed.starts[1].tolist(), changed.sizes
    ([7, 4], (2, 2))
    """
    sides = reference.shape[1:]
    smallest = sides.index(min(sides))
    # NumPy looks for any true value ten times as fast.
    unequal: np.ndarray = (points != reference).cpu().numpy()
    unequal = np.logical_or.reduce(unequal, smallest + 1)
    starts: list[np.ndarray | None] = []
    sizes, share = [], 1.0
    for place, side in enumerate(sides):
        start, size = None, side
        if place != smallest:
            kept = place if place > smallest else place + 1
            others = tuple(axis for axis in range(1, unequal.ndim) if axis != kept)
            start, size = _extent(np.logical_or.reduce(unequal, others), side)
        starts.append(start)
        sizes.append(size)
        share *= size / side
    if share > LARGEST_BOX:
        return None
    known: Starts = tuple(starts)
    return Changed(reference, cut(points, known, sizes, len(points)), known)


def _extent(unequal: np.ndarray, side: int) -> tuple[np.ndarray | None, int]:
    """Where rows (n, side) of truth values are true, as starts and one size."""
    first, after = unequal.argmax(1), side - unequal[:, ::-1].argmax(1)
    size = max(1, int((after - first)[unequal.any(1)].max(initial=1)))
    return (None, side) if size >= side else (np.minimum(first, side - size), size)


def _agree(found: Tensor, expected: Tensor, all_found: Tensor) -> bool:
    """Whether answers are the same but for rounding, seen against how far points spread them."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if not expected.is_floating_point():
        return torch.equal(found, expected)
    spread = float((all_found.amax(0) - all_found.amin(0)).max())
    rounding = ROUNDINGS * torch.finfo(expected.dtype).eps * float(expected.abs().max())
    allowed = TOLERANCES.get(expected.dtype, 0.0) * spread + rounding
    return float((found - expected).abs().max()) <= allowed


def _seconds(points: Tensor, started: float) -> float:
    """Since then, with what a device still computes."""
    if points.is_cuda:
        torch.cuda.synchronize(points.device)
    return time.perf_counter() - started
