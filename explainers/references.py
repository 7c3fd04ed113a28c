"""Inputs as a method may have them, and the baseline as references for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from explainers.baselines import BASELINES
from explainers.errors import Problem
from explainers.kinds.fitting import inside_padding
from explainers.options import lookup
from explainers.running.failures import all_finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def as_tensor(values: ArrayLike, what: str) -> Tensor:
    """Numbers as a tensor: of a tensor itself, of NumPy, or of lists.

    Parameters
    ----------
    values : Tensor, ndarray, or nested sequence of numbers
    what : str
        What they are, for the message: "inputs".

    Raises
    ------
    Problem
        For what is no array of numbers.

    Examples
    --------
    >>> as_tensor(np.array([[1.0, 2.0]]), "inputs")
    tensor([[1., 2.]], dtype=torch.float64)
    """
    if isinstance(values, Tensor):
        return values
    try:
        if isinstance(values, (list, tuple)) and any(isinstance(v, Tensor) for v in values):
            return torch.stack([torch.as_tensor(value) for value in values])
        if isinstance(values, (list, tuple)):
            return torch.tensor(values)
        return torch.from_numpy(np.array(values))
    except (TypeError, ValueError, RuntimeError) as error:
        raise Problem(
            f"{what} must be a tensor of numbers, not {type(values).__name__}. A NumPy array and "
            "nested lists of numbers will do too."
        ) from error


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
        raise Problem(
            "inputs must be a tensor (N, …) with at least one input: one row is inputs[None]."
        )
    if not inputs.is_floating_point():
        raise Problem(
            f"inputs are {inputs.dtype}; attributions need floating-point numbers. Give "
            "inputs.float(); where whole numbers are codes of an embedding, explain the network "
            "behind it, with the embedding's output as inputs."
        )
    if not all_finite(inputs):
        bad = int((~torch.isfinite(inputs)).sum())
        raise Problem(f"{bad} input values are NaN or infinite; replace them first.")


def references_of(
    baseline: str | ArrayLike, inputs: Tensor, data: ArrayLike | None = None
) -> Tensor:
    """The references that each input is compared with.

    Parameters
    ----------
    baseline : str, Tensor or array
        A key of BASELINES; or a number, for all values; or (…) one reference for all inputs,
        (N, …) one each, or (N, R, …) R references each.
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
    data = None if data is None else as_tensor(data, "data")
    if isinstance(baseline, str):
        made = lookup(BASELINES, baseline, "baseline").make(inputs.detach(), data)
        return made if made.ndim > inputs.ndim else made.unsqueeze(1)
    baseline = as_tensor(baseline, "baseline").detach()
    if not all_finite(baseline):
        bad = int((~torch.isfinite(baseline)).sum())
        raise Problem(f"{bad} values of the baseline are NaN or infinite; replace them first.")
    shape = tuple(inputs.shape)
    if baseline.ndim == 0:
        return baseline.to(inputs).expand(shape).unsqueeze(1)
    if baseline.shape in (shape[1:], (1, *shape[1:])):
        return baseline.expand(shape).unsqueeze(1)
    if baseline.shape == shape:
        return baseline.unsqueeze(1)
    if baseline.ndim == len(shape) + 1 and (len(baseline), *baseline.shape[2:]) == shape:
        return baseline
    raise Problem(
        f"The baseline has shape {tuple(baseline.shape)}; for inputs {shape} it must be "
        f"{shape[1:]}, {shape}, or ({', '.join(map(str, (shape[0], 'R', *shape[1:])))}) for R "
        "references each."
    )


def with_padding(references: Tensor, x: Tensor, around: Sequence[Sequence[int] | None]) -> Tensor:
    """References whose padding is their input's own, so that it counts for nothing.

    Parameters
    ----------
    references : Tensor, shape (N or 1, …) or (N or 1, R, …)
    x : Tensor, shape (N, channels, height, width)
    around : sequence of N
        What lies around each picture, as `explainers.kinds.fitting.padding` gives it, or None.

    Examples
    --------
    >>> x = torch.arange(6.0).view(1, 1, 2, 3)
    >>> with_padding(torch.zeros(1, 1, 2, 3), x, [(0, 0, 1, 1)]).tolist()
    [[[[0.0, 0.0, 2.0], [3.0, 0.0, 5.0]]]]
    """
    sides = x.shape[-2:]
    inside = torch.stack(
        [torch.from_numpy(inside_padding(sides, one or (0, 0, 0, 0))) for one in around]
    )
    several = references.ndim > x.ndim
    inside = inside.to(x.device)[:, None]
    return torch.where(
        inside[:, None] if several else inside, references, x[:, None] if several else x
    )
