"""What the answers of a network are: scores, probabilities, or values, by its graph and by trial.

Its operations are followed from the last activation to the output, and its numbers are looked at on
inputs of several scales. What neither settles is a question, with a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from explainers import output_form
from explainers.errors import Problem
from explainers.models.inspection.guesses import Guess
from explainers.output_form.meaning import Meaning
from explainers.output_form.numbers import are_probabilities, far_from_scores, in_unit, sum_to

if TYPE_CHECKING:
    from PIL import Image

    from explainers.models.formats.model import Model

ROWS = 4
SCALES = (0.1, 10.0)
"""By how much random inputs are multiplied, beside those as they are."""

CLASSES = 10
"""A network with as many answers to a picture is a classifier."""

LARGE = 100.0
"""Scores before a softmax stay below this on ordinary inputs."""


class Answers(NamedTuple):
    """What was found.

    Attributes
    ----------
    output : Tensor, shape (ROWS, …)
        On random inputs; of two dimensions at least.
    are : str
        "logits", "log_probabilities"; "softmax" and "sigmoid" where the score before each
        probability is known, and the probabilities sum to 1 or not; "probabilities" (that sum to 1)
        and "fractions" (from 0 to 1 each) where it is not; "percent", "numbers", or "number" (one
        alone).
    sure : bool
        Whether nothing else fits; else it is a guess.
    """

    output: Tensor
    are: str
    sure: bool


def inspect_answers(network: Model, guess: Guess, samples: Sequence[Image.Image]) -> Answers:
    """What the answers of a network are.

    Parameters
    ----------
    network : Model
        From inputs (N, …) to (N,), (N, outputs) or (N, steps, outputs).
    guess : Guess
        What one input is.
    samples : sequence of PIL.Image.Image
        Pictures to try beside random ones.

    Raises
    ------
    Problem
        Where it does not return a tensor.

    Examples
    --------
    >>> rates = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softplus())
    >>> inspect_answers(rates, Guess("table", (4,)), [])[1:]
    ('numbers', True)
    """
    inputs = guess.random_inputs(network, count=ROWS)
    output, meaning, seen = output_form.observe(network, inputs)
    if not isinstance(output, Tensor):
        raise Problem(
            f"The network returned a {type(output).__name__}, not a tensor. Export it so that it "
            "returns the one tensor to explain."
        )
    output = guess.steps_first(output[:, None] if output.ndim == 1 else output)
    rows = [_rows(output), *_more(network, guess, samples, inputs)]
    are, sure = _read(torch.cat(rows).float(), meaning, seen, guess.kind)
    if guess.kind == "picture" and output.ndim > 2 and are == "logits":
        # Such as the two coordinates of each of several points.
        are, sure = ("numbers" if rows[0].shape[1] < CLASSES else are), False
    return Answers(output, are, sure)


def _more(
    network: Model, guess: Guess, samples: Sequence[Image.Image], inputs: Tensor
) -> list[Tensor]:
    """Answers to inputs of other scales, and to a sample picture."""
    others = [] if guess.kind == "sequence" else [scale * inputs for scale in SCALES]
    if guess.kind == "picture" and len(samples):
        photo = guess.sample(network, samples)
        others = [photo.movedim(1, -1) if guess.swapped else photo, SCALES[0] * inputs]
    rows = []
    for given in others:
        try:
            rows.append(_rows(guess.steps_first(network(given))))
        except Exception:  # it may well refuse what is unusual; the first answers are enough
            continue
    return rows


def _rows(output: Tensor) -> Tensor:
    """One row of answers an input, of a series the last step's: (N, outputs)."""
    if output.ndim == 1:
        return output[:, None]
    last = output.movedim(1, -1)[..., -1] if output.ndim > 2 else output
    return last.flatten(1)


def _read(rows: Tensor, meaning: Meaning | None, seen: bool, kind: str) -> tuple[str, bool]:
    """What answers (n, outputs) are, and whether that is sure."""
    rows = rows[rows.isfinite().all(1)]
    if not len(rows):
        return ("number" if rows.shape[1] == 1 else "logits"), False
    if meaning is not None and (meaning.unit or meaning.form.startswith("log_")):
        return _by_graph(rows, meaning), True
    if are_probabilities(rows):
        return "probabilities", True
    if sum_to(rows, 100.0):
        return "percent", True
    if meaning is not None:
        percent = meaning.form in ("sigmoid", "softmax") and abs(meaning.scale - 100) < 1e-4
        one, bounded = rows.shape[1] == 1, meaning.low > -torch.inf
        return "percent" if percent and meaning.low >= 0 else "number" if one else "numbers", (
            bounded
        )
    return _by_numbers(rows, seen, kind)


def _by_graph(rows: Tensor, meaning: Meaning) -> str:
    if meaning.form.startswith("log_"):
        return "log_probabilities" if meaning.canonical else "numbers"
    whole = are_probabilities(rows)
    if meaning.logit is None:
        return "probabilities" if whole else "fractions"
    return "softmax" if whole else "sigmoid"


def _by_numbers(rows: Tensor, seen: bool, kind: str) -> tuple[str, bool]:
    """Of a last layer without an activation, or one out of sight."""
    outputs = rows.shape[1]
    if not seen and in_unit(rows):
        return "fractions", False
    if outputs == 1:
        return "number", False
    usual = rows[:ROWS]
    if far_from_scores(rows):
        return "numbers", False
    if kind == "picture" and outputs >= CLASSES:
        return "logits", True
    if float(usual.abs().max()) > LARGE or (float(rows.min()) >= 0 and kind != "picture"):
        return "numbers", False
    return "logits", kind == "picture"
