"""Values of a graph as what JSON can hold and named arrays, and back: nothing is believed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from explainers.errors import Problem

# Attributes of more items (the nodes of a forest's trees) travel as arrays and not as text.
_MANY = 64
MOST_TEXT = 1_000_000
"""Letters in all texts of one tensor, and places for letters in its array."""


def encoded(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON can hold it, for `decoded`; its arrays are put into `arrays`.

    Examples
    --------
    >>> arrays = {}
    >>> encoded((1, 2.5, "same"), arrays), encoded(np.array(["cat", "dog"]), arrays), arrays
    ([1, 2.5, 'same'], {'text': ['cat', 'dog'], 'shape': [2]}, {})
    """
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "U":
            return {"text": value.reshape(-1).tolist(), "shape": list(value.shape)}
        return {"array": _put(value, arrays)}
    if isinstance(value, tuple) and len(value) > _MANY:
        packed = _packed(value, arrays)
        if packed is not None:
            return packed
    if isinstance(value, tuple):
        return [encoded(item, arrays) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def decoded(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value that `encoded` took apart; LookupError, TypeError or ValueError where it is none.

    Examples
    --------
    >>> decoded([1, {"float": "inf"}, {"text": ["cat"], "shape": [1]}], {})
    (1, inf, array(['cat'], dtype='<U3'))
    """
    if isinstance(value, list):
        return tuple(decoded(item, arrays) for item in value)
    if isinstance(value, dict):
        if "numbers" in value:
            return tuple(arrays[value["numbers"]].tolist())
        if "words" in value:
            words = [str(word) for word in value["words"]]
            return tuple(words[index] for index in arrays[value["order"]].tolist())
        return float(value["float"]) if "float" in value else array_of(value, arrays)
    return value


def array_of(value: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The array that `encoded` took apart."""
    if "text" in value:
        return texts([str(one) for one in value["text"]], value["shape"])
    return arrays[value["array"]]


def texts(words: Sequence[str], shape: Sequence[int]) -> np.ndarray:
    """An array of texts; Problem where they are too long or too many.

    Examples
    --------
    >>> texts(["cat", "dog"], (2,))
    array(['cat', 'dog'], dtype='<U3')
    """
    places = len(words) * max(map(len, words), default=0)
    if places > MOST_TEXT:
        raise Problem(
            f"A tensor of the model holds {len(words):,} texts, which together are too long (up to "
            f"{MOST_TEXT:,} letters are accepted). Shorten them, and export the model again."
        )
    return np.array(words, dtype=np.str_).reshape(tuple(shape))


def _put(array: np.ndarray, arrays: dict[str, np.ndarray]) -> str:
    key = f"array{len(arrays)}"
    arrays[key] = array
    return key


def _packed(values: tuple[Any, ...], arrays: dict[str, np.ndarray]) -> dict[str, Any] | None:
    """Many numbers, or strings of few kinds, as arrays; None where they are neither."""
    kinds = set(map(type, values))
    if kinds == {int} or kinds == {float}:
        return {"numbers": _put(np.array(values, kinds.pop().__name__ + "64"), arrays)}
    if kinds == {str}:
        words = sorted(set(values))
        place = {word: index for index, word in enumerate(words)}
        return {"words": words, "order": _put(np.array([place[v] for v in values]), arrays)}
    return None
