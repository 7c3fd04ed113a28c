"""Names and shapes of a network's tensors, and what differs between two networks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

Shapes: TypeAlias = dict[str, tuple[int, ...]]
"""Shapes of tensors by their names in a state dict."""


def tensor_shapes(state: Mapping[str, Tensor]) -> Shapes:
    """The shape of each tensor of a state dict, by name.

    Examples
    --------
    >>> import torch
    >>> tensor_shapes({"weight": torch.zeros(2, 3), "bias": torch.zeros(2)})
    {'weight': (2, 3), 'bias': (2,)}
    """
    return {key: tuple(value.shape) for key, value in state.items()}


def demand_fit(architecture: str, wanted: Shapes, given: Shapes) -> None:
    """Raise a Problem that names what differs between an architecture's tensors and a file's.

    Parameters
    ----------
    architecture : str
        Its name, for the message.
    wanted, given : dict[str, tuple[int, ...]]
        Shapes by name, of the architecture and of the file.
    """
    if wanted != given:
        raise Problem(difference(architecture, wanted, given))


def difference(architecture: str, wanted: Shapes, given: Shapes) -> str:
    """The sentence that names what differs between an architecture's tensors and a file's."""
    missing = [key for key in wanted if key not in given]
    unknown = [key for key in given if key not in wanted]
    differ = [
        f"{key}: file {given[key]}, model {wanted[key]}"
        for key in wanted
        if key in given and given[key] != wanted[key]
    ]
    parts = []
    if missing:
        parts.append(f"{len(missing)} of its names are missing in the file ({_some(missing)})")
    if unknown:
        parts.append(f"{len(unknown)} names of the file are unknown to it ({_some(unknown)})")
    if differ:
        parts.append(f"{len(differ)} shapes differ ({_some(differ)})")
    return (
        f"These weights do not fit {architecture}: {'; '.join(parts)}. "
        "Choose the architecture that they were trained with."
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")
