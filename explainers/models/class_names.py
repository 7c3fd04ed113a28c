"""Reading the names of a model's classes from a text or JSON file."""

from __future__ import annotations

import json

from explainers.errors import Problem

MOST_CLASSES = 100_000


def read_class_names(data: bytes) -> tuple[str, ...]:
    """The names of a model's classes, in the order of its outputs, from a file.

    Parameters
    ----------
    data : bytes
        Text with one name a line, a JSON list, or a JSON object from numbers to names ({"0":
        "cat"}) or from names to numbers.

    Raises
    ------
    Problem
        Where the file is none of these.

    Examples
    --------
    >>> read_class_names(b"cat\\ndog\\n"), read_class_names(b'{"1": "dog", "0": "cat"}')
    (('cat', 'dog'), ('cat', 'dog'))
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(
            "The class names are not readable as text. Accepted: a text file with one name a "
            "line, or JSON: a list, or an object from number to name."
        ) from error
    if text.lstrip()[:1] in ("[", "{"):
        names = _from_json(text)
    else:
        names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names or len(names) > MOST_CLASSES:
        raise Problem(f"The file holds {len(names)} class names; 1 to {MOST_CLASSES} are accepted.")
    return tuple(names)


def _from_json(text: str) -> list[str]:
    try:
        names = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(f"The class names are not valid JSON: {str(error)[:100]}.") from error
    if isinstance(names, list):
        return [str(name) for name in names]
    if all(isinstance(value, int) for value in names.values()):
        names = {str(number): name for name, number in names.items()}
    try:
        pairs = sorted(((int(n), name) for n, name in names.items()), key=lambda pair: pair[0])
    except ValueError as error:
        raise Problem(
            'A JSON object of class names looks like {"0": "cat", "1": "dog"}.'
        ) from error
    if [number for number, _ in pairs] != list(range(len(pairs))):
        raise Problem(f"The numbers of the classes must run from 0 to {len(pairs) - 1}.")
    # ImageNet's usual file gives [identifier, name] for each number.
    return [str(name[-1]) if isinstance(name, list) and name else str(name) for _, name in pairs]


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
