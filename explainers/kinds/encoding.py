"""Columns of a table as a network's inputs: matched by name, and categories as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import listed
from explainers.kinds.registry import Facts, ParsedFile

ENCODINGS = {
    "places": "the place of its value",
    "each": "a column for each value, 0 or 1",
    "but first": "the same without the first value",
}
"""How a column of text becomes numbers, in words."""
USABLE = ("number", "category")
_IS = " = "


def source(facts: Facts, name: str) -> tuple[str, str | None]:
    """The column of the table that an input comes from, and the value that it stands for, if one.

    Examples
    --------
    >>> facts = {"columns": ["colour"], "levels": {"colour": ["blue", "red"]}}
    >>> source(facts, "colour = red"), source(facts, "colour")
    (('colour', 'red'), ('colour', None))
    """
    if name not in facts["columns"]:
        column, sign, level = name.partition(_IS)
        while sign and level not in facts["levels"].get(column, ()):
            more, sign, level = level.partition(_IS)
            column += _IS + more
        if sign:
            return column, level
    return name, None


def column_of(name: str) -> str:
    """The column that an input seems to come from, where its table is not at hand.

    Examples
    --------
    >>> column_of("colour = red"), column_of("age")
    ('colour', 'age')
    """
    return name.partition(_IS)[0]


def encoded(facts: Facts, columns: Sequence[str], how: str) -> list[str]:
    """The inputs that the columns give when categories are encoded in one of ENCODINGS.

    Examples
    --------
    >>> facts = {"columns": ["age", "colour"], "levels": {"colour": ["blue", "red"]}}
    >>> encoded(facts, ["age", "colour"], "each"), encoded(facts, ["colour"], "but first")
    (['age', 'colour = blue', 'colour = red'], ['colour = red'])
    """
    names: list[str] = []
    for column in columns:
        levels = facts["levels"].get(column, []) if how != "places" else []
        names += [f"{column}{_IS}{level}" for level in levels[how == "but first" :]]
        names += [] if levels else [column]
    return names


def values_of(parsed: ParsedFile, name: str, what: str = "feature") -> np.ndarray:
    """The numbers that an input gets of every row: float64 (rows,), NaN where they are missing.

    Raises
    ------
    Problem
        Where there is no such column, naming those that exist, or it holds no numbers or
        categories.

    Examples
    --------
    >>> from explainers.kinds import table
    >>> parsed = table.read(b"n,colour\\n1,red\\n2,blue\\n3,red\\n4,red\\n5,blue\\n", ".csv")
    >>> values_of(parsed, "colour").tolist(), values_of(parsed, "colour = red").tolist()
    ([1.0, 0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 1.0, 0.0])
    """
    facts, arrays = parsed
    column, level = source(facts, name)
    values = arrays["values"][:, _place(facts, column, what)]
    if level is None:
        return np.asarray(values)
    is_level = (values == facts["levels"][column].index(level)).astype(np.float64)
    return np.where(np.isnan(values), np.nan, is_level)


def explained(facts: Facts, name: str) -> str:
    """What an input holds, in words.

    Examples
    --------
    >>> facts = {"columns": ["n", "colour"], "levels": {"colour": ["blue", "red"]}}
    >>> [explained(facts, name) for name in ("n", "colour", "colour = red")]
    ['its numbers', '0 for blue, 1 for red', '1 where colour is red, else 0']
    """
    column, level = source(facts, name)
    if level is not None:
        return f"1 where {column} is {level}, else 0"
    levels = facts["levels"].get(column)
    if levels is None:
        return "its numbers"
    text = ", ".join(f"{place} for {level}" for place, level in enumerate(levels[:8]))
    return text + (f" and {len(levels) - 8} more" if len(levels) > 8 else "")


def shown(facts: Facts, names: Sequence[str], values: np.ndarray) -> str | float:
    """What stands in a row's column, from the numbers of all inputs that come from it.

    Examples
    --------
    >>> facts = {"columns": ["n", "colour"], "levels": {"colour": ["blue", "red"]}}
    >>> shown(facts, ["colour = blue", "colour = red"], np.array([0.0, 1.0]))
    'red'
    >>> shown(facts, ["colour = red"], np.array([0.0])), shown(facts, ["n"], np.array([2.5]))
    ('blue', 2.5)
    """
    column, level = source(facts, names[0])
    levels: list[str] = facts["levels"].get(column, [])
    if level is None:
        value = float(values[0])
        return levels[int(value)] if levels and value in range(len(levels)) else value
    of = [str(source(facts, name)[1]) for name in names]
    ones = [name for name, value in zip(of, values, strict=True) if value == 1]
    if not np.isin(values, (0, 1)).all() or len(ones) > 1:
        return ", ".join(f"{name} {value:g}" for name, value in zip(of, values, strict=True))
    if ones:
        return ones[0]
    others = [name for name in levels if name not in of]
    return others[0] if len(others) == 1 else f"not {' or '.join(of[:3])}"


def groups(facts: Facts, names: Sequence[str]) -> list[list[int]]:
    """The inputs that come from one column each, by their places, in order.

    Examples
    --------
    >>> facts = {"columns": ["age", "colour"], "levels": {"colour": ["blue", "red"]}}
    >>> groups(facts, ["colour = blue", "age", "colour = red"])
    [[0, 2], [1]]
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(source(facts, name)[0], []).append(place)
    return list(places.values())


class Matched(NamedTuple):
    """Inputs of the table for names that a network's file knows.

    inputs    the name of an input in the table for each; "" where there is none or no one alone.
    lacking   the names that have none.
    """

    inputs: list[str]
    lacking: list[str]


def by_name(facts: Facts, known: Sequence[str], columns: Sequence[str]) -> Matched:
    """Find the inputs of a network by their names among the columns, and their values.

    Upper and lower case, spaces and signs do not count, nor does what scikit-learn puts before a
    name ("num__"); a value of a category is found behind its column ("colour_red").

    Parameters
    ----------
    facts : dict
        Of the table.
    known : sequence of str
        What the network's file calls its inputs.
    columns : sequence of str
        The columns that may be used: not the target.

    Examples
    --------
    >>> facts = {"columns": ["Age", "colour"], "types": ["number", "category"],
    ...          "levels": {"colour": ["blue", "red"]}}
    >>> by_name(facts, ["colour_red", "age", "size"], ["Age", "colour"])
    Matched(inputs=['colour = red', 'Age', ''], lacking=['size'])
    """
    exact: dict[str, list[str]] = {}
    for column in columns:
        for name in (column, *encoded(facts, [column], "each")):
            exact.setdefault(_bare(name), []).append(name)
    inputs: list[str] = []
    for name in known:
        found = name if name in columns else ""
        again = f"{name} (2)" in facts["columns"]
        if not found:
            of = exact.get(_bare(name)) or exact.get(_bare(name.partition("__")[2])) or []
            of = list(dict.fromkeys(of))
            found = of[0] if len(of) == 1 else ""
        inputs.append("" if again or found in inputs else found)
    return Matched(inputs, [name for name, i in zip(known, inputs, strict=True) if not i])


def _bare(name: str) -> str:
    """The letters and digits of a name alone, in lower case."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _place(facts: Facts, name: str, what: str) -> int:
    """The place of the column of that name; Problem where it cannot be used."""
    usable = [c for c, t in zip(facts["columns"], facts["types"], strict=True) if t in USABLE]
    if name not in facts["columns"]:
        raise Problem(
            f"There is no column {listed([name])} for the {what}; there are "
            f"{listed(facts['columns'], 12)}. Choose one of them."
        )
    place: int = facts["columns"].index(name)
    if facts["types"][place] not in USABLE:
        held = {"empty": "nothing", "index": "the number of each row"}
        kind = facts["types"][place]
        raise Problem(
            f"Column {listed([name])} holds {held.get(kind, kind)}; a "
            f"{what} holds numbers or up to 50 categories, as do {listed(usable, 12) or 'none'}."
        )
    return place
