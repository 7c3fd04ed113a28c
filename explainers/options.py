"""Options of methods and baselines: one dataclass drives widgets, menus, recipes and checks."""

from __future__ import annotations

import dataclasses
import difflib
import numbers
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from explainers.errors import Problem

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OptionsT = TypeVar("OptionsT", bound="DataclassInstance")
Entry = TypeVar("Entry")


@dataclasses.dataclass
class OptionText:
    """What people read of an option: a label, a sentence, and names of its choices."""

    label: str
    help: str
    choices: dict[str, str]


def option(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Iterable[str] | Mapping[str, Any] | None = None,
    kind: type | None = None,
    widget: bool = True,
) -> Any:
    """A field of an options dataclass, with what a widget and a check need to know.

    What people read of it is set by `describe_options`.

    Parameters
    ----------
    default : object
    low, high : float, optional
        Bounds of a number, themselves allowed.
    choices : iterable of str, or mapping, optional
        The accepted values. Of a registry, such as METHODS, its keys; people read the names of its
        entries.
    kind : type, optional
        Of a value other than None or a tuple; by default that of `default`.
    widget : bool
        False for what is chosen where the data are known.

    Returns
    -------
    dataclasses.Field
        Typed as Any, so that it can stand as the default of a field of any type.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Options:
    ...     samples: int = option(32, low=2, high=4096)
    >>> make_options(Options, {"samples": 64}, "SmoothGrad").samples
    64
    """
    registry = choices if isinstance(choices, Mapping) else {}
    metadata = {
        "low": low,
        "high": high,
        "choices": None if choices is None else tuple(choices),
        "kind": kind or type(default),
        "widget": widget,
        "text": OptionText(
            "", "", {key: getattr(entry, "name", key) for key, entry in registry.items()}
        ),
    }
    return dataclasses.field(default=default, metadata=metadata)


def describe_options(kind: type[DataclassInstance], words: Mapping[str, Any]) -> None:
    """Set what people read of the options of a dataclass; by default an option's own name.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are made by `option`.
    words : mapping
        Option → its "label", "help", and "choices" by value.
    """
    for field in dataclasses.fields(kind):
        own, text = words.get(field.name, {}), field.metadata["text"]
        text.label = own.get("label", field.name.replace("_", " ").capitalize())
        text.help = own.get("help", "")
        names = text.choices | own.get("choices", {})
        text.choices = {value: names.get(value, value) for value in field.metadata["choices"] or ()}


def option_text(field: dataclasses.Field[Any]) -> OptionText:
    """What people read of an option."""
    text: OptionText = field.metadata["text"]
    return text


def lookup(table: Mapping[str, Entry], key: str, what: str) -> Entry:
    """The entry of a registry.

    Parameters
    ----------
    table : mapping
        Name → entry.
    key : str
    what : str
        What the entries are, for the message: "method".

    Raises
    ------
    Problem
        Where there is none, with all names and the nearest one.

    Examples
    --------
    >>> lookup({"rise": 1}, "rsie", "method")
    Traceback (most recent call last):
        ...
    explainers.errors.Problem: There is no method 'rsie'; there are rise. Did you mean 'rise'?
    """
    if key not in table:
        known, hint = ", ".join(sorted(table)), _nearest(key, table)
        raise Problem(f"There is no {what} {key!r}; there are {known}.{hint}")
    return table[key]


def make_options(kind: type[OptionsT], given: Mapping[str, Any], what: str) -> OptionsT:
    """Checked options of a method or a baseline.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are made by `option`.
    given : mapping
        Option → value; those that are not given have their default.
    what : str
        Whose options they are, for the message: "SmoothGrad".

    Raises
    ------
    Problem
        For an option that is not known, or a value that is not possible.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Options:
    ...     samples: int = option(32, low=2, high=4096)
    >>> make_options(Options, {"samples": 1}, "SmoothGrad")
    Traceback (most recent call last):
        ...
    explainers.errors.Problem: SmoothGrad: samples=1 is not between 2 and 4096.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in given:
        if name not in fields:
            accepted = ", ".join(fields) or "none"
            raise Problem(f"{what} has no option {name!r}; its options are: {accepted}.")
    return kind(**{name: check_option(fields[name], value, what) for name, value in given.items()})


def option_choices(kind: type[DataclassInstance], name: str) -> dict[str, str]:
    """The accepted values of one option, with their names for people."""
    (field,) = (field for field in dataclasses.fields(kind) if field.name == name)
    return option_text(field).choices


def check_option(field: dataclasses.Field[Any], value: Any, what: str) -> Any:
    """The value of one option, as the type that it declares.

    Parameters
    ----------
    field : dataclasses.Field
        Made by `option`.
    value : object
        For an option of several numbers a tuple or a list.
    what : str
        Whose option it is, for the message.

    Raises
    ------
    Problem
        For a value of another type, out of bounds, or not among the choices.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Options:
    ...     window: int = option(8, low=1)
    >>> check_option(dataclasses.fields(Options)[0], [4.0, 2], "Occlusion")
    (4, 2)
    """
    meta = field.metadata
    if value is None and field.default is None:
        return None
    if meta["choices"] is not None:
        if not any(one == value and _same_sort(one, value) for one in meta["choices"]):
            options = ", ".join(map(repr, meta["choices"]))
            hint = _nearest(value, meta["choices"])
            raise Problem(f"{what}: {field.name}={value!r} is not one of {options}.{hint}")
        return value
    if isinstance(value, (tuple, list)):
        return tuple(check_option(field, part, what) for part in value)
    kind = meta["kind"]
    if kind in (int, float):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        number = number and -_LARGEST <= value <= _LARGEST  # not NaN either
        if not number or (kind is int and value != int(value)):
            raise Problem(f"{what}: {field.name}={value!r} is not a {_NUMBER[kind]}.")
        low, high = meta["low"], meta["high"]
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"between {low} and {high}" if high is not None else f"at least {low}"
            raise Problem(f"{what}: {field.name}={value!r} is not {bounds}.")
        return kind(value)
    if not isinstance(value, kind):
        raise Problem(f"{what}: {field.name}={value!r} is not a {kind.__name__}.")
    return value


def _nearest(value: Any, known: Iterable[str]) -> str:
    """A sentence with what was meant, perhaps; "" where nothing is near."""
    near = difflib.get_close_matches(str(value), map(str, known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _same_sort(one: Any, other: Any) -> bool:
    """Whether both are truth values, or none is: True is no number."""
    return isinstance(one, bool) == isinstance(other, bool)


_LARGEST = sys.float_info.max
_NUMBER = {int: "whole number", float: "number"}


def demand_count(name: str, value: object) -> None:
    """Problem for what is no whole number from 1 on.

    Examples
    --------
    >>> demand_count("repeats", 2)
    >>> demand_count("repeats", "2")
    Traceback (most recent call last):
        ...
    explainers.errors.Problem: repeats='2' is not a positive whole number.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise Problem(f"{name}={value!r} is not a positive whole number.")
