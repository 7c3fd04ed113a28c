"""The table of `explain_dataset` as plain facts and arrays, and back from them, without torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem

if TYPE_CHECKING:
    from explainers.importance.estimate import Importance

MOST_FIRST = 100
"""For the first 1 to so many places it is kept how likely each feature is among them."""

_TABLES = ("values", "low", "high", "rank", "rank_low", "rank_high")
_WORDS = ("methods", "names", "notes")
_PLAIN = ("remarks", "quality", "control", "evaluations", "seconds")


@dataclass(frozen=True)
class StoredTable:
    """What `Importance` holds, as numpy arrays; see there.

    Attributes
    ----------
    values, low, high : ndarray, float64, shape (methods, F)
    rank, rank_low, rank_high : ndarray, int64, shape (methods, F)
    methods, names, notes : tuple of str
    sources : mapping of ndarray, shape (methods, F)
    details : mapping of mappings
    remarks, quality, control, evaluations : mapping
    seconds : float
    first : ndarray, float32, shape (methods, K, F)
        How likely each feature is among the first 1 to K; empty of a table on its way.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rank: np.ndarray
    rank_low: np.ndarray
    rank_high: np.ndarray
    methods: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    sources: Mapping[str, np.ndarray] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    control: Mapping[str, float] = field(default_factory=dict)
    evaluations: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    first: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0), np.float32))

    def top(self, k: int) -> np.ndarray:
        """The probability of each feature to be among the k most important: (methods, F)."""
        if not 1 <= k <= self.first.shape[1]:
            raise Problem(f"top({k}): k lies between 1 and {self.first.shape[1]} here.")
        return self.first[:, k - 1]

    @classmethod
    def of(cls, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> StoredTable:
        """The table from its facts and arrays, see `stored`; others beside them do not matter.

        Examples
        --------
        >>> import torch
        >>> from explainers import explain_dataset
        >>> x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
        >>> model = lambda x: x @ torch.tensor([3.0, 1.0])
        >>> table = StoredTable.of(*stored(explain_dataset(model, x, methods=["sobol"])))
        >>> table.rank.tolist(), table.top(1).tolist(), sorted(table.details["sobol"])[:3]
        ([[1, 2]], [[1.0, 0.0]], ['certain', 'error', 'first'])
        """
        nested = _nested(facts["details"])
        _deepened(nested, "details/", arrays)
        given: dict[str, Any] = {name: arrays[name] for name in _TABLES}
        return cls(
            **given | _words(facts),
            sources={
                name.removeprefix("sources/"): values
                for name, values in arrays.items()
                if name.startswith("sources/")
            },
            details=nested,
            first=arrays["first"],
        )

    @classmethod
    def on_its_way(cls, facts: Mapping[str, Any], partial: np.ndarray) -> StoredTable:
        """The table so far from what `so_far` made of it."""
        values, low, high = partial[:3].astype(np.float64)
        rank, rank_low, rank_high = partial[3:].astype(np.int64)
        return cls(values, low, high, rank, rank_low, rank_high, **_words(facts))


def stored(table: Importance) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A table as facts that JSON can hold, and arrays by name.

    Parameters
    ----------
    table : Importance

    Returns
    -------
    facts : dict
    arrays : dict of ndarray
        Details as float32; those of a method under "details/method/name".
    """
    facts, plain = _facts(table), dict[str, Any]()
    arrays = {name: getattr(table, name).numpy() for name in _TABLES}
    arrays |= {f"sources/{name}": values.numpy() for name, values in table.sources.items()}
    _flatten(dict(table.details), "details", plain, arrays)
    facts["details"] = {path.partition("/")[2]: value for path, value in plain.items()}
    first = [table.top(k + 1).numpy() for k in range(min(len(table.names), MOST_FIRST))]
    arrays["first"] = np.stack(first, 1).astype(np.float32)
    return facts, arrays


def so_far(table: Importance) -> tuple[dict[str, Any], np.ndarray]:
    """A table on its way: its facts, and one array, float32 (6, methods, F)."""
    return _facts(table), np.stack(
        [getattr(table, name).numpy().astype(np.float32) for name in _TABLES]
    )


def _words(facts: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: tuple(facts[name]) for name in _WORDS}
    return words | {name: facts[name] for name in _PLAIN}


def _facts(table: Importance) -> dict[str, Any]:
    return {
        **{name: list(getattr(table, name)) for name in _WORDS},
        "remarks": {key: list(notes) for key, notes in table.remarks.items()},
        "quality": {key: _plain(value) for key, value in table.quality.items()},
        "control": {key: _plain(value) for key, value in table.control.items()},
        "evaluations": dict(table.evaluations),
        "seconds": table.seconds,
    }


def _flatten(value: Any, path: str, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Put a detail, or those in it, among the facts or the arrays."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)) and not all(_is_plain(part) for part in value):
        value = {str(place): part for place, part in enumerate(value)}
    if isinstance(value, Mapping):
        for name, part in value.items():
            _flatten(part, f"{path}/{name}", facts, arrays)
    elif hasattr(value, "detach"):
        numbers = value.detach().cpu().numpy()
        arrays[path] = numbers.astype(np.float32) if numbers.dtype == np.float64 else numbers
    elif isinstance(value, (list, tuple)):
        facts[path] = [_plain(part) for part in value]
    else:
        facts[path] = _plain(value) if _is_plain(value) else str(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float))


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    _deepened(found, "", flat)
    return found


def _deepened(found: dict[str, Any], prefix: str, flat: Mapping[str, Any]) -> None:
    """Put what is under paths that start with the prefix into mappings of mappings."""
    for path, value in flat.items():
        if path.startswith(prefix):
            *way, last = path.removeprefix(prefix).split("/")
            place = found
            for part in way:
                place = place.setdefault(part, {})
            place[last] = value
