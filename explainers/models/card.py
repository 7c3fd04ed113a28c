"""The card of a model: what its owner decided about it, as JSON to take along and bring back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from explainers.errors import Problem
from explainers.kinds.fitting import FITS
from explainers.models.class_names import MOST_CLASSES
from explainers.models.spec import ModelSpec

VERSION = 2
KINDS = ("picture", "table", "series", "sequence")
# So many means, columns or choices: as many as a table may have columns.
MOST = 2000
_PREPARATION = ("size", "width", "fit", "mean", "std", "white", "order")
_KEPT = (*_PREPARATION, "kind", "shape", "swapped", "columns", "answers", "step", "places")
LONGEST = 300
LARGEST = 4096
"""The longest side of a picture that a network may see, in px."""
Check: TypeAlias = Callable[[Any], bool]
"""Whether a setting can have this value."""


def card_settings(spec: ModelSpec, classes: tuple[str, ...]) -> dict[str, Any]:
    """What its owner decided about a model, as plain data; `read_card` gives it back.

    Parameters
    ----------
    spec : ModelSpec
    classes : tuple of str
        Names of the outputs.

    Examples
    --------
    >>> settings = card_settings(ModelSpec("upload", "recognise", size=96), ("cat", "dog"))
    >>> settings["size"], settings["classes"]
    (96, ['cat', 'dog'])
    """
    settings = {name: value for name, value in asdict(spec).items() if name in _KEPT}
    return settings | {"choices": dict(spec.choices), "classes": list(classes)}


def read_card(data: bytes) -> dict[str, Any]:
    """The settings in the bytes of a card.

    Raises
    ------
    Problem
        With what is wrong, where it is no card or a setting is not possible.

    Examples
    --------
    >>> read_card(b'{"evident": 2, "settings": {"size": 96}}')
    {'size': 96}
    """
    try:
        card = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Problem(
            "These are no saved settings: the file is not JSON. Upload the one that “Save these "
            "settings” gave you."
        ) from error
    if not isinstance(card, dict) or card.get("evident") != VERSION:
        raise Problem(
            f"These are no saved settings of a network: the file lacks “evident”: {VERSION}. "
            "Upload the one that “Save these settings” gave you."
        )
    return check_settings(card.get("settings"))


def check_settings(settings: Any) -> dict[str, Any]:
    """The settings as they are; Problem with the name of the first that is not possible."""
    if not isinstance(settings, dict):
        raise Problem(
            "This file has no settings. Download it anew: “Save these settings” under “What we "
            "found about your network”."
        )
    for name, value in settings.items():
        if name not in _POSSIBLE or not _POSSIBLE[name](value):
            raise Problem(
                f"The saved setting {str(name)[:40]!r} = {str(value)[:60]!r} is not possible. "
                "Mend it in the file, or leave it out."
            )
    return settings


def _whole(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def _list(one: Check, most: int = MOST) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(one, value))


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


_POSSIBLE: dict[str, Check] = {
    "size": _whole(1, LARGEST),
    "width": _whole(0, LARGEST),
    "white": lambda value: _number(value) and value in (1, 255),
    "order": lambda value: value in ("RGB", "BGR"),
    "fit": lambda value: value in FITS,
    "mean": _list(_number),
    "std": _list(lambda value: _number(value) and value > 0),
    "kind": lambda value: value in KINDS,
    "shape": _list(_whole(0, 10**7), 3),
    "swapped": lambda value: type(value) is bool,
    "columns": _list(_text),
    "answers": lambda value: value in ("classes", "labels", "probabilities", "numbers"),
    "step": lambda value: value is None or _whole(-(10**6), 10**6)(value),
    "places": lambda value: (
        value is None
        or (
            isinstance(value, dict)
            and type(value.get("classes")) is int
            and value["classes"] in (-1, 0, 1)
            and type(value.get("box")) is int
            and value["box"] in (0, 4, 5)
            and _list(_whole(1, LARGEST), 2)(value.get("grid", []))
        )
    ),
    "choices": lambda value: (
        isinstance(value, dict)
        and len(value) <= MOST
        and all(_text(name) and _text(choice) for name, choice in value.items())
    ),
    "classes": _list(_text, MOST_CLASSES),
}
