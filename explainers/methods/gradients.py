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
    """|∂f/∂x|, or ∂f/∂x with its sign; scores like the inputs."""
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
    """(x − x′)·∂f/∂x, with baseline x′; scores like the inputs."""
    context.expect(len(context.inputs))
    return MethodResult(context.input_gradients() * (context.inputs - context.baseline))
