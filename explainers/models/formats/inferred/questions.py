"""What the shapes of a chain leave open, as questions with defaults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explainers.models.formats.inferred.description import Layer, Question
from explainers.models.formats.inferred.layers import no_chain
from explainers.models.formats.inferred.order import CONVOLUTIONS, NORMS, RECURRENT
from explainers.models.formats.inferred.plans import (
    FITTED,
    FLAT,
    GLOBAL,
    LENGTHS,
    PADDINGS,
    POOLINGS,
    SIDES,
    STRIDES,
    Plan,
    fitting,
    square,
)

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "leaky relu", "elu", "silu", "softplus", "none")
ENDINGS = ("none", "softmax", "sigmoid")
BEFORE, AFTER, POOLED = "before the activation", "after the activation", "after the pooling"
LAST, ENDS, MEAN, MOST, EVERY = (
    "last step",
    "last state of each direction",
    "mean over the steps",
    "maximum over the steps",
    "every step",
)
LETTERS, VARIABLES = "DNA letters", "a series of 4 variables"
SIDE = {"conv1d": "input length", "conv2d": "input side"}
EACH_CHANNEL = "each channel"
_MOST_CHANNELS = 64


def questions(layers: Sequence[Layer]) -> tuple[Question, ...]:
    """All questions about a chain, in the order in which they are read.

    Parameters
    ----------
    layers : sequence of Layer
        In their order.

    Returns
    -------
    tuple of Question
        What has no weights (activations, pooling, strides, …), with a default for each.

    Raises
    ------
    Problem
        Where no square input fits what the first linear layer takes.
    """
    unknown: list[Question] = []
    weighty = next(layer for layer in layers if layer.op not in NORMS)
    if weighty.inputs == 4 and weighty.op in ("conv1d", *RECURRENT):
        choices = (LETTERS, VARIABLES)
        unknown.append(Question("input", "What goes in?", choices, choices[weighty.op != "conv1d"]))
    active = len(activated(layers))
    if active:
        unknown.append(
            Question(
                "activation",
                "Which activation stands between the layers?",
                ACTIVATIONS,
                "relu",
                active,
            )
        )
    if any(one.op in NORMS and before.op not in ("", *NORMS) for before, one in _pairs(layers)):
        unknown.append(
            Question(
                "normalisation",
                "Where does a normalisation stand?",
                (BEFORE, AFTER, POOLED) if convolutions(layers) else (BEFORE, AFTER),
                BEFORE,
            )
        )
    unknown += _grouped(layers)
    recurrent = next((layer for layer in layers if layer.op in RECURRENT), None)
    if any(layer.op in CONVOLUTIONS for layer in layers):
        unknown += _spatial(layers, recurrent is not None)
    if recurrent is not None:
        unknown += _reading(recurrent)
    unknown.append(
        Question(
            "ending",
            "What stands after the last layer?",
            tuple(e for e in ENDINGS if e != "softmax" or layers[-1].outputs > 1),
            "none",
        )
    )
    return tuple(unknown)


def activated(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Names of the layers after which an activation is asked for: those inside, without a PReLU."""
    weighty = [
        (index, layer)
        for index, layer in enumerate(layers[:-1])
        if layer.op in ("linear", *CONVOLUTIONS)
    ]
    return tuple(layer.name for index, layer in weighty if not _own_activation(layers, index))


def convolutions(layers: Sequence[Layer]) -> list[Layer]:
    """The convolutions of a chain."""
    return [layer for layer in layers if layer.op in CONVOLUTIONS]


def positions(layers: Sequence[Layer]) -> int:
    """How many numbers per channel the first linear layer takes of what the convolutions give."""
    head = next(layer for layer in layers if layer.op == "linear")
    return head.inputs // convolutions(layers)[-1].outputs


def _own_activation(layers: Sequence[Layer], index: int) -> bool:
    """Whether the file has an activation with weights after this layer and its normalisation."""
    following = [layer.op for layer in layers[index + 1 : index + 3]]
    return following[:1] == ["prelu"] or (
        bool(following) and following[0] in NORMS and following[1:] == ["prelu"]
    )


def _pairs(layers: Sequence[Layer]) -> Iterable[tuple[Layer, Layer]]:
    return zip((Layer("", "", 0, 0), *layers), layers, strict=False)


def _grouped(layers: Sequence[Layer]) -> list[Question]:
    """Questions about groups: of the first convolution's channels, and of normalisations."""
    unknown, convolved = [], convolutions(layers)
    if convolved and convolved[0].inputs == 1 and convolved[0].groups == 1:
        first = convolved[0]
        possible = (1, 3) if first.op == "conv2d" else range(1, _MOST_CHANNELS + 1)
        counts = tuple(str(n) for n in possible if first.outputs % n == 0)
        if len(counts) > 1:
            unknown.append(
                Question(
                    "channels",
                    "How many channels has the input? More than one are seen one by one.",
                    counts,
                    "1",
                )
            )
    normed = [layer for layer in layers if layer.op == "group_norm"]
    if normed:
        groups = [n for n in (1, 2, 4, 8, 16, 32, 64) if all(one.inputs % n == 0 for one in normed)]
        unknown.append(
            Question(
                "groups",
                "How many groups of channels does each normalisation take together?",
                (*map(str, groups), EACH_CHANNEL),
                "32" if 32 in groups else str(groups[-1]),
            )
        )
    return unknown


def _spatial(layers: Sequence[Layer], recurrent: bool) -> list[Question]:
    convolved = convolutions(layers)
    kernels, count, op = [layer.kernel for layer in convolved], len(convolved), convolved[0].op
    side = SIDE[op]
    free = recurrent or positions(layers) == 1
    default, sides = Plan(("1",) * count, ("same",) * count, ("none",) * count), []
    if free:
        default = (
            default
            if recurrent
            else Plan(default.stride, default.padding, ("max 2",) * (count - 1) + ("none",))
        )
    else:
        if any(len(set(kernel)) > 1 for kernel in kernels):
            raise no_chain("its kernels are not square, so how they meet the input is open")
        left = positions(layers) if op == "conv1d" else square(positions(layers))
        usual = LENGTHS if op == "conv1d" else SIDES
        fits = fitting([kernel[0] for kernel in kernels], left, usual) if left else []
        if not fits:
            raise no_chain(
                f"the first linear layer takes {positions(layers)} numbers of each channel, and no "
                "square input with usual strides, paddings and poolings gives so many"
            )
        default, sides = fits[0][0], list(dict.fromkeys(side for _, side in fits))
    unknown = []
    for name, words, choices, chosen in (
        (
            "pooling",
            "What stands after each convolution to make the map smaller?",
            POOLINGS,
            default.pooling,
        ),
        ("stride", "What is the stride of each convolution?", STRIDES, default.stride),
        (
            "padding",
            "Are zeros put around the input of each convolution?",
            PADDINGS,
            default.padding,
        ),
    ):
        shown = chosen[0] if len(set(chosen)) == 1 else ", ".join(chosen)
        unknown.append(Question(name, words, choices, shown, count, whole=name != "pooling"))
    if recurrent:
        return unknown
    ways = (GLOBAL, FLAT) if free else (FLAT, FITTED)
    words = "What does the first linear layer take of the convolutions' map?"
    unknown.append(Question("head", words, ways, ways[0]))
    if not free or op == "conv2d":
        words = (
            "How many pixels has a side of the picture?"
            if op == "conv2d"
            else ("How many steps or letters has an input?")
        )
        sides = sides or [224, *(side for side in SIDES if side != 224)]
        unknown.append(Question(side, words, tuple(map(str, sides)), str(sides[0]), whole=True))
    return unknown


def _reading(recurrent: Layer) -> list[Question]:
    unknown = []
    if recurrent.op == "rnn":
        unknown.append(
            Question(
                "recurrence", "Which activation has the recurrent layer?", ("tanh", "relu"), "tanh"
            )
        )
    ways = (LAST, ENDS, MEAN, MOST, EVERY) if recurrent.both else (LAST, MEAN, MOST, EVERY)
    words = "Which steps of the recurrent layer does the next layer take?"
    return [*unknown, Question("steps", words, ways, LAST)]
