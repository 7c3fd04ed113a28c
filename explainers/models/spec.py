"""Which model is meant and how an input is prepared for it: plain data, no torch."""

from __future__ import annotations

from dataclasses import dataclass

NORMALISATIONS = {
    "0–1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "−1–1": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}

AS_THEY_ARE = ("numbers", "probabilities")
"""Answers that are explained as the model gives them: there is no softmax to look behind."""

RECOGNISE = "recognise"
"""The name of an uploaded model whose architecture is to be found by its weights."""


@dataclass(frozen=True)
class ModelSpec:
    """A model by its origin, and the preparation that it expects of an input.

    Parameters
    ----------
    source : str
        "demo", "torchvision" (pretrained, by name), "python" (defined by whoever started the
        server) or "upload" (a file in the store).
    name : str
        The demo's name, or the architecture's, or RECOGNISE.
    weights : str
        Digest and suffix of the uploaded file in the store; "" for the others.
    size : int
        Side of the square that the network sees, in px; of pictures only.
    fit : str
        "crop": the largest centred square; "stretch": the whole picture, made square.
    mean, std : tuple of float
        What is subtracted and divided by before the network: per channel of a picture, of pixels
        from 0 to 1; per feature of a table; per variable of a series. One mean alone for a
        picture: the network sees it in grey.
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
        "classes" (one of them is right), "labels" (each is right or not), "probabilities" (of
        classes, without a softmax that could be seen) or "numbers".
    step : int or None
        Which step of an answer that is a series is explained; None: the answer is none.
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
    fit: str = "crop"
    mean: tuple[float, ...] = NORMALISATIONS["ImageNet"][0]
    std: tuple[float, ...] = NORMALISATIONS["ImageNet"][1]
    kind: str = "picture"
    shape: tuple[int, ...] = ()
    swapped: bool = False
    columns: tuple[str, ...] = ()
    answers: str = "classes"
    step: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
