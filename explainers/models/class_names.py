"""Reading the names of a model's classes: JSON, Python, a table, or one name a line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from explainers.errors import Problem
from explainers.models.class_tables import NAME_WORDS, counts, table_columns

MOST_CLASSES = 100_000
_MOST_PYTHON = 4_000_000
"""Letters of Python that are read: its tree takes many times as much memory."""
_DEEPEST = 20
_ACCEPTED = (
    "Accepted: one name a line; a JSON or Python list of names, or a dictionary from number to "
    'name, as {"0": "cat", "1": "dog"}; a Hugging Face config.json; a CSV with a column of numbers '
    "and a column of names."
)
_INSIDE = (
    "id2label",
    "label2id",
    "names",
    "classes",
    "class_names",
    "labels",
    "categories",
    "idx_to_class",
    "class_to_idx",
)
"""Keys under which larger files hold the names."""


def read_class_names(data: bytes) -> tuple[str, ...]:
    r"""The names of a model's classes, in the order of its outputs, from a file.

    Parameters
    ----------
    data : bytes
        Text with one name a line, with or without numbers before the names; a list or a dictionary
        as JSON or Python, from numbers to names or from names to numbers, also where it is the
        `id2label` of a Hugging Face config.json; or a table with a column of numbers or a header.

    Raises
    ------
    Problem
        Where the file is none of these, or two names have one number, or a number is left out.

    Examples
    --------
    >>> read_class_names(b"cat\ndog\n"), read_class_names(b"{1: 'dog', 0: 'cat'}")
    (('cat', 'dog'), ('cat', 'dog'))
    >>> read_class_names(b'{"id2label": {"0": "cat", "1": "dog"}, "model_type": "vit"}')
    ('cat', 'dog')
    >>> read_class_names(b"index,name\n1,dog\n0,cat\n")
    ('cat', 'dog')
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"The class names are not readable as text. {_ACCEPTED}") from error
    names = _names_in(text)
    if not names or len(names) > MOST_CLASSES:
        raise Problem(f"The file holds {len(names)} class names; 1 to {MOST_CLASSES} are accepted.")
    return tuple(names)


def _names_in(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # "names = [" in Python, "names: [" in YAML.
    literal = re.sub(r"\A\s*[A-Za-z_]\w*\s*[=:]\s*(?=[\[{(])", "", text).strip()
    if literal[:1] in ("[", "{", "("):
        one_name = len(lines) > 1 and re.fullmatch(r"[\[(][^\[\](),]*[\])]", lines[0])
        return lines if one_name else _from_value(_value(literal))
    return _from_yaml(lines) or _from_table(lines) or _from_numbered(lines) or lines


def _value(text: str) -> Any:
    """What JSON or a literal of Python says; nothing in it is run."""
    try:
        return json.loads(text, object_pairs_hook=_without_twins)
    except Problem:
        raise
    except RecursionError as error:
        raise Problem(f"The class names are nested too deeply. {_ACCEPTED}") from error
    except ValueError as error:
        complaint = str(error)[:100]
    if len(text) > _MOST_PYTHON or _depth(text) > _DEEPEST:
        raise Problem(f"The class names are not valid JSON: {complaint}. {_ACCEPTED}")
    try:
        tree = ast.parse(text, mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
                _without_twins([(key, None) for key in keys])
        return ast.literal_eval(tree)
    except Problem:
        raise
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise Problem(
            f"The class names are valid neither as JSON ({complaint}) nor as a list or dictionary "
            f"in Python. {_ACCEPTED}"
        ) from error


def _depth(text: str) -> int:
    """How deep brackets are nested, those in names included."""
    depth = deepest = 0
    for letter in re.findall(r"[\[\](){}]", text):
        depth += 1 if letter in "[{(" else -1
        deepest = max(deepest, depth)
    return deepest


def _without_twins(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """The pairs as a dictionary; Problem where a key stands twice and one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise Problem(f"{str(twin)[:40]!r} stands twice in the class names. Leave one out.")
    return found


def _from_value(value: Any) -> list[str]:
    if isinstance(value, dict):
        inside = next((value[key] for key in _INSIDE if isinstance(value.get(key), _HOLDERS)), None)
        if inside is not None:
            return _from_value(inside)
        if value and all(type(number) is int for number in value.values()):
            return _in_order([(number, name) for name, number in value.items()])
        return _in_order([(_number(key), name) for key, name in value.items()])
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(entry, dict) for entry in value):  # as COCO's categories
            return _in_order([(_number(entry.get("id")), entry) for entry in value])
        return [_name(entry) for entry in value]
    raise Problem(f"The file holds no list of class names. {_ACCEPTED}")


_HOLDERS = (dict, list, tuple)


def _number(key: Any) -> int:
    if type(key) is int or (isinstance(key, str) and re.fullmatch(r"\s*\d{1,9}\s*", key)):
        return int(key)
    raise Problem(f"{str(key)[:40]!r} stands where the number of a class should. {_ACCEPTED}")


def _name(entry: Any) -> str:
    """One name; ImageNet's usual file gives [identifier, name] for each number."""
    if isinstance(entry, dict):
        entry = next((entry[key] for key in NAME_WORDS if key in entry), None)
    if isinstance(entry, (list, tuple)) and entry:
        entry = entry[-1]
    if isinstance(entry, str) or type(entry) in (int, float, bool):
        return str(entry).strip()
    raise Problem(f"{str(entry)[:40]!r} stands where the name of a class should. {_ACCEPTED}")


def _in_order(pairs: Sequence[tuple[int, Any]]) -> list[str]:
    """The names in the order of their numbers, which must run from 0 without a gap."""
    pairs = sorted(pairs, key=lambda pair: pair[0])
    numbers = [number for number, _ in pairs]
    if len(set(numbers)) < len(numbers):
        twin = next(a for a, b in zip(numbers, numbers[1:], strict=False) if a == b)
        raise Problem(f"Two class names have the number {twin}. Give each its own, from 0.")
    if numbers != list(range(len(numbers))):
        raise Problem(
            f"The numbers of the classes must run from 0 to {len(numbers) - 1}; in the file they "
            f"run from {numbers[0]} to {numbers[-1]}."
        )
    return [_name(name) for _, name in pairs]


def _from_yaml(lines: list[str]) -> list[str] | None:
    """What stands under `names:`, as in the data.yaml of a detector."""
    start = next((i for i, line in enumerate(lines) if re.match(r"names\s*:", line)), None)
    if start is None:
        return None
    rest = lines[start].partition(":")[2].strip()
    if rest:
        return _from_value(_value(rest))
    entries = []
    for line in lines[start + 1 :]:
        entry = re.fullmatch(r"(?:-\s+|(\d+)\s*:\s*)(.+)", line)
        if entry is None:
            break
        entries.append((entry[1], entry[2].strip("\"'")))
    if entries and all(number is None for number, _ in entries):
        return [name for _, name in entries]
    return _in_order([(_number(number), name) for number, name in entries]) if entries else None


def _from_table(lines: list[str]) -> list[str] | None:
    found = table_columns(lines)
    if found is None:
        return None
    numbers, names = found
    if numbers is None:
        return [_name(name) for name in names]
    return _in_order([(_number(number), name) for number, name in zip(numbers, names, strict=True)])


def _from_numbered(lines: list[str]) -> list[str] | None:
    """Names behind their numbers: "0: cat" or "0 cat"."""
    pairs = [re.fullmatch(r"(\d{1,9})\s*[:.)\s]\s*(.+)", line) for line in lines]
    found = [(pair[1], pair[2]) for pair in pairs if pair is not None]
    if len(found) < len(lines) or not counts(number for number, _ in found):
        return None
    return _in_order([(int(number), name) for number, name in found])


def name_outputs(names: tuple[str, ...], outputs: int, one: str = "class") -> tuple[str, ...]:
    """A name for each output: those given, or, where there are none, numbers: "class 0", ….

    Parameters
    ----------
    names : tuple of str
        () for none.
    outputs : int
        How many there are.
    one : str
        What an output is called before its number.

    Raises
    ------
    Problem
        Where there is another number of names.

    Examples
    --------
    >>> name_outputs((), 2), name_outputs(("cat", "dog"), 2)
    (('class 0', 'class 1'), ('cat', 'dog'))
    """
    if not names:
        return tuple(f"{one} {index}" for index in range(outputs))
    if len(names) != outputs:
        raise Problem(
            f"There are {len(names)} class names, but the model has {outputs} outputs. Upload a "
            "file with one name for each output, in their order."
        )
    return names
