"""Activations and gradients of a layer as maps, whatever the layout inside the network."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explainers.activations.choice import Choice, choose
from explainers.activations.places import Places
from explainers.activations.recording import Recording, Value
from explainers.errors import ModelProblem, Problem
from explainers.output_form import Averaging
from explainers.running.failures import way_back

if TYPE_CHECKING:
    from explainers.attribution import Target
    from explainers.passes import Passes

_MOST_NAMES = 6


@dataclass(frozen=True)
class ActivationMaps:
    """What a layer holds, and how the explained score depends on it.

    Attributes
    ----------
    activations, gradients : Tensor, shape (N, K, …)
        K channels on a grid with one side for each spatial axis of the input; the side is 1 along
        an axis that the layer does not know.
    layer : str
        Its name: a module's, or an operation's as "features.add()".
    whole : bool
        Whether everything that the score takes from places goes through it.
    """

    activations: Tensor
    gradients: Tensor
    layer: str
    whole: bool


@dataclass(frozen=True)
class _Wanted:
    """A value of the model's run, and how its numbers lie."""

    number: int
    places: Places
    title: str
    whole: bool


def activation_maps(
    passes: Passes, points: Tensor, target: Target, rows: Tensor, layer: str | None = None
) -> ActivationMaps:
    """The layer that the explained score depends on last, or the one that is named.

    It is looked for once for each class that is explained: one pass forward and one backward.

    Parameters
    ----------
    passes : Passes
        The model.
    points : Tensor, shape (n, C, …)
    target : Target
        The explained score.
    rows : Tensor, int64, shape (n,)
        Which of the N inputs each point belongs to.
    layer : str, optional
        Name of a module, or of an operation as an answer gives it.

    Returns
    -------
    ActivationMaps

    Raises
    ------
    Problem
        Where the model has no map, or no such layer.

    Examples
    --------
    >>> from explainers.attribution import Target
    >>> from explainers.passes import Passes
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    >>> x, rows = torch.ones(1, 1, 2, 2), torch.tensor([0])
    >>> maps = activation_maps(Passes(net), x, Target(index=(1,)), rows)
    >>> maps.layer, maps.activations.shape
    ('1', torch.Size([1, 2, 2, 2]))
    """
    wanted: dict[Hashable, _Wanted] = {}
    groups: dict[int, tuple[_Wanted, list[int]]] = {}
    for position, row in enumerate(rows.tolist()):
        key = target.key_of(row)
        if key not in wanted:
            part = slice(position, position + 1)
            wanted[key] = _find(passes, points[part], target, rows[part], layer)
        one = wanted[key]
        groups.setdefault(one.number, (one, []))[1].append(position)
    parts: list[tuple[list[int], tuple[Tensor, Tensor]]] = []
    for one, positions in groups.values():
        for part in passes.batches(len(positions)):
            some = positions[part]
            parts.append((some, _read(passes, points[some], target, rows[some], one, layer)))
    titles = dict.fromkeys(one.title for one in wanted.values())
    activations, gradients = (_in_order(parts, which, len(points)) for which in (0, 1))
    whole = all(one.whole for one in wanted.values())
    return ActivationMaps(activations, gradients, ", ".join(titles), whole)


def _in_order(
    parts: list[tuple[list[int], tuple[Tensor, Tensor]]], which: int, count: int
) -> Tensor:
    """The rows of all parts, at their positions; channels that only others have are zero."""
    first = parts[0][1][which]
    shape = [max(sides) for sides in zip(*(p[which].shape[1:] for _, p in parts), strict=True)]
    ordered = first.new_zeros(count, *shape)
    for positions, pair in parts:
        ordered[positions, : pair[which].shape[1]] = pair[which]
    return ordered


def _find(passes: Passes, point: Tensor, target: Target, row: Tensor, layer: str | None) -> _Wanted:
    """Run the model on one input and look where its last map is."""
    leaf = point.detach().requires_grad_()
    recording = Recording(passes.model, leaf)
    with recording:
        output, total = passes.with_graph(leaf, target, row)
    over_places = isinstance(passes.model, Averaging) and passes.model.averages
    choice = choose(recording, leaf, output, total, over_places)
    value = choice.value if layer is None else _named(layer, passes.model, recording, choice)
    if value is None:
        raise Problem(
            "Grad-CAM finds no convolution, nor another layer with a map, on the way from the "
            "input to the explained output. It looks inside a network, so it needs one whose "
            "operations torch runs one by one, with gradients: TorchScript, and files that "
            "onnxruntime runs, do not show theirs. Use a method that needs no map, such as "
            "Integrated Gradients, or nothing of the inside, such as occlusion or RISE."
        )
    places = value.places or _usual_places(value, leaf)
    if places is None or not places.several or places.order is None:
        raise Problem(
            f"The layer {value.title if layer is None else layer!r} has no map: its numbers cannot "
            f"be told apart by their place on the input. Possible are {_possible(choice)}."
        )
    return _Wanted(value.number, places, layer or value.title, choice.whole or layer is not None)


def _named(layer: str, model: object, recording: Recording, choice: Choice) -> Value | None:
    """The last value of that name that the explained output depends on."""
    names = set(layer.split(", "))  # an answer for several classes can have several
    named = [v for v in recording.values if names & {v.name, *v.modules}]
    if named:
        used = [value for value in named if value.key[0] in choice.reached]
        return (used or named)[-1]
    if isinstance(model, nn.Module) and layer in dict(model.named_modules()):
        raise ModelProblem(
            f"The layer {layer!r} is not used for this input. Possible are {_possible(choice)}."
        )
    raise Problem(f"The model has no layer {layer!r}. Possible are {_possible(choice)}.")


def _possible(choice: Choice) -> str:
    """The last layers that can be asked for, in words."""
    titles = [*dict.fromkeys(value.title for value in reversed(choice.possible))]
    shown = ", ".join(repr(title) for title in titles[:_MOST_NAMES])
    if not titles:
        return "none: this model has no layer with a map"
    return f"{shown} and {len(titles) - _MOST_NAMES} before" if len(titles) > _MOST_NAMES else shown


def _usual_places(value: Value, leaf: Tensor) -> Places | None:
    """A map (1, K, …) as convolutions give it, for what could not be followed."""
    usual = len(value.shape) == leaf.ndim and value.shape[0] == 1
    return Places.of_input(leaf.new_zeros(1).expand(value.shape)) if usual else None


def _read(
    passes: Passes, points: Tensor, target: Target, rows: Tensor, wanted: _Wanted, layer: str | None
) -> tuple[Tensor, Tensor]:
    """Activations and gradients (n, K, …) of several inputs."""
    leaf = points.detach().requires_grad_()
    recording = Recording(passes.model, leaf, wanted.number)
    with recording:
        _, total = passes.with_graph(leaf, target, rows)
    shape, count = wanted.places.where.shape, len(points)
    if recording.kept is not None:
        activation, edge = recording.kept
        alone = count == 1 and activation.shape == shape
        if alone or (shape[0] == 1 and activation.shape == (count, *shape[1:])):
            with way_back():
                (gradient,) = torch.autograd.grad(total, edge, allow_unused=True)
            gradient = torch.zeros_like(activation) if gradient is None else gradient
            flat = (tensor.reshape(count, -1) for tensor in (activation, gradient))
            first, second = (_as_map(tensor, wanted.places, leaf.ndim - 2) for tensor in flat)
            return first, second
    if count > 1:  # the rows do not stand along the first axis
        each = [slice(i, i + 1) for i in range(count)]
        read = [_read(passes, points[i], target, rows[i], wanted, layer) for i in each]
        first, second = (torch.cat(column) for column in zip(*read, strict=True))
        return first, second
    again = _find(passes, points, target, rows, layer)
    if again.number == wanted.number:
        raise ModelProblem(
            "The model takes another way each time that it runs, so there is no layer to look at."
        )
    return _read(passes, points, target, rows, again, layer)


def _as_map(flat: Tensor, places: Places, rank: int) -> Tensor:
    """Numbers (n, all) as channels on the grid, its sides in the order of the input's axes."""
    assert places.order is not None
    sides = [1] * rank
    for side, axis in zip(places.grid, places.axes, strict=True):
        sides[axis] = side
    ordered = flat[:, places.order.flatten()].view(len(flat), *places.grid, -1)
    by_axis = sorted(range(len(places.axes)), key=lambda side: places.axes[side])
    ordered = ordered.permute(0, ordered.ndim - 1, *(1 + side for side in by_axis))
    return ordered.reshape(len(flat), ordered.shape[1], *sides)
