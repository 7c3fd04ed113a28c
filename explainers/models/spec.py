"""Which model is meant and how a picture is prepared for it: plain data, no torch."""

from __future__ import annotations

from dataclasses import dataclass

NORMALISATIONS = {
    "0–1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "−1–1": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}

RECOGNISE = "recognise"
"""The name of an uploaded model whose architecture is to be found by its weights."""


@dataclass(frozen=True)
class ModelSpec:
    """A model by its origin, and the preparation that it expects of a picture.

    source      "demo", "torchvision" (pretrained, by name) or "upload" (weights in the store).
    name        the demo's name, or the architecture's, or RECOGNISE.
    weights     digest of the uploaded file in the store; "" for the others.
    size        side of the square that the network sees, in px.
    fit         "crop": the largest centred square; "stretch": the whole picture, made square.
    mean, std   per channel, of pixels from 0 to 1.
    """

    source: str
    name: str
    weights: str = ""
    size: int = 224
    fit: str = "crop"
    mean: tuple[float, ...] = NORMALISATIONS["ImageNet"][0]
    std: tuple[float, ...] = NORMALISATIONS["ImageNet"][1]
