"""Which model is meant and how an input is prepared for it: plain data, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

NORMALISATIONS = {
    "0–1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "−1–1": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""Means and standard deviations of red, green and blue from 0 to 1, by name."""


class Preparation(NamedTuple):
    """What happens to the channels of a picture before the network; see `ModelSpec`."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: float = 1.0
    order: str = "RGB"


_BYTES = Preparation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 255.0)
PREPARATIONS = {name: Preparation(*values) for name, values in NORMALISATIONS.items()} | {
    "0–255": _BYTES,
    "0–255, BGR": _BYTES._replace(order="BGR"),
    "Caffe": Preparation((103.939, 116.779, 123.68), (1.0, 1.0, 1.0), 255.0, "BGR"),
}
"""The usual preparations of three channels, by name."""


def preparation(name: str, channels: int) -> Preparation | None:
    """The preparation of that name for a number of channels, or None where it has none for them.

    Examples
    --------
    >>> preparation("−1–1", 4)
    Preparation(mean=(0.5, 0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5, 0.5), white=1.0, order='RGB')
    >>> preparation("ImageNet", 4) is None
    True
    """
    known = PREPARATIONS[name]
    if channels == len(known.mean):
        return known
    alike = len(set(known.mean)) == len(set(known.std)) == 1 and known.order == "RGB"
    if not alike:
        return None
    return known._replace(mean=known.mean[:1] * channels, std=known.std[:1] * channels)


AS_THEY_ARE = ("numbers", "probabilities")
"""Answers that are explained as the model gives them: there is no softmax to look behind."""

TAKEN_FOR = {
    "number": "numbers",
    "numbers": "numbers",
    "percent": "numbers",
    "probabilities": "probabilities",
    "fractions": "probabilities",
}
"""What answers are taken for unless somebody says otherwise, by what the inspection calls them; all
that is not named here for "classes"."""

RECOGNISE = "recognise"
"""The name of an uploaded model whose architecture is to be found by its weights."""


@dataclass(frozen=True, repr=False)
class Places:
    """Of an answer that has a score of each class at each of many places: where it is asked.

    Parameters
    ----------
    classes : int
        Dimension of the classes in the answer: 1 of (N, K, places…), −1 of (N, places…, K), or 0 of
        (N, places…), one number at each place.
    box : int
        So many numbers before the classes describe a box: 0, 4, or 5 where the fifth is the score
        that there is a thing at all, by which the scores of the classes are multiplied.
    where : str
        "class": the mean over the places that the network itself calls class `index`; "best": the
        one place with the highest score of class `index`; "place": the one place `place`; "all":
        the mean over all places; "": as fits the answer.
    index : int or None
        None: the class that most places show; for "best" the class that has the highest score.
    place : tuple of int
        As many numbers as the answer has sides: row and column, or the number of a box.
    grid : tuple of int
        Rows and columns of places that the answer has one after another; () where they lie so.

    Examples
    --------
    >>> Places(where="class", index=1)
    Places(where='class', index=1)
    """

    classes: int = 1
    box: int = 0
    where: str = ""
    index: int | None = None
    place: tuple[int, ...] = ()
    grid: tuple[int, ...] = ()

    def __repr__(self) -> str:
        shown = [(f.name, getattr(self, f.name)) for f in fields(self)]
        usual = {f.name: f.default for f in fields(self)}
        given = ", ".join(f"{name}={value!r}" for name, value in shown if value != usual[name])
        return f"Places({given})"


@dataclass(frozen=True)
class ModelSpec:
    """A model by its origin, and the preparation that it expects of an input.

    Parameters
    ----------
    source : str
        "demo", "package" (weights that come as a package), "torchvision" (pretrained, by name),
        "python" (defined by whoever started the server) or "upload" (a file in the store).
    name : str
        The demo's or the package's name, or the architecture's, or RECOGNISE.
    weights : str
        Digest and suffix of the file of weights, uploaded or in a package; "" for the others.
    size, width : int
        Height and width of the picture that the network sees, in px; width 0: it is a square.
    fit : str
        "crop": the largest centred part of that shape; "stretch": the whole picture, whatever its
        shape; "pad": the whole picture in its own shape, with a border of what the network gets
        as 0.
    mean, std : tuple of float
        What is subtracted and divided by before the network: per channel of a picture, in the
        order and on the scale that the network gets; per feature of a table; per variable of a
        series. As many as a picture has channels; of one alone, the network sees it in grey.
    white : float
        What the network gets for white, before the mean is subtracted: 1 or 255.
    order : str
        "RGB", or "BGR" where the network gets blue first.
    depth : int
        Of a network of volumes (N, C, depth, H, W): how many slices one has, channel by channel the
        channels of a picture; 0 for a network of pictures.
    kind : str
        A key of KINDS: what an input is.
    shape : tuple of int
        Of one input where it is no picture: (F,), (T, V) or (4, L).
    swapped : bool
        Whether the network wants the first dimension of an input last: channels last, or
        variables × time, or letters × ACGT.
    columns : tuple of str
        Names of features or variables, in the network's order.
    answers : str
        "classes" (one of them is right), "labels" (each is right or not), "probabilities" (from 0
        to 1, without a softmax or sigmoid to look behind) or "numbers" (values as they are).
    step : int or None
        Which step of an answer that is a series is explained; None: the answer is none.
    places : Places or None
        Where an answer with one of each class at many places is asked; None: the answer is none.
    choices : tuple of (name, answer)
        Answers to questions that the weights leave open.

    Examples
    --------
    >>> ModelSpec("upload", RECOGNISE, kind="table", shape=(4,), mean=(0.0,), std=(1.0,)).answers
    'classes'
    """

    source: str
    name: str
    weights: str = ""
    size: int = 224
    width: int = 0
    fit: str = "crop"
    mean: tuple[float, ...] = NORMALISATIONS["ImageNet"][0]
    std: tuple[float, ...] = NORMALISATIONS["ImageNet"][1]
    white: float = 1.0
    order: str = "RGB"
    depth: int = 0
    kind: str = "picture"
    shape: tuple[int, ...] = ()
    swapped: bool = False
    columns: tuple[str, ...] = ()
    answers: str = "classes"
    step: int | None = None
    places: Places | None = None
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the picture that the network sees, in px."""
        return self.size, self.width or self.size


def settings_of_slices(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a model of volumes declares, as that of pictures with a channel for each slice.

    Parameters
    ----------
    facts : mapping
        Its `shape` is (C, depth, H, W); `mean` and `std` may have a number for each of C channels.

    Examples
    --------
    >>> settings_of_slices({"shape": (2, 3, 8, 8), "mean": (0.5, 0.1)})
    {'shape': (6, 8, 8), 'mean': (0.5, 0.5, 0.5, 0.1, 0.1, 0.1), 'depth': 3}
    """
    channels, depth, height, width = facts["shape"]
    spread = {
        name: tuple(number for number in facts[name] for _ in range(depth))
        for name in ("mean", "std")
        if len(facts.get(name, ())) == channels
    }
    return {**facts, "shape": (channels * depth, height, width), **spread, "depth": depth}
