"""What the shapes in a file of weights say of a plain chain of layers, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from explainers.errors import Problem


@dataclass(frozen=True)
class Question:
    """What the shapes leave open.

    Parameters
    ----------
    name : str
        The key of its answer.
    words : str
        The question for people.
    choices : tuple of str
        What can be answered.
    default : str
    several : int
        How many layers it is about: an answer may also name one choice for each of them, separated
        by commas; 0 where there is one answer only.
    whole : bool
        Whether any whole number above 0 is an answer too.
    """

    name: str
    words: str
    choices: tuple[str, ...]
    default: str
    several: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Layer:
    """One layer with its weights.

    Parameters
    ----------
    op : str
        "linear", "conv1d", "conv2d", "batch_norm", "layer_norm", "group_norm", "prelu", "lstm",
        "gru" or "rnn".
    name : str
        The module's in the file; "" for the file itself.
    inputs, outputs : int
        Features, channels or variables; `inputs` is 0 for those of the layer before.
    kernel : tuple of int
        Of a convolution.
    groups : int
        Of a convolution's channels.
    affine : bool
        Whether a batch normalisation has weights; for others whether there is a bias.
    depth : int
        Layers of a recurrent network.
    both : bool
        Whether it reads in both directions.
    """

    op: str
    name: str
    inputs: int
    outputs: int
    kernel: tuple[int, ...] = ()
    groups: int = 1
    affine: bool = True
    depth: int = 1
    both: bool = False


@dataclass(frozen=True)
class Description:
    """A plain chain of layers, as its shapes tell it.

    Parameters
    ----------
    kind : str
        "table", "series", "sequence" or "picture": the guess of what goes in.
    shape : tuple
        Of one input as the app holds it: (F,), (T, V), (4, L) or (channels, H, W), where a picture
        of one channel is grey; None for sides that are free, or that a question is about.
    outputs : int
        How many numbers come out.
    layers : tuple of Layer
        Those with weights, in their order.
    questions : tuple of Question
        What is left open, with defaults.
    """

    kind: str
    shape: tuple[int | None, ...]
    outputs: int
    layers: tuple[Layer, ...]
    questions: tuple[Question, ...]

    @property
    def sentence(self) -> str:
        """What was read, in words, with the reservation that goes with it."""
        names = {
            "linear": "linear",
            "conv1d": "convolution",
            "conv2d": "convolution",
            "lstm": "LSTM",
            "gru": "GRU",
            "rnn": "recurrent layer",
        }
        steps = [
            f"{names[layer.op]} {layer.inputs} → {layer.outputs * (1 + layer.both)}"
            for layer in self.layers
            if layer.op in names
        ]
        return (
            f"Read as a plain chain: {', '.join(steps)}. What has no weights (activations, "
            "pooling, shortcuts) cannot be seen in such a file: check the answers below, and that "
            "the network says what you know it says."
        )

    def to_facts(self) -> dict[str, Any]:
        """The description as plain data that JSON can hold."""
        return {**asdict(self), "sentence": self.sentence}

    def has(self, *ops: str) -> bool:
        """Whether there is a layer of one of these."""
        return any(layer.op in ops for layer in self.layers)

    def answer(self, answers: Mapping[str, str], name: str) -> str:
        """The answer to a question, else its default; Problem where it is not one of the choices.

        KeyError where there is no question of this name.
        """
        question = next((q for q in self.questions if q.name == name), None)
        if question is None:
            raise KeyError(name)
        given = str(answers.get(name, question.default)).strip()
        parts = [part.strip() for part in given.split(",")]
        fits = all(_accepted(question, part) for part in parts)
        if not fits or len(parts) not in (1, question.several):
            also = f", or {question.several} of them with commas" if question.several > 1 else ""
            whole = ", or another whole number" if question.whole else ""
            raise Problem(
                f"{given[:100]!r} does not answer “{question.words}” Accepted: "
                f"{', '.join(question.choices)}{whole}{also}."
            )
        return given

    def each(self, answers: Mapping[str, str], name: str, count: int) -> tuple[str, ...]:
        """The answer for each of `count` layers, however it was given."""
        parts = tuple(part.strip() for part in self.answer(answers, name).split(","))
        return parts if len(parts) == count else parts * count


def _accepted(question: Question, part: str) -> bool:
    number = part.isascii() and part.isdigit() and len(part) < 7 and int(part) > 0
    return part in question.choices or (question.whole and number)
