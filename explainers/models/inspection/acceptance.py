"""Which of the guesses at its input a network takes, and the sentence where it takes none."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.models.inspection import pictures
from explainers.models.inspection.guesses import Guess, guesses
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from explainers.models.formats.model import Model

_KINDS = (
    "Networks that take pictures (N, channels, height, width), tables (N, features), time series "
    "(N, time, variables) or DNA (N, 4, letters) are accepted"
)
_SAY = "say the shape of one input that it was trained with"
_MOST_SIDES = 3


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
        volumes = len(shape) == _MOST_SIDES + 1
        what = "volumes or films" if volumes else f"inputs of {len(shape)} dimensions"
        raise Problem(
            f"This network takes {what}: one input has the shape {sides}. {_KINDS}. Export one "
            "that takes single slices, or its depth as channels; in Python, explain(model, x) "
            "takes inputs of any shape."
        )
    if len(shape) == 2 and not any(shape):
        raise Problem(
            "The file leaves both sides of this network's input free, and so does not tell what "
            f"it takes. {_KINDS}; {_SAY}."
        )
