"""Which architecture a file of weights belongs to, by its names and shapes."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from torch import Tensor

from explainers.errors import Problem
from explainers.models.formats.inferred import describe
from explainers.models.formats.state_dict import built, weightless
from explainers.models.zoo import timm_models
from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN

_USUAL_CLASSES = 1000
Shapes = dict[str, tuple[int, ...]]


def recognised(state: Mapping[str, Tensor]) -> str:
    """The architecture with just these names and shapes, whatever the number of classes.

    torchvision's are tried first; where several of them fit, they are one network under several
    names. Then timm's ("timm/NAME"), where it is installed; then PLAIN_CHAIN. Problem where the
    weights are of none of these.
    """
    given = {key: tuple(value.shape) for key, value in state.items()}
    for name in ARCHITECTURES:
        if any(_alike(given, own) for own in _patterns(name)):
            return name
    if (name := timm_models.recognised(state)) is not None:
        return name
    try:
        describe(state)
        return PLAIN_CHAIN
    except Problem as problem:
        not_plain = problem
    names = ", ".join(list(given)[:3])
    also = f" or the {len(known)} of timm" if (known := timm_models.timm_names()) else ""
    raise Problem(
        f"These weights ({len(given)} tensors: {names}, …) are of none of the {len(ARCHITECTURES)} "
        f"architectures of torchvision{also}. {not_plain} With an architecture chosen from the "
        "list, you see what differs from it."
    ) from not_plain


@functools.cache
def _patterns(architecture: str) -> tuple[Shapes, ...]:
    """Names and shapes of the architecture for the usual classes, without and with aux heads."""
    from torchvision import models

    variants = []
    for aux in (False, True) if architecture in ("googlenet", "inception_v3") else (False,):
        with weightless():
            state = built(models, architecture, _USUAL_CLASSES, aux).state_dict()
        variants.append({key: tuple(value.shape) for key, value in state.items()})
    return tuple(variants)


def _alike(given: Shapes, own: Shapes) -> bool:
    return given.keys() == own.keys() and all(
        given[key] == shape
        or (shape[:1] == (_USUAL_CLASSES,) and given[key][1:] == shape[1:] and given[key])
        for key, shape in own.items()
    )
