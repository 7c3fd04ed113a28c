"""Where on the input the numbers inside a network stand, followed through its operations.

Layouts differ: (N, C, H, W), (N, H, W, C), tokens behind a class token, windows. So each tensor is
followed by one of its shape that holds places, and what moves numbers moves these in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explainers.activations import names
from explainers.activations.grid import Places, narrow, on_grid, varies

Look = Callable[[Tensor], Places | None]
"""From a tensor to its places, None where they are not known or it does not follow the input."""


def follow(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    results: list[Tensor],
    look: Look,
    rank: int,
) -> list[Places | None]:
    """The places of what a function of torch returned, from those of what it was given.

    Parameters
    ----------
    func, args, kwargs
        The call.
    results : list of Tensor
        What it returned.
    look : callable
    rank : int
        How many spatial axes the model's input has.

    Returns
    -------
    list of Places or None
        One a result; None where the places are lost.
    """
    try:
        return _follow(names.plain(func), func, args, kwargs, results, look, rank)
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
        return [None] * len(results)  # a form of the call that is not foreseen here


def _follow(
    name: str,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    results: list[Tensor],
    look: Look,
    rank: int,
) -> list[Places | None]:
    if name in names.MOVES:
        return _moved(name, func, args, kwargs, results, look)
    first, given = results[0], [*tensors_in(args), *tensors_in(kwargs)]
    x = given[0]
    places = look(x)
    found: Places | None
    if name in names.CONVOLUTIONS or name in names.RESIZES or "pool" in name:
        found = _on_new_grid(x, first, places, rank, name in names.CONVOLUTIONS)
    elif name in ("unfold", "im2col") and x.ndim == 4 and first.ndim == 3:
        found = _patches(x, first, places, rank, args, kwargs)
    elif name in ("fold", "col2im") and x.ndim == 3 and first.ndim == 4 and places is not None:
        found = on_grid(first, (2, 3), places.axes, places.made) if len(places.axes) == 2 else None
    elif name == "glu" and places is not None:
        axis = kwargs.get("dim", args[1] if len(args) > 1 else -1)
        found = places.like(places.where.chunk(2, axis)[0])
    elif name in names.PRODUCTS:
        factors = given[1:] if name in ("addmm", "baddbmm") else given
        found = _product(factors[0], factors[1], first, look)
    else:
        found = _same_places(given, first, look)
    return [found, *[None] * (len(results) - 1)]


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in an argument, in order; sequences and dictionaries are looked into."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for part in value for tensor in tensors_in(part)]
    return []


def _moved(
    name: str,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    results: list[Tensor],
    look: Look,
) -> list[Places | None]:
    """What moves, copies or joins numbers does the same to their places."""
    given = [look(tensor) for tensor in tensors_in(args)]
    known = [places for places in given if places is not None]
    if len({(places.grid, places.axes) for places in known}) != 1:
        return [None] * len(results)
    one, made = known[0], any(places.made for places in known)
    if name in names.COPIES:
        moved: Any = one.where
    elif name == "pad":
        pads = args[1] if len(args) > 1 else kwargs["pad"]
        moved = torch.nn.functional.pad(one.where, pads, value=-1.0)
    else:
        function = getattr(Tensor, name) if func.__name__ == f"{name}_" else func
        moved = function(*_where(args, look), **_where(kwargs, look))
    return [
        one.like(where, made) if where.shape == result.shape else None
        for where, result in zip(tensors_in(moved), results, strict=True)
    ]


def _where(value: Any, look: Look) -> Any:
    """An argument with every tensor of numbers replaced by its places; indices stay."""
    if isinstance(value, Tensor):
        if not value.is_floating_point():
            return value
        places = look(value)
        nowhere = torch.tensor(-1.0, dtype=torch.float64, device=value.device)
        return nowhere.expand(value.shape) if places is None else places.where
    if isinstance(value, dict):
        return {key: _where(part, look) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_where(part, look) for part in value)
    return value


def _on_new_grid(
    x: Tensor, result: Tensor, places: Places | None, rank: int, made: bool
) -> Places | None:
    """A window moves over the axes behind the channels: each place of the result is a new one."""
    spatial = range(2, result.ndim)
    made = made or (places is not None and places.made)
    if places is None or not places.several:
        # What was everywhere alike is laid out anew, in the input's own order of axes.
        return on_grid(result, spatial, tuple(range(rank)), made) if len(spatial) == rank else None
    where = narrow(places.where)
    along: dict[int, list[int]] = {axis: [] for axis in spatial}
    rest = where.clamp(min=0)
    for side in range(len(places.grid) - 1, -1, -1):
        coordinate, rest = rest % places.grid[side], rest // places.grid[side]
        for axis in spatial:
            if varies(coordinate, axis):
                along[axis].append(places.axes[side])
    if any(len(sides) > 1 for sides in along.values()):  # tokens in a row
        if x.shape[2:] == result.shape[2:] and not places.varies(1):
            return places.like(places.where[:, :1].expand(result.shape), made)
        return None
    axes = [(axis, sides[0]) for axis, sides in along.items() if sides]
    if len({side for _, side in axes}) < len(axes):
        return None
    return on_grid(result, [a for a, _ in axes], tuple(side for _, side in axes), made)


def _patches(
    x: Tensor,
    result: Tensor,
    places: Places | None,
    rank: int,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Places | None:
    """Windows that are laid out as columns (N, C·k², windows): each column is a place."""
    order, usual = ("kernel_size", "dilation", "padding", "stride"), (None, 1, 0, 1)
    given = dict(zip(order, (*args[1:], *usual[len(args) - 1 :]), strict=True)) | kwargs
    size, dilation, padding, stride = (_pair(given[name]) for name in order)
    sides = [
        (x.shape[2 + axis] + 2 * padding[axis] - dilation[axis] * (size[axis] - 1) - 1)
        // stride[axis]
        + 1
        for axis in (0, 1)
    ]
    windows = _on_new_grid(x, result.unflatten(2, sides), places, rank, False)
    return None if windows is None else windows.like(windows.where.flatten(2))


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _product(x: Tensor, other: Tensor, result: Tensor, look: Look) -> Places | None:
    """A matrix product keeps the rows of the first, or else the columns of the second."""
    for tensor, axis in ((x, -1), (other, -2)):
        places = look(tensor)
        if places is not None and tensor.ndim >= 2:
            where = places.where.narrow(axis, 0, 1)
            if places.varies(axis):
                places = _merged(places, where)
                where = places.where
            return places.like(where.expand(result.shape), True)
    return None


def _merged(places: Places, where: Tensor) -> Places:
    """Several places that one step joins, such as the pixels of a patch, as one of a new grid.

    `where` is the first of each; what is left of its rows and columns are those of the new grid.
    """
    rest, number, size, sides = where.clamp(min=0), torch.zeros_like(where), 1, list[int]()
    for side in reversed(places.grid):
        coordinate, rest = rest % side, rest // side
        left = torch.unique(coordinate[where >= 0])
        number = number + size * torch.searchsorted(left, coordinate)
        size *= len(left)
        sides.insert(0, len(left))
    return Places(torch.where(where >= 0, number, -1.0), tuple(sides), places.axes, True)


def _same_places(given: list[Tensor], result: Tensor, look: Look) -> Places | None:
    """What computes value by value, or answers in its argument's shape, stays where it is."""
    known = [(x, places) for x in given if (places := look(x)) is not None]
    known.sort(key=lambda pair: math.prod(pair[1].grid) if pair[1].several else 0, reverse=True)
    made = any(places.made for _, places in known)
    for x, places in known:
        if x.shape == result.shape:
            return places.like(places.where, made)
    for x, places in known:
        if torch.broadcast_shapes(x.shape, result.shape) == result.shape:
            return places.like(places.where.expand(result.shape), made)
        sides = [*zip(x.shape, result.shape, strict=False)]
        gone = [axis for axis, (before, after) in enumerate(sides) if before != after]
        if x.ndim == result.ndim and all(
            result.shape[axis] == 1 and not places.varies(axis) for axis in gone
        ):
            for axis in gone:
                places = places.like(places.where.narrow(axis, 0, 1), made)
            return places
    return None
