"""Reading the card of a model."""

from __future__ import annotations

import json

from explainers.errors import Problem
from explainers.models.card import VERSION, checked, read_card
from explainers.service.parsing.parsers.registry import PARSERS, ParsedFile, Parser


def _read(data: bytes) -> ParsedFile:
    return read_card(data), {}


def _check(facts: dict, arrays: dict) -> None:
    try:
        checked(facts)
    except Problem as problem:
        raise ValueError(str(problem)) from problem
    if arrays:
        raise ValueError("a card holds no arrays")


_GOOD = json.dumps({"evident": VERSION, "settings": {"size": 96, "fit": "crop"}}).encode()

PARSERS["card"] = Parser(
    _read,
    _check,
    "the card of a model",
    "names_megabytes",
    ("json", "encodings.utf_8_sig"),
    lambda: ((_GOOD, {}), (b'{"evident": 1}', {})),
)
