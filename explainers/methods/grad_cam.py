"""Grad-CAM: which channels of a convolution speak for the class, and where they are active.

Selvaraju et al. 2017 (arXiv:1610.02391).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option

if TYPE_CHECKING:
    from torch import nn

    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `grad_cam`."""

    layer: str | None = option(None, kind=str)


@method(
    key="grad_cam",
    order=70,
    source="Selvaraju et al. 2017, arXiv:1610.02391",
    answers="activation",
    estimate=lambda options, layout: 2,
    unit="activation",
    options=Options,
    kinds=("picture", "sequence"),
    signed=False,
    uses_baseline=False,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """ReLU(Σ_k mean(∂f/∂A_k) · A_k), enlarged to the input and spread evenly over its channels.

    A_k is channel k of the layer's output, the mean is over its places.

    Parameters
    ----------
    context : Context
        Inputs (N, C, H, W) or (N, C, L); the model is a torch module with a convolution.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, C, …), nowhere negative; their sum over C is the map. No function of the inputs
        alone: even on a linear function it shows what the layer holds.

    Raises
    ------
    Problem
        For a model or inputs without a map, or a layer that does not exist.

    References
    ----------
    Selvaraju et al. 2017, arXiv:1610.02391.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from explainers import explain
    >>> net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    >>> net[0].weight.data.fill_(1), net[0].bias.data.fill_(0)
    (tensor([[[[1.]]]]), tensor([0.]))
    >>> explain(net, torch.tensor([[[[1.0, -2.0], [3.0, 4.0]]]]), "grad_cam").scores
    tensor([[[[0.2500, 0.0000],
              [0.7500, 1.0000]]]])
    """
    import torch.nn.functional as F
    from torch import nn

    inputs, model = context.inputs, context.model
    if not isinstance(model, nn.Module) or inputs.ndim not in (3, 4):
        raise Problem(
            "Grad-CAM needs a torch module with a convolution and inputs (N, channels, height, "
            "width) or (N, channels, length)."
        )
    name = options.layer or last_convolution(model)
    if name is None:
        raise Problem("This model has no convolution, so Grad-CAM cannot work on it.")
    if name not in dict(model.named_modules()):
        raise Problem(
            f"The model has no layer {name!r}; the last convolution is {last_convolution(model)!r}."
        )
    context.expect(len(inputs))
    activations, gradients = context.layer(name)
    if activations.ndim != inputs.ndim:
        raise Problem(f"The layer {name!r} gives shape {tuple(activations.shape)}, not a map.")
    space = tuple(range(2, inputs.ndim))
    weight = gradients.mean(space, keepdim=True)
    cam = (weight * activations).sum(1, keepdim=True).relu()
    mode = "bilinear" if inputs.ndim == 4 else "linear"
    cam = F.interpolate(cam, inputs.shape[2:], mode=mode, align_corners=False)
    return MethodResult((cam / inputs.shape[1]).expand_as(inputs).clone())


def last_convolution(model: nn.Module) -> str | None:
    """The name of the last convolution that is registered in a model, or None.

    Examples
    --------
    >>> from torch import nn
    >>> last_convolution(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)))
    '2'
    """
    from torch import nn

    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    names = [name for name, module in model.named_modules() if isinstance(module, kinds)]
    return names[-1] if names else None
