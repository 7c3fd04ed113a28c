"""Options of methods and baselines: one dataclass drives widgets, menus, recipes and checks."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from explainers.errors import Problem


def option(
    default: Any,
    label: str,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: dict[str, str] | None = None,
    kind: type | None = None,
    widget: bool = True,
) -> Any:
    """A field of an options dataclass, with what a widget and a check need to know.

    `choices` are the accepted values with their names for people. `kind` is the type of a value
    other than None or a tuple; by default that of `default`. Without a `widget` it is chosen where
    the data are known.
    """
    metadata = {
        "label": label,
        "help": help,
        "low": low,
        "high": high,
        "choices": choices,
        "kind": kind or type(default),
        "widget": widget,
    }
    return dataclasses.field(default=default, metadata=metadata)


def lookup(table: dict, key: str, what: str) -> Any:
    """The entry of a registry; Problem with the nearest name where there is none."""
    if key not in table:
        near = difflib.get_close_matches(str(key), table, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise Problem(f"There is no {what} {key!r}; there are {', '.join(sorted(table))}.{hint}")
    return table[key]


def make_options(kind: type, given: dict[str, Any], what: str) -> Any:
    """An instance of the options dataclass; Problem names what is unknown or out of range."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in given:
        if name not in fields:
            accepted = ", ".join(fields) or "none"
            raise Problem(f"{what} has no option {name!r}; its options are: {accepted}.")
    return kind(**{name: checked(fields[name], value, what) for name, value in given.items()})


def option_choices(kind: type, name: str) -> dict[str, str]:
    """The accepted values of one option, with their names for people."""
    (field,) = (field for field in dataclasses.fields(kind) if field.name == name)
    choices: dict[str, str] = field.metadata["choices"]
    return choices


def checked(field: dataclasses.Field, value: Any, what: str) -> Any:
    """The value of one option, as its type; Problem where it is not possible."""
    meta = field.metadata
    if value is None and field.default is None:
        return None
    if meta["choices"] is not None:
        if value not in meta["choices"]:
            options = ", ".join(map(repr, meta["choices"]))
            raise Problem(f"{what}: {field.name}={value!r} is not one of {options}.")
        return value
    if isinstance(value, (tuple, list)):
        return tuple(checked(field, part, what) for part in value)
    kind = meta["kind"]
    if kind in (int, float):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or (kind is int and not float(value).is_integer()):
            raise Problem(f"{what}: {field.name}={value!r} is not a {_NUMBER[kind]}.")
        low, high = meta["low"], meta["high"]
        if (low is not None and value < low) or (high is not None and value > high):
            raise Problem(f"{what}: {field.name}={value!r} is not between {low} and {high}.")
        return kind(value)
    if not isinstance(value, kind):
        raise Problem(f"{what}: {field.name}={value!r} is not a {kind.__name__}.")
    return value


_NUMBER = {int: "whole number", float: "number"}
