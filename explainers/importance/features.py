"""What counts as one feature of a data set: a column, a variable, a region, or a group of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.kinds.layout import InputLayout
from explainers.perturbation.regions import group_labels

Member: TypeAlias = int | str
GroupsLike: TypeAlias = Mapping[str, Sequence[Member]] | Sequence[Sequence[Member]]

_UNITS = {"sequence": "position", "picture": "square"}


@dataclass(frozen=True)
class Features:
    """The features of inputs, whatever their shape.

    Attributes
    ----------
    labels : Tensor, int64, shape of one input
        The number of the feature that each value belongs to.
    names : tuple of str, length F
    groups : tuple of str
        The names of those that are groups.
    columns : tuple of tuple of int, length F
        Which columns, variables, positions or squares make up each.
    """

    labels: Tensor
    names: tuple[str, ...]
    groups: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.names)

    def mask(self, index: int) -> Tensor:
        """Which values of one input belong to a feature: bool."""
        return self.labels == index

    def summed(self, values: Tensor) -> Tensor:
        """Numbers (M, …) for every value, summed over each feature's: (M, F)."""
        flat = values.flatten(1)
        into = torch.zeros(len(flat), len(self), dtype=flat.dtype, device=flat.device)
        return into.index_add_(1, self.labels.flatten().to(flat.device), flat)


def features_of(
    layout: InputLayout,
    names: Sequence[str] | None = None,
    groups: GroupsLike | None = None,
    device: torch.device | None = None,
) -> Features:
    """The features of an input: columns of a table, variables of a series, positions, squares.

    Parameters
    ----------
    layout : InputLayout
    names : sequence of str, optional
        Of the columns, before they are grouped; "x0", "x1", … unless given.
    groups : mapping of sequences, or sequence of sequences, optional
        Columns that count as one feature, by name or number from 0; what is in no group stays
        alone. Without names of their own groups are called "a + b".
    device : torch.device, optional
        Where `labels` is put.

    Raises
    ------
    Problem
        For names of another number, or groups of columns that do not exist.

    Examples
    --------
    >>> features = features_of(InputLayout.of((3,)), ["age", "height", "weight"], [[1, "weight"]])
    >>> features.names, features.labels.tolist()
    (('age', 'height + weight'), [0, 1, 1])
    """
    units = torch.from_numpy(group_labels(layout.shape, layout.features))
    count = int(units.max()) + 1
    columns = _named(names, count, _UNITS.get(layout.kind, "x"))
    members = _members(groups, columns)
    taken = {column: name for name, part in members.items() for column in part}
    found: dict[str, tuple[int, ...]] = {}
    for column, name in enumerate(columns):
        group = taken.get(column)
        found.setdefault(group or name, members[group] if group else (column,))
    feature_of = torch.empty(count, dtype=torch.int64)
    for index, part in enumerate(found.values()):
        feature_of[list(part)] = index
    labels = feature_of[units].to(device or "cpu")
    return Features(labels, tuple(found), tuple(members), tuple(found.values()))


def _named(names: Sequence[str] | None, count: int, unit: str) -> list[str]:
    if names is None:
        return [f"x{i}" if unit == "x" else f"{unit} {i}" for i in range(count)]
    if isinstance(names, str) or len(names) != count:
        given = 1 if isinstance(names, str) else len(names)
        raise Problem(
            f"{given} names were given for {count} columns. Give one for each column that the "
            "network gets, in its order."
        )
    named = [str(name) for name in names]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise Problem(f"Two columns are called {twice[0]!r}. Give every column its own name.")
    return named


def _members(groups: GroupsLike | None, columns: list[str]) -> dict[str, tuple[int, ...]]:
    """Name of each group → the numbers of its columns, ascending."""
    if not groups:
        return {}
    place = {name: index for index, name in enumerate(columns)}
    listed = groups.items() if isinstance(groups, Mapping) else ((None, part) for part in groups)
    found: dict[str, tuple[int, ...]] = {}
    seen: set[int] = set()
    for name, part in listed:
        if isinstance(part, (str, int)) or not len(part):
            raise Problem(
                f"A group is a list of columns, by name or number from 0; {part!r} is not."
            )
        numbers = sorted(_column(member, place) for member in part)
        if len(set(numbers)) < len(numbers):
            raise Problem(f"A group names a column twice: {', '.join(map(str, part))}.")
        for number in numbers:
            if number in seen:
                raise Problem(f"The column {columns[number]!r} is in two groups. Put it into one.")
            seen.add(number)
        called = str(name) if name is not None else " + ".join(columns[n] for n in numbers)
        if called in found or (called in place and place[called] not in numbers):
            raise Problem(f"{called!r} names a group and something else. Choose another name.")
        found[called] = tuple(numbers)
    return found


def _column(member: Member, place: Mapping[str, int]) -> int:
    if isinstance(member, str) and member in place:
        return place[member]
    if not isinstance(member, (str, bool)) and hasattr(member, "__index__"):
        number = int(member)
        if 0 <= number < len(place):
            return number
    known = ", ".join(list(place)[:12])
    raise Problem(
        f"There is no column {member!r} for a group; there are {known}, or their numbers 0 to "
        f"{len(place) - 1}."
    )
