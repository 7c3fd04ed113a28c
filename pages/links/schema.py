"""What a link may hold: every parameter's exact type, range and count; and how a value is written.

A link is written by anybody. What is not of its parameter's type never becomes a choice, so that
no task is made of it: `True` is no number, `1` no switch, and a list has so many parts at most.
"""

from __future__ import annotations

import dataclasses
import json
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from explainers.baselines import BASELINES
from explainers.importance import IMPORTANCE
from explainers.methods import METHODS
from explainers.models.zoo.worked_examples import WORKED_EXAMPLES
from explainers.options import check_option

LONGEST_LINK = 200_000
"""Characters of all values of a link together."""
LEFT_OPEN = ("", "None", "null")
"""What other programs write into links for a choice that nobody made; it is no mistake."""
_LARGEST = 2**53 - 1
"""Of whole numbers, which a browser holds as float64."""

Option = TypeVar("Option")

Word: TypeAlias = Annotated[str, Meta(max_length=1000)]
Text: TypeAlias = Annotated[str, Meta(max_length=LONGEST_LINK)]
Digest: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(\.[A-Za-z0-9]{1,20}){0,3}\Z")]
Place: TypeAlias = Annotated[int, Meta(ge=0, le=_LARGEST)]
PlaceOrNone: TypeAlias = Annotated[int, Meta(ge=-1, le=_LARGEST)]
Number: TypeAlias = Annotated[int, Meta(ge=1, le=_LARGEST)]
Real: TypeAlias = Annotated[float, Meta(ge=-3.4e38, le=3.4e38)]
Words: TypeAlias = Annotated[list[Word], Meta(max_length=10_000)]
Places: TypeAlias = Annotated[list[Place], Meta(max_length=1000)]


class Changed(Struct, forbid_unknown_fields=True):
    """Values of a row that the visitor changed."""

    row: Word
    values: dict[Word, Real]


class CardSettings(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a network's card says of its input."""

    kind: Word | msgspec.UnsetType = msgspec.UNSET
    swapped: bool | msgspec.UnsetType = msgspec.UNSET
    columns: Words | None | msgspec.UnsetType = msgspec.UNSET


class Expected(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a person expects of the output as an input rises."""

    input: Word
    sign: Word | msgspec.UnsetType = msgspec.UNSET
    low: Real | msgspec.UnsetType = msgspec.UNSET
    high: Real | msgspec.UnsetType = msgspec.UNSET
    output: Place | msgspec.UnsetType = msgspec.UNSET


_GROUPS = [f"group{number}" for number in range(1, 9)]
_SWITCHES = (
    "centred every own_columns own_scale retrain "
    "sanity scale standardise standardise_codes together versus"
)
_WORDS = (
    "about across answers architecture axiom baseline closer curves depends device down "
    "encoding feature filling fit from hand lags_by layer many_asks many_checks many_from "
    "many_order many_part measure method model normalise order part read receipt sample score show "
    "source stand target_column together_by truth turned unit_slopes way where"
)
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(_SWITCHES.split(), bool),
    **dict.fromkeys(_WORDS.split(), Word),
    **dict.fromkeys(("deviations", "mean", "means", "shape", "std"), Text),
    **dict.fromkeys(("a", "b", "box", "box_numbers", "column", "output", "rather"), Place),
    **dict.fromkeys(("checked", "place_slice", "row", "sane", "sequence", "takes"), Place),
    **dict.fromkeys([f"{group}_name" for group in _GROUPS], Word),
    **dict.fromkeys(_GROUPS, Words),
    **dict.fromkeys(("asked_of", "many_class", "of", "target"), PlaceOrNone),
    **dict.fromkeys(("repeats", "rows", "series", "size", "slice", "step", "stride"), Number),
    **dict.fromkeys(("stretch", "width", "window"), Number),
    **dict.fromkeys(("hide", "own_white", "photo_white", "picture_white", "white"), Real),
    **dict.fromkeys(("collection", "data", "names", "own", "photo", "picture", "weights"), Digest),
    **dict.fromkeys(
        ("baselines", "by", "columns", "inputs", "methods", "models", "pictures"), Words
    ),
    **dict.fromkeys(("bands", "classes"), Places),
    "added": Annotated[list[Digest], Meta(max_length=1000)],
    "card": CardSettings,
    "chain": Annotated[dict[Word, Word], Meta(max_length=1000)],
    "changed": Changed,
    "expected": Annotated[list[Expected], Meta(max_length=10_000)],
    "runs": Annotated[list[Digest], Meta(max_length=1000)],
}
"""The type of every choice by its name, but for those of `_OPTIONS` and of worked examples."""

OF_ONE_PAGE = frozenset({"runs"})
"""Choices that stand in the address of their own page alone."""

_OPTIONS: dict[str, Mapping[str, Any]] = {"o": METHODS, "b": BASELINES, "i": IMPORTANCE}
"""Choices of options are called "o.smoothgrad.samples": registry, entry, option."""


def parse(link: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The choices that a link holds, and what in it is not possible.

    Parameters
    ----------
    link : mapping of str to str
        Its query parameters.

    Returns
    -------
    (dict, dict)
        Choices by name, each of its type; and by name the text of what is of another. Names that
        no choice has are left out.

    Examples
    --------
    >>> parse({"target": "2", "row": "true", "classes": "[true]", "utm_source": "a"})
    ({'target': 2}, {'row': 'true', 'classes': '[true]'})
    """
    values: dict[str, Any] = {}
    malformed: dict[str, str] = {}
    room = LONGEST_LINK
    for name, text in link.items():
        room -= len(text)
        try:
            if room < 0:
                raise ValueError
            values[name] = value_of(name, decode(text))
        except KeyError:
            continue
        except (ValueError, RecursionError):
            if text not in LEFT_OPEN:
                malformed[name] = text
    return values, malformed


def value_of(name: str, value: Any) -> Any:
    """The value as a choice of that name holds it.

    Parameters
    ----------
    name : str
    value : object
        Plain data, as JSON holds it.

    Raises
    ------
    KeyError
        Where no choice is called so.
    ValueError
        Where the value is of another type, or outside of what is possible.

    Examples
    --------
    >>> value_of("hide", 1), value_of("o.smoothgrad.samples", 8)
    (1.0, 8)
    """
    if value is None:
        if name not in SCHEMA and not name.partition(".")[2]:
            raise KeyError(name)
        raise ValueError("nothing is no value")
    if name in SCHEMA:
        return msgspec.to_builtins(msgspec.convert(value, SCHEMA[name], strict=True))
    registry, _, rest = name.partition(".")
    if registry not in _OPTIONS:
        return _of_worked_example(registry, value)
    key, _, option = rest.rpartition(".")
    fields = {field.name: field for field in dataclasses.fields(_OPTIONS[registry][key].options)}
    if isinstance(value, (list, dict)) or not fields[option].metadata["widget"]:
        raise ValueError("no widget gives this")
    checked = check_option(fields[option], value, option)
    if isinstance(checked, int) and abs(checked) > _LARGEST:
        raise ValueError("larger than a browser can hold")
    return checked


def _of_worked_example(example: str, value: Any) -> float:
    """A number of a slider; which sliders there are the page knows."""
    WORKED_EXAMPLES[example]
    number: float = msgspec.convert(value, Real, strict=True)
    return number


def encode(value: Any) -> str:
    """A choice as it stands in a link: the text itself, or JSON for what is no text.

    Examples
    --------
    >>> encode("a b"), encode("1"), encode([1, 2])
    ('a b', '"1"', '[1, 2]')
    """
    try:
        plain = isinstance(value, str) and decode(value) == value
    except (ValueError, RecursionError):
        plain = False
    return value if plain else json.dumps(value)


def decode(text: str) -> Any:
    """What a value in a link says, as plain data of finite numbers.

    Raises
    ------
    ValueError, RecursionError
        For what can be no value: half of a character, numbers without end, lists without end.
    """
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_no_constant)
    except ValueError:
        value = text
    json.dumps(value, ensure_ascii=False).encode()  # raises for half a character
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _no_constant(text: str) -> float:
    raise ValueError(text)


def options_of(value: Any, options: Iterable[Option]) -> list[Option]:
    """The one of the options that the value is, of exactly its type; [] where it is none.

    A whole number stands for the same decimal one, which JSON does not tell apart; no truth value
    stands for a number.

    Examples
    --------
    >>> options_of(4095, [1.0, 4095.0]), options_of(True, [1, 2])
    ([4095.0], [])
    """
    return [one for one in options if _kind(one) is _kind(value) and one == value][:1]


def _kind(value: Any) -> type:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return float if is_number else type(value)


def within(value: Any, low: float | None, high: float | None) -> bool:
    """Whether a widget of these ends can show the value; what is no number has no ends.

    Examples
    --------
    >>> within(3, 1, 2), within("three", 1, 2)
    (False, True)
    """
    if not isinstance(value, (int, float)):
        return True
    return (low is None or value >= low) and (high is None or value <= high)
