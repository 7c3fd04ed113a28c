"""torchvision's pretrained classifiers, by name, downloaded by torchvision's own code."""

from __future__ import annotations

import os

import torch
from torch import nn

from explainers.errors import Problem
from explainers.models.spec import ModelSpec
from explainers.models.zoo.architectures import ARCHITECTURES
from explainers.options import lookup


def pretrained(name: str) -> tuple[nn.Module, tuple[str, ...], ModelSpec]:
    """A torchvision classifier with its best pretrained weights, downloaded where needed.

    Parameters
    ----------
    name : str
        One of ARCHITECTURES.

    Returns
    -------
    model : nn.Module
        In evaluation mode, from pictures (N, 3, size, size) to logits (N, 1000).
    classes : tuple of str
    spec : ModelSpec
        How its pictures are prepared.

    Raises
    ------
    Problem
        Where there is no internet, with the file's name and the folder to put it into.
    """
    from torchvision import models

    lookup(dict.fromkeys(ARCHITECTURES), name, "architecture")
    weights = models.get_model_weights(name).DEFAULT
    try:
        model = models.get_model(name, weights=weights)
    except (OSError, RuntimeError) as error:
        folder = os.path.join(torch.hub.get_dir(), "checkpoints")
        raise Problem(
            f"The weights of {name} are not on this machine and could not be downloaded. "
            f"With internet on another machine, fetch {weights.url} "
            f"and put the file into {folder}."
        ) from error
    recipe = weights.transforms()
    spec = ModelSpec(
        "torchvision",
        name,
        size=int(recipe.crop_size[0]),
        mean=tuple(recipe.mean),
        std=tuple(recipe.std),
    )
    return model.eval(), tuple(weights.meta["categories"]), spec
