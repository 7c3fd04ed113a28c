"""Grad-CAM: which channels of a convolution speak for the class, and where they are active.

Selvaraju et al. 2017 (arXiv:1610.02391).
"""

from __future__ import annotations

from dataclasses import dataclass

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option


@dataclass(frozen=True)
class Options:
    """Options of `grad_cam`."""

    layer: str | None = option(
        None, "Layer", "Name of the convolution; empty: the last one.", kind=str
    )


@method(
    key="grad_cam",
    name="Grad-CAM",
    order=70,
    says="Asks where the last convolution is active in the channels that speak for the class.",
    cost="one forward and one backward pass",
    misleads="Coarse: it shows regions, not pixels, and only what supports the class.",
    source="Selvaraju et al. 2017, arXiv:1610.02391",
    estimate=lambda options, shape: 2,
    unit="activation",
    options=Options,
    kinds=("picture", "sequence"),
    signed=False,
    uses_baseline=False,
    needs_module=True,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """ReLU(Σ_k mean(∂f/∂A_k) · A_k), enlarged to the input and spread evenly over its channels.

    inputs (N, C, H, W) or (N, C, L); scores like the inputs, their sum over C is the map.
    """
    import torch.nn.functional as F
    from torch import nn

    from explainers.passes import last_convolution

    if not isinstance(run.model, nn.Module) or inputs.ndim not in (3, 4):
        raise Problem(
            "Grad-CAM needs a torch module with a convolution and inputs (N, channels, height, "
            "width) or (N, channels, length)."
        )
    names = dict(run.model.named_modules())
    name = options.layer or last_convolution(run.model)
    if name is None:
        raise Problem("This model has no convolution, so Grad-CAM cannot work on it.")
    if name not in names:
        raise Problem(
            f"The model has no layer {name!r}; the last convolution is "
            f"{last_convolution(run.model)!r}."
        )
    run.expect(len(inputs))
    from explainers.methods.gradients import one_each

    _, activations, grads = run.layer(name, inputs, one_each(inputs))
    if activations.ndim != inputs.ndim:
        raise Problem(f"The layer {name!r} gives shape {tuple(activations.shape)}, not a map.")
    space = tuple(range(2, inputs.ndim))
    weight = grads.mean(space, keepdim=True)
    cam = (weight * activations).sum(1, keepdim=True).relu()
    mode = "bilinear" if inputs.ndim == 4 else "linear"
    cam = F.interpolate(cam, inputs.shape[2:], mode=mode, align_corners=False)
    return MethodResult((cam / inputs.shape[1]).expand_as(inputs).clone())
