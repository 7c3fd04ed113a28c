"""Grad-CAM: which channels of a layer speak for the class, and where they are active.

Selvaraju et al. 2017 (arXiv:1610.02391).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option

if TYPE_CHECKING:
    from explainers.context import Context

_MODES = {3: "linear", 4: "bilinear", 5: "trilinear"}


@dataclass(frozen=True)
class Options:
    """Options of `grad_cam`."""

    layer: str | None = option(None, kind=str)


@method(
    key="grad_cam",
    order=70,
    source="Selvaraju et al. 2017, arXiv:1610.02391",
    answers="activation",
    estimate=lambda options, layout: 4,
    unit="activation",
    options=Options,
    kinds=("picture", "sequence"),
    signed=False,
    uses_baseline=False,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """ReLU(Σ_k mean(∂f/∂A_k) · A_k), enlarged to the input and spread evenly over its channels.

    A_k is channel k of the layer, the mean is over its places. Unless `layer` names one, it is the
    last map that the explained output depends on, found by running the model: what the last block
    of convolutions ends with, after its normalisation, addition and non-linearity, and before
    pooling. That is the end of layer4 in a ResNet, all 1,024 channels of a DenseNet, relu5_3 of a
    VGG as in the paper. Where several maps lead to the output and none of them comes from the
    others, it is the last that all of them come from.

    In a vision transformer whose answer is read from the class token, the last attention is the
    last that looks at the other tokens: A is what enters it, after the normalisation, without class
    and register tokens, on the grid of patches. That is `target_layers=[model.blocks[-1].norm1]`
    with a `reshape_transform` in the package pytorch-grad-cam. Where the answer is a mean over the
    tokens, as in Swin, it is the last normalisation. Where the answer is a map itself, as in
    segmentation, it is the activation before the convolution that makes that map.

    Parameters
    ----------
    context : Context
        Inputs (N, C, …) with one to three spatial axes; the model is one that torch runs.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, C, …), nowhere negative; their sum over C is the map. No function of the inputs
        alone: even on a linear function it shows what the layer holds. The setting `layer` says
        which it was.

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
    >>> answer = explain(net, torch.tensor([[[[1.0, -2.0], [3.0, 4.0]]]]), "grad_cam")
    >>> answer.scores
    tensor([[[[0.2500, 0.0000],
              [0.7500, 1.0000]]]])
    >>> answer.settings["layer"]
    '0'
    """
    import torch.nn.functional as F

    inputs = context.inputs
    if inputs.ndim not in _MODES:
        raise Problem(
            "Grad-CAM shows places, so it needs inputs (N, channels, height, width), (N, channels, "
            f"length) or (N, channels, depth, height, width); these are {tuple(inputs.shape)}."
        )
    context.expect(len(inputs) + 1)
    maps = context.activation_maps(options.layer)
    space = tuple(range(2, inputs.ndim))
    weight = maps.gradients.mean(space, keepdim=True)
    cam = (weight * maps.activations).sum(1, keepdim=True).relu()
    cam = F.interpolate(cam, inputs.shape[2:], mode=_MODES[inputs.ndim], align_corners=False)
    notes: tuple[str, ...] = ()
    if not maps.whole:
        notes = (
            "Several branches of this network lead to the explained output and never meet in one "
            f"map; Grad-CAM shows the last, {maps.layer!r}, and not what the others hold.",
        )
    return MethodResult(
        (cam / inputs.shape[1]).expand_as(inputs).clone(),
        notes=notes,
        settings={"layer": maps.layer},
    )
