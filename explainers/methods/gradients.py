"""Saliency and gradient × input: one backward pass.

Simonyan, Vedaldi & Zisserman 2013 (arXiv:1312.6034); Shrikumar et al. 2016 (arXiv:1605.01713).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.methods.registry import MethodResult, method, option

if TYPE_CHECKING:
    from explainers.context import Context


@dataclass(frozen=True)
class SaliencyOptions:
    """Options of `saliency`."""

    signed: bool = option(False)


@method(
    key="saliency",
    order=50,
    source="Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034",
    answers=lambda options: "slope" if options.signed else "magnitude",
    estimate=lambda options, layout: 2,
    unit="slope",
    options=SaliencyOptions,
    signed=lambda options: options.signed,
    uses_baseline=False,
)
def saliency(context: Context, options: SaliencyOptions) -> MethodResult:
    """|∂f/∂x|, or ∂f/∂x with its sign: how strongly the score reacts to a tiny change.

    Parameters
    ----------
    context : Context
        Inputs (N, …); needs gradients.
    options : SaliencyOptions

    Returns
    -------
    MethodResult
        Scores (N, …). On a linear function c·x: |cᵢ|, or cᵢ when signed.

    References
    ----------
    Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: x[:, 0] - 3 * x[:, 1], x, "saliency").scores
    tensor([[1., 3.]])
    """
    context.expect(len(context.inputs))
    gradients = context.input_gradients()
    return MethodResult(gradients if options.signed else gradients.abs())


@dataclass(frozen=True)
class GradientTimesInputOptions:
    """`gradient_x_input` has no options."""


@method(
    key="gradient_x_input",
    order=40,
    source="Shrikumar et al. 2016, arXiv:1605.01713",
    answers="contribution",
    estimate=lambda options, layout: 2,
    options=GradientTimesInputOptions,
)
def gradient_x_input(context: Context, options: GradientTimesInputOptions) -> MethodResult:
    """(x − x′)·∂f/∂x: the contributions if the function were its tangent at x.

    Parameters
    ----------
    context : Context
        Inputs (N, …); needs gradients.
    options : GradientTimesInputOptions

    Returns
    -------
    MethodResult
        Scores (N, …). On a linear function c·x: cᵢ(xᵢ − x′ᵢ).

    References
    ----------
    Shrikumar et al. 2016, arXiv:1605.01713.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: x[:, 0] - 3 * x[:, 1], x, "gradient_x_input").scores
    tensor([[ 1., -6.]])
    """
    context.expect(len(context.inputs))
    return MethodResult(context.input_gradients() * (context.inputs - context.baseline))
