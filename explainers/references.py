"""What a method may be asked with: checked inputs, and the baseline as references for each."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.baselines import BASELINES
from explainers.errors import Problem
from explainers.options import lookup


def check_inputs(inputs: Tensor) -> None:
    """Problem where inputs are not a floating-point tensor (N, …) of finite numbers."""
    if not isinstance(inputs, Tensor) or inputs.ndim < 2 or len(inputs) == 0:
        raise Problem("inputs must be a tensor (N, …) with at least one input.")
    if not inputs.is_floating_point():
        raise Problem(f"inputs are {inputs.dtype}; attributions need floating-point numbers.")
    bad = int((~torch.isfinite(inputs)).sum())
    if bad:
        raise Problem(f"{bad} input values are NaN or infinite; replace them first.")


def references_of(baseline: str | Tensor, inputs: Tensor, data: Tensor | None = None) -> Tensor:
    """The baseline of inputs (N, …) as (N, R, …); Problem for a name or shape that does not fit.

    `data` (M, …) are other inputs, for baselines that are made from them.
    """
    if not isinstance(baseline, Tensor):
        made = lookup(BASELINES, baseline, "baseline").make(inputs.detach(), data)
        return made if made.ndim > inputs.ndim else made.unsqueeze(1)
    shape = tuple(inputs.shape)
    if baseline.shape == shape[1:]:
        return baseline.expand(shape).unsqueeze(1)
    if baseline.shape == shape:
        return baseline.unsqueeze(1)
    if baseline.ndim == len(shape) + 1 and (len(baseline), *baseline.shape[2:]) == shape:
        return baseline
    raise Problem(
        f"The baseline has shape {tuple(baseline.shape)}; for inputs {shape} it must be "
        f"{shape[1:]}, {shape}, or {(shape[0], 'R', *shape[1:])} for R references each."
    )
