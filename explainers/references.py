"""Inputs as a method may have them, and the baseline as references for each of them."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.baselines import BASELINES
from explainers.errors import Problem
from explainers.options import lookup


def check_inputs(inputs: Tensor) -> None:
    """Make sure that inputs can be explained.

    Parameters
    ----------
    inputs : Tensor, shape (N, …), N ≥ 1

    Raises
    ------
    Problem
        Where they are no tensor of finite floating-point numbers with a dimension for the inputs.
    """
    if not isinstance(inputs, Tensor) or inputs.ndim < 2 or len(inputs) == 0:
        raise Problem("inputs must be a tensor (N, …) with at least one input.")
    if not inputs.is_floating_point():
        raise Problem(f"inputs are {inputs.dtype}; attributions need floating-point numbers.")
    bad = int((~torch.isfinite(inputs)).sum())
    if bad:
        raise Problem(f"{bad} input values are NaN or infinite; replace them first.")


def references_of(baseline: str | Tensor, inputs: Tensor, data: Tensor | None = None) -> Tensor:
    """The references that each input is compared with.

    Parameters
    ----------
    baseline : str or Tensor
        A key of BASELINES; or (…) one reference for all inputs, (N, …) one each, or (N, R, …) R
        references each.
    inputs : Tensor, shape (N, …)
    data : Tensor, shape (M, …), optional
        Other inputs, for baselines that are made from them.

    Returns
    -------
    Tensor, shape (N, R, …)

    Raises
    ------
    Problem
        For a name that is not known, or a shape that does not fit.

    Examples
    --------
    >>> inputs = torch.ones(2, 3)
    >>> references_of("zeros", inputs).shape
    torch.Size([2, 1, 3])
    >>> references_of(torch.rand(2, 5, 3), inputs).shape
    torch.Size([2, 5, 3])
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
