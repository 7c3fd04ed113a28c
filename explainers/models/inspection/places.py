"""Answers of networks of pictures that have one of each class at many places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from explainers import output_form
from explainers.models.answers import arranged
from explainers.models.inspection.guesses import Guess
from explainers.models.layouts import read_layout, read_volume
from explainers.models.slices import OfSlices
from explainers.models.spec import Places

if TYPE_CHECKING:
    from PIL import Image

    from explainers.models.formats.model import Model

ROWS = 2
_ALIKE = 0.7
"""How much a channel of an answer correlates with the same channel of its input, at least."""


class AnswersAtPlaces(NamedTuple):
    """How an answer lies, a sentence that says by what that is seen, and what its numbers are."""

    places: Places | None
    sentence: str
    are: str = ""
    sure: bool = True


def answers_at_places(
    network: Model, guess: Guess, samples: Sequence[Image.Image] = ()
) -> AnswersAtPlaces:
    """How an answer (N, …) of more than two dimensions lies, and what its numbers are.

    Parameters
    ----------
    network : Model
        The shapes of all answers of its file are in its `all_answers`, where it has one.
    guess : Guess
        What its pictures are.
    samples : sequence of PIL.Image.Image
        Pictures to look at beside random ones.

    Raises
    ------
    ModelProblem
        For answers that cannot be followed.

    Examples
    --------
    >>> found = answers_at_places(torch.nn.Conv2d(3, 5, 1), Guess("picture", (3, 8, 8)))
    >>> found.places, found.are
    (Places(), 'logits')
    """
    _, height, width = guess.shape
    inputs = guess.random_inputs(network, count=ROWS)
    output, meaning, _ = output_form.observe(network, inputs)
    beside = getattr(network, "all_answers", ())
    if isinstance(network, OfSlices):
        places, sentence = read_volume(output, network.swapped)
    else:
        places, sentence = read_layout(output, (height, width), beside)
    if places is None:
        return AnswersAtPlaces(None, sentence)
    scores = arranged(output, places)
    if meaning is not None and meaning.canonical and meaning.form in ("softmax", "sigmoid"):
        return AnswersAtPlaces(places, sentence, meaning.form)
    if scores.shape[1] == 1:
        return AnswersAtPlaces(places, sentence, "number", sure=False)
    shares = bool(((scores >= 0) & (scores <= 1)).all())
    total = scores.sum(1)
    if shares and (places.box or torch.allclose(total, torch.ones_like(total), atol=1e-4)):
        return AnswersAtPlaces(places, sentence, "probabilities")
    if not places.box and _is_a_picture(network, places, guess, samples):
        return AnswersAtPlaces(places, sentence, "numbers", sure=False)
    return AnswersAtPlaces(places, sentence, "logits")


def _is_a_picture(
    network: Model, places: Places, guess: Guess, samples: Sequence[Image.Image]
) -> bool:
    """Whether every channel of an answer follows that of its input: a picture that was mended."""
    x = guess.sample(network, samples)
    output = arranged(network(x.movedim(1, -1) if guess.swapped else x), places)
    if output.shape != x.shape:
        return False
    pairs = torch.stack([values.movedim(1, 0).flatten(1) for values in (output, x)]).double()
    one, other = (pairs - pairs.mean(2, keepdim=True)).unbind()
    alike = (one * other).sum(1) / (one.norm(dim=1) * other.norm(dim=1)).clamp(min=1e-12)
    return bool((alike > _ALIKE).all())
