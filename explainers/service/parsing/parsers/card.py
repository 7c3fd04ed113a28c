"""Parsing the card of a model: its owner's settings, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from explainers.errors import Problem
from explainers.kinds.files.formats import declare
from explainers.models.card import VERSION, check_settings, read_card
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)


def _parse(untrusted_data: bytes) -> ParsedFile:
    return read_card(untrusted_data), {}


def _check(facts: Facts, arrays: Arrays) -> None:
    try:
        check_settings(facts)
    except Problem as problem:
        raise ValueError(str(problem)) from problem
    if arrays:
        raise ValueError("a card holds no arrays")


def _warm_up_files() -> Iterable[WarmUpFile]:
    card = {"evident": VERSION, "settings": {"size": 96, "fit": "crop"}}
    yield json.dumps(card).encode(), {}


PARSERS["card"] = Parser(
    parse=_parse,
    check=_check,
    description="the card of a model",
    limit="names_megabytes",
    modules=("json", "encodings.utf_8_sig"),
    warm_up_files=_warm_up_files,
)

declare("saved settings", "JSON", ".json")
