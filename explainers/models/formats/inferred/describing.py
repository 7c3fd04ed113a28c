"""Describing a plain chain of layers from its weights alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.models.formats.inferred.description import Description, Layer
from explainers.models.formats.inferred.layers import layer_of, no_chain, tensors_by_module
from explainers.models.formats.inferred.order import CONVOLUTIONS, NORMS, RECURRENT, order_layers
from explainers.models.formats.inferred.questions import SIDE, VARIABLES, questions

if TYPE_CHECKING:
    from torch import Tensor

_MOST_LAYERS = 300
_NOT_PLAIN = re.compile(
    r"^(downsample|upsample|shortcut|skip|res(\d|b|i|n|_|$)|identity|attn|attention|self_attn|"
    r"emb|embed|embedding|pos_|gate|experts?|q_proj|k_proj|v_proj|query|key|value)"
)


def describe(state: Mapping[str, Tensor]) -> Description:
    """What the names and shapes of weights tell of a plain chain, and what they leave open.

    Accepted are chains of linear layers (a table goes in); of convolutions in one or two
    dimensions and then linear layers (a series or sequence, a picture); of recurrent layers, after
    convolutions perhaps, and then linear layers (a series): with batch, layer or group
    normalisations and PReLUs between them, whatever their names.

    Parameters
    ----------
    state : Mapping[str, Tensor]
        A state dict.

    Returns
    -------
    Description

    Raises
    ------
    Problem
        Why these weights are of no such chain, and the way out.

    Examples
    --------
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> description = describe(network.state_dict())
    >>> description.kind, description.shape, description.outputs
    ('table', (4,), 2)
    >>> [question.name for question in description.questions]
    ['activation', 'ending']
    """
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    modules = tensors_by_module(shapes)
    if not 0 < len(modules) <= _MOST_LAYERS:
        raise no_chain(f"they are of {len(modules)} modules; chains have up to {_MOST_LAYERS}")
    for name in modules:
        for part in name.split("."):
            if _NOT_PLAIN.match(part.lower()):
                raise no_chain(f"{name!r} is the name of a part that no plain chain has")
    layers = order_layers([layer_of(name, own) for name, own in modules.items()], shapes)
    _demand_no_blocks(layers)
    first = next(one for one in layers if one.op not in NORMS)
    kind, shape = _input(first)
    return Description(kind, shape, layers[-1].outputs, layers, questions(layers))


def input_shape(
    description: Description, answers: Mapping[str, str]
) -> tuple[str, tuple[int | None, ...]]:
    """What one input is and its shape, with the answers to the description's questions.

    Parameters
    ----------
    description : Description
    answers : Mapping[str, str]
        By the question's name; what is left out keeps its default.

    Returns
    -------
    kind : str
        "table", "series", "sequence" or "picture".
    shape : tuple
        As `Description.shape`; None for a length that is free.
    """
    first = next(one for one in description.layers if one.op not in NORMS)
    open_questions = {question.name for question in description.questions}
    kind, shape = description.kind, list(description.shape)
    if "input" in open_questions:
        kind = "series" if description.answer(answers, "input") == VARIABLES else "sequence"
        shape = [None, 4] if kind == "series" else [4, None]
    if "channels" in open_questions:
        shape[0 if kind == "picture" else 1] = int(description.answer(answers, "channels"))
    if SIDE.get(first.op) in open_questions:
        side = int(description.answer(answers, SIDE[first.op]))
        shape = [side if length is None else length for length in shape]
    return kind, tuple(shape)


def _input(first: Layer) -> tuple[str, tuple[int | None, ...]]:
    if first.op == "linear":
        return "table", (first.inputs,)
    if first.op == "conv2d":
        if first.inputs not in (1, 3):
            raise Problem(
                f"This network looks at pictures of {first.inputs} channels; pictures here have "
                "three (colour) or one (grey)."
            )
        return "picture", (first.inputs, None, None)
    if first.op == "conv1d" and first.inputs == 4:
        return "sequence", (4, None)
    return "series", (None, first.inputs)


def _demand_no_blocks(layers: Sequence[Layer]) -> None:
    """Problem where the names tell of blocks that give what they take, as those with shortcuts."""
    blocks: dict[str, list[Layer]] = {}
    for one in layers:
        if one.op in ("linear", *CONVOLUTIONS, *RECURRENT):
            parts = one.name.split(".")
            for index in range(1, len(parts)):
                if parts[index - 1].isdigit() and not parts[index].isdigit():
                    blocks.setdefault(".".join(parts[:index]), []).append(one)
    for name, inside in blocks.items():
        if len(inside) > 1 and inside[0].inputs == inside[-1].outputs:
            raise no_chain(
                f"{name!r} is a block of {len(inside)} layers that gives as much as it takes, as "
                "blocks with shortcuts do, and shortcuts have no weights"
            )
