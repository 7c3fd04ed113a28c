"""torchvision's classifiers: built without data, recognised by their weights, filled with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from explainers.errors import Problem
from explainers.models.formats.tensor_shapes import Shapes, demand_fit, difference, tensor_shapes
from explainers.models.zoo.architectures import ARCHITECTURES
from explainers.options import lookup

_INITIALISERS = frozenset(
    {Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_}
    | {Tensor.erfinv_, Tensor.mul_, Tensor.add_, Tensor.clamp_}  # of a truncated normal
)
_USUAL_CLASSES = 1000
_WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")
_FAMILIES = {
    "alexnet": "classifier.6.weight",
    "convnext": "features.1.0.layer_scale",
    "densenet": "features.denseblock1.denselayer1.norm1.weight",
    "efficientnet": "features.1.0.block.0.0.weight",
    "googlenet": "conv1.conv.weight",
    "inception": "Conv2d_1a_3x3.conv.weight",
    "maxvit": "stem.0.0.weight",
    "mnasnet": "layers.3.weight",
    "mobilenet_v2": "features.1.conv.0.0.weight",
    "mobilenet_v3": "features.1.block.0.0.weight",
    "regnet": "trunk_output.block1.block1-0.proj.0.weight",
    "resne": "layer1.0.conv1.weight",
    "shufflenet": "stage2.0.branch1.0.weight",
    "squeezenet": "features.3.squeeze.weight",
    "swin": "features.1.0.attn.qkv.weight",
    "vgg": "classifier.6.weight",
    "vit": "class_token",
    "wide_resnet": "layer1.0.conv1.weight",
}
"""How the names of architectures begin, and a tensor that each of them has: what lacks it is none
of them, without building them all, or importing torchvision."""


def build_architecture(architecture: str, classes: int, auxiliary: bool = False) -> nn.Module:
    """An untrained torchvision classifier for so many classes.

    Parameters
    ----------
    architecture : str
        One of ARCHITECTURES.
    classes : int
        Outputs of the last layer.
    auxiliary : bool
        Whether GoogLeNet and Inception get the heads that only their training needs.

    Returns
    -------
    nn.Module
        From pictures (N, 3, height, width) to logits (N, classes).
    """
    from torchvision import models

    options: dict[str, Any] = {}
    if architecture in _WITH_AUXILIARY_HEADS:
        options = {"aux_logits": auxiliary, "init_weights": False, "transform_input": False}
    return models.get_model(architecture, weights=None, num_classes=classes, **options)


def load_torchvision(architecture: str, state: Mapping[str, Tensor]) -> nn.Module:
    """The torchvision classifier `architecture` with these weights, in evaluation mode.

    Parameters
    ----------
    architecture : str
        One of ARCHITECTURES.
    state : Mapping[str, Tensor]
        Its state dict; the number of classes is read from it.

    Raises
    ------
    Problem
        With what differs where the weights are of another architecture.
    """
    lookup(dict.fromkeys(ARCHITECTURES), architecture, "architecture")
    with weightless():
        pattern = build_architecture(architecture, _USUAL_CLASSES, auxiliary=True).state_dict()
    given = tensor_shapes(state)
    heads = [
        key for key, value in pattern.items() if value.ndim and value.shape[0] == _USUAL_CLASSES
    ]
    classes = {given[key][0] for key in heads if given.get(key)}
    if not classes:
        raise Problem(difference(architecture, tensor_shapes(pattern), given))
    auxiliary = any(key.lower().startswith("aux") for key in state)
    model = build_architecture(architecture, min(classes), auxiliary)
    demand_fit(architecture, tensor_shapes(model.state_dict()), given)
    model.load_state_dict(state)
    return model.eval()


def recognise_torchvision(state: Mapping[str, Tensor]) -> str | None:
    """The architecture with just these names and shapes, whatever the number of classes.

    Where several fit, they are one network under several names, and the first is given; None
    where none does.
    """
    given = tensor_shapes(state)
    for name in ARCHITECTURES:
        key = next((key for family, key in _FAMILIES.items() if name.startswith(family)), None)
        if key is not None and key not in given:
            continue
        if any(_same_network(given, pattern) for pattern in _patterns(name)):
            return name
    return None


@contextmanager
def weightless() -> Iterator[None]:
    """Modules built meanwhile have parameters without data: names and shapes, no memory, no time.

    torch.device("meta") would do as much, but some constructors (RegNet) compute with tensors.

    Examples
    --------
    >>> from torch import nn
    >>> with weightless():
    ...     layer = nn.Linear(10, 2)
    >>> layer.weight.device.type, tuple(layer.weight.shape)
    ('meta', (2, 10))
    """

    def without_data(module: nn.Module, name: str, parameter: nn.Parameter) -> nn.Parameter:
        return nn.Parameter(parameter.to("meta"))

    # torch calls it with what it shall register instead, its stub says that it returns nothing.
    hook = register_module_parameter_registration_hook(without_data)  # type: ignore[arg-type]
    try:
        with SkipInitialisation():
            yield
    finally:
        hook.remove()


class SkipInitialisation(TorchFunctionMode):
    """Writes no numbers in tensors that hold none; torch takes long to find out that it cannot."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _INITIALISERS and args[0].is_meta:
            return args[0]
        return func(*args, **(kwargs or {}))


@functools.cache
def _patterns(architecture: str) -> tuple[Shapes, ...]:
    """Names and shapes of the architecture for the usual classes, without and with aux heads."""
    patterns = []
    for auxiliary in (False, True) if architecture in _WITH_AUXILIARY_HEADS else (False,):
        with weightless():
            network = build_architecture(architecture, _USUAL_CLASSES, auxiliary)
        patterns.append(tensor_shapes(network.state_dict()))
    return tuple(patterns)


def _same_network(given: Shapes, pattern: Shapes) -> bool:
    """Whether names and shapes agree, but for the number of classes."""
    return given.keys() == pattern.keys() and all(
        given[key] == shape
        or (shape[:1] == (_USUAL_CLASSES,) and given[key][1:] == shape[1:] and bool(given[key]))
        for key, shape in pattern.items()
    )
