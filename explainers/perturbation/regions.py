"""Which values of an input belong together when a method perturbs them group by group."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem

if TYPE_CHECKING:
    import torch
    from torch import Tensor

GROUPS_PER_SIDE = 8

BY = {
    "auto": "Automatic",
    "cell": "Every value",
    "variable": "Whole variables",
    "step": "Blocks of steps",
    "block": "Blocks of steps, each variable",
    "letter": "Letters",
    "square": "Squares",
}
_DIMENSIONS = {"variable": 2, "step": 2, "block": 2, "letter": 2, "square": 3}


@dataclass(frozen=True)
class Groups:
    """Groups of the values of one input, that are perturbed one group at a time.

    Attributes
    ----------
    labels : Tensor, int64, shape of one input
        The group's number of every value, from 0.
    sizes : Tensor, int64, shape (groups,)
        How many values each group has.

    Examples
    --------
    >>> import torch
    >>> groups = Groups.of(np.array([0, 0, 1]), torch.device("cpu"))
    >>> groups.masks(torch.tensor([1]))
    tensor([[False, False,  True]])
    >>> groups.shared(torch.tensor([[6.0, 1.0]]))
    tensor([[3., 3., 1.]])
    """

    labels: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, labels: np.ndarray, device: torch.device) -> Groups:
        """Groups by the labels of `group_labels`, on a device."""
        import torch

        numbers = torch.from_numpy(labels).to(device)
        return cls(numbers, numbers.flatten().bincount())

    def __len__(self) -> int:
        return len(self.sizes)

    def masks(self, which: Tensor) -> Tensor:
        """What lies in the groups of these numbers (n,): bool (n, …)."""
        return self.labels == which.view(-1, *[1] * self.labels.ndim)

    def shared(self, effects: Tensor) -> Tensor:
        """The effects (N, groups), each shared equally among its group's values: (N, …)."""
        return (effects / self.sizes)[:, self.labels]


def group_labels(
    shape: tuple[int, ...],
    by: str = "cell",
    width: int | None = None,
    joined: tuple[tuple[int, ...], ...] | None = None,
) -> np.ndarray:
    """Number the groups of values of one input that are perturbed together.

    Parameters
    ----------
    shape : tuple of int
        Of one input.
    by : str
        "cell": every value alone, of an input of any shape; "variable": a column of (T, V);
        "step": `width` rows of it; "block": `width` rows of one column; "letter": `width` columns
        of (4, L); "square": squares of (C, H, W) of `width` pixels a side with all channels.
    width : int, optional
        Without it, squares and blocks are an eighth of the input's longer side or length; else it
        is 1.
    joined : tuple of tuple of int, optional
        Groups, numbered from 0 along the input, that are one group together.

    Returns
    -------
    ndarray, int64, shape of one input
        The group's number of every value, from 0, none left out.

    Raises
    ------
    Problem
        Where the input has another number of dimensions, or a group does not exist.

    Examples
    --------
    >>> group_labels((2, 3), "variable").tolist()
    [[0, 1, 2], [0, 1, 2]]
    >>> group_labels((4,), joined=((0, 3),)).tolist()
    [0, 1, 2, 0]
    """
    if len(shape) != _DIMENSIONS.get(by, len(shape)):
        raise Problem(
            f"Groups by {by!r} need inputs of {_DIMENSIONS[by]} dimensions; one input has shape "
            f"{tuple(shape)}. Every shape can be grouped by 'cell'."
        )
    place = np.ogrid[tuple(slice(side) for side in shape)]
    if by == "cell":
        labels = np.arange(math.prod(shape)).reshape(shape)
    elif by == "variable":
        labels = place[1]
    elif by == "letter":
        labels = place[1] // (width or 1)
    elif by == "step":
        labels = place[0] // (width or 1)
    elif by == "block":
        labels = place[0] // (width or _eighth(shape[0])) * shape[1] + place[1]
    else:
        side = width or _eighth(max(shape[1:]))
        labels = place[1] // side * -(-shape[2] // side) + place[2] // side
    return _join(np.array(np.broadcast_to(labels, shape), dtype=np.int64), joined)


def in_one_group(shape: tuple[int, ...]) -> dict[str, Any]:
    """Options `by`, `width` or `groups` that make one group of few or of all values of an input.

    Examples
    --------
    >>> in_one_group((3,)), in_one_group((3, 8, 6))
    ({'groups': ((0, 1, 2),)}, {'by': 'square', 'width': 8})
    """
    if len(shape) == 1:
        return {"groups": (tuple(range(shape[0])),)}
    return {"by": "step" if len(shape) == 2 else "square", "width": max(shape)}


def _eighth(side: int) -> int:
    return -(-side // GROUPS_PER_SIDE)


def _join(labels: np.ndarray, joined: tuple[tuple[int, ...], ...] | None) -> np.ndarray:
    if not joined:
        return labels
    last = int(labels.max())
    names = list(range(last + 1))
    seen: set[int] = set()
    for group in joined if isinstance(joined, tuple) else (joined,):
        if not isinstance(group, tuple):
            raise Problem(f"Groups are lists of numbers, such as ((0, 3),); {joined!r} is not.")
        for member in group:
            if not 0 <= member <= last or member in seen:
                why = "is in two groups" if member in seen else f"is not between 0 and {last}"
                raise Problem(f"The groups cannot be used: {member} {why}.")
            seen.add(member)
            names[member] = group[0]
    return np.unique(names, return_inverse=True)[1][labels]
