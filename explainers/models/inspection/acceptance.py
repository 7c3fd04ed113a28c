"""Which of the guesses at its input a network takes, and the sentence where it takes none."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.models.inspection import pictures
from explainers.models.inspection.guesses import Guess, guesses
from explainers.models.slices import DEPTHS, OfSlices
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from explainers.models.formats.model import Model

_KINDS = (
    "Networks that take pictures (N, channels, height, width), tables (N, features), time series "
    "(N, time, variables) or DNA (N, 4, letters) are accepted"
)
_SAY = "say the shape of one input that it was trained with"
_VOLUME = "Say the shape of one volume that it was trained with, for example 1, 32, 64, 64."
_MOST_SIDES = 3
_CHANNELS = (1, 3, 2, 4)
# Small ones: volumes have many numbers.
_SIDES_OF_VOLUMES = (64, 32, 28, 96)


@dataclass(frozen=True)
class Accepted:
    """What a network takes, the likeliest first.

    Attributes
    ----------
    guesses : tuple of Guess
        One for each kind and order of dimensions.
    sizes : tuple of (int, int)
        Heights and widths of the pictures that it took, of the likeliest order.
    declared : (int, int)
        The height and width that the file declares of them, 0 for a free one.
    """

    guesses: tuple[Guess, ...]
    sizes: tuple[tuple[int, int], ...]
    declared: tuple[int, int] = (0, 0)


def accepted_inputs(network: Model, spec: ModelSpec) -> Accepted:
    """The guesses that the network takes.

    Parameters
    ----------
    network : Model
    spec : ModelSpec
        Its `shape` as the file declares it, or whoever knows it says: 0 for a free side; its
        `sides` are tried first of pictures.

    Raises
    ------
    Problem
        Where none fits, with what the network says to the first of them, and what to do.

    Examples
    --------
    >>> import torch
    >>> accepted_inputs(torch.nn.Flatten(), ModelSpec("upload", "", shape=(4, 0))).guesses[0].free
    True
    """
    _demand_known(spec.shape)
    complaint = ""
    accepted: list[Guess] = []
    sizes: list[tuple[int, int]] = []
    declared = (0, 0)
    for _, alike in itertools.groupby(guesses(spec), lambda guess: (guess.kind, guess.swapped)):
        same = list(alike)
        if same[0].kind == "picture":
            taken, objection = pictures.accepted_pictures(network, same[0], spec.sides)
            if taken and not sizes:
                sizes = [(guess.shape[1], guess.shape[2]) for guess in taken]
                declared = (same[0].shape[1], same[0].shape[2])
        else:
            taken, objection = _first_two(network, same)
        complaint = complaint or objection
        if taken:
            accepted.append(replace(taken[0], free=len(taken) > 1))
    if not accepted:
        raise Problem(
            f"No input that was tried fits this network: {complaint or 'nothing could be tried'}. "
            f"{_KINDS}; {_SAY}."
        )
    return Accepted(tuple(accepted), tuple(sizes), declared)


def accepted_volumes(network: Model, spec: ModelSpec) -> tuple[Model, ModelSpec, int, Accepted]:
    """What a network takes, which may be volumes: these are then pictures of many channels.

    Parameters
    ----------
    network : Model
    spec : ModelSpec
        Its `shape` is the declared one, 0 for a free side; of four sides it is that of volumes
        (C, slices, H, W), or (slices, H, W, C) where only the last side is that of channels.

    Returns
    -------
    network : Model
        It takes the pictures: itself, or with what makes volumes of them in front.
    spec : ModelSpec
        With their shape.
    depth : int
        How many slices a volume has; 0 where it takes no volumes.
    accepted : Accepted

    Raises
    ------
    Problem
        Where nothing that is tried fits.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(240, 2))
    >>> _, spec, depth, _ = accepted_volumes(net, ModelSpec("upload", "", shape=(2, 4, 5, 6)))
    >>> spec.shape, depth
    ((8, 5, 6), 4)
    """
    if len(spec.shape) != _MOST_SIDES + 1:
        return network, spec, 0, accepted_inputs(network, spec)
    last = spec.shape[3] in _CHANNELS and spec.shape[0] not in _CHANNELS
    channels, slices, *sides = (spec.shape[3], *spec.shape[:3]) if last else spec.shape
    complaint = ""
    for depth in (slices,) if slices else DEPTHS:
        for count in (channels,) if channels else _CHANNELS[:2]:
            volumes = OfSlices(network, depth, last)
            taken: list[Guess] = []
            for high, wide in dict.fromkeys(
                (sides[0] or one, sides[1] or sides[0] or one) for one in _SIDES_OF_VOLUMES
            ):
                guess = Guess("picture", (count * depth, high, wide))
                said = pictures.objection(volumes, guess)
                complaint = complaint or said
                taken += [] if said else [guess]
            if taken:
                sizes = tuple((guess.shape[1], guess.shape[2]) for guess in taken)
                found = Accepted((taken[0],), sizes, (sides[0], sides[1]))
                return volumes, replace(spec, shape=taken[0].shape, swapped=False), depth, found
    shape = " × ".join(str(side or "any") for side in spec.shape)
    raise Problem(
        f"This network takes volumes, it seems: one has the shape {shape} (channels × slices × "
        f"height × width). None that was tried fits it: {complaint}. {_VOLUME}"
    )


def _first_two(network: Model, tried: Iterable[Guess]) -> tuple[list[Guess], str]:
    """The first two guesses that it takes: the second says that others fit as well."""
    taken: list[Guess] = []
    complaint = ""
    for guess in tried:
        objection = pictures.objection(network, guess)
        complaint = complaint or objection
        taken += [] if objection else [guess]
        if len(taken) > 1:
            break
    return taken, complaint


def _demand_known(shape: tuple[int, ...]) -> None:
    """Problem for shapes of no kind that is explained here, and where nothing is known of one."""
    if len(shape) > _MOST_SIDES:
        sides = " × ".join(str(side or "any") for side in shape)
        raise Problem(
            f"This network takes inputs of {len(shape)} dimensions: one has the shape {sides}. "
            f"{_KINDS}. Export one that takes volumes (N, channels, slices, height, width); in "
            "Python, explain(model, x) takes inputs of any shape."
        )
    if len(shape) == 2 and not any(shape):
        raise Problem(
            "The file leaves both sides of this network's input free, and so does not tell what "
            f"it takes. {_KINDS}; {_SAY}."
        )
