"""Real photos of free licence, to try networks for photos on; `assets/photos` credits them."""

from __future__ import annotations

import functools
import json

from explainers.locations import ASSETS
from explainers.models.zoo.signs import Sample

FOLDER = ASSETS / "photos"


@functools.cache
def photos() -> tuple[Sample, ...]:
    """The photos, in the order in which they are shown.

    Examples
    --------
    >>> photos()[0].name, photos()[0].path.name
    ('cat', 'cat.jpg')
    """
    entries = json.loads((FOLDER / "photos.json").read_text(encoding="utf-8"))
    return tuple(
        Sample(entry["name"], entry["title"], "", FOLDER / f"{entry['name']}.jpg")
        for entry in entries
    )


@functools.cache
def class_names() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes in plain English, in their order.

    Examples
    --------
    >>> class_names()[285], len(class_names())
    ('Egyptian cat', 1000)
    """
    return tuple((FOLDER / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines())
