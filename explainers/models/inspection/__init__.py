"""What an uploaded network takes and gives, found by running it, before anything is explained.

The network is run on random inputs and on samples. What stays unsure is a question with a default.
The card is plain data that JSON can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from explainers import eval_mode, output_form
from explainers.models.inspection import pictures
from explainers.models.inspection.acceptance import accepted_volumes
from explainers.models.inspection.answers import inspect_answers
from explainers.models.inspection.guesses import PHOTO_CHANNELS, Guess
from explainers.models.inspection.methods import backward_bytes, try_methods
from explainers.models.inspection.places import answers_at_places
from explainers.models.places import ask_at
from explainers.models.prepared import Prepared
from explainers.models.spec import AS_THEY_ARE, TAKEN_FOR, ModelSpec

if TYPE_CHECKING:
    from PIL import Image

    from explainers.models.formats.model import Model

__all__ = ["examine"]

_NO_MAP_OF_SLICES = (
    "It looks for a map of rows and columns; a volume's slices stand for channels here, and its "
    "map would be of none of them."
)


def examine(
    network: Model,
    spec: ModelSpec,
    samples: Sequence[Image.Image],
    tell: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """The card of a network: what it takes and gives, and which methods work on it.

    Parameters
    ----------
    network : Model
        From inputs (N, …) to (N, outputs) or (N, steps, outputs).
    spec : ModelSpec
        Its `shape` is that of one input as the file declares it, 0 for a free side, () for none;
        pictures of its `sides` are tried first.
    samples : sequence of PIL.Image.Image
        Pictures to try the network on, if it takes pictures.
    tell : callable
        Is given each step in words.

    Returns
    -------
    dict
        `kind`, `input` (shape of one input), `swapped` (see ModelSpec), `kinds` (all guesses that
        the network takes, as [kind, swapped, shape]), `free` (of each of these: whether other
        lengths or sizes fit too), `sizes` (of pictures: all [height, width] that it accepts of
        those tried, or the side of a square), `declared` (of pictures: the height and width that
        the file declares, 0 for a free one), `outputs`, `steps` (of an answer that is a series,
        else None), `answers` (what they are, a word of `answers.Answers`),
        `normalisation` ({"name", "mean", "std", "white", "order"}, of pictures), `places`
        (of an answer with one of each class at many places: how it lies, see `Places`, else None)
        and `recognised` (by what, in words), `parameters`,
        `megabytes` of weights, `pass_megabytes` that one pass with gradient takes beside them,
        `methods` (key: "" or why it will not work),
        `costs` (key: passes of one explanation), `seconds_per_pass` and
        `seconds_per_gradient_pass`, `first` (the answer to a
        sample: {"index", "share", "value"}, or None), `questions` (names of what is not sure).

    Raises
    ------
    Problem
        Where no input of any tried kind and shape can be put in.

    Examples
    --------
    >>> spec = ModelSpec("upload", "", shape=(4,))
    >>> card = examine(nn.Sequential(nn.Linear(4, 2), nn.Softmax(1)), spec, [])
    >>> card["kind"], card["outputs"], card["answers"], card["parameters"]
    ('table', 2, 'softmax', 10)
    """
    with torch.no_grad(), eval_mode.evaluating(network):
        tell("Finding what it takes")
        network, spec, depth, accepted = accepted_volumes(network, spec)
        guess, sizes = accepted.guesses[0], accepted.sizes
        samples = samples if guess.shape[0] in PHOTO_CHANNELS else ()
        spec = replace(spec, kind=guess.kind, swapped=guess.swapped, shape=guess.shape)
        tell("Looking at its answers")
        output, answers, sure_answers = inspect_answers(network, guess, samples)
        steps = None
        places, recognised = None, ""
        if output.ndim > 2 and guess.kind == "picture":
            found = answers_at_places(network, guess, samples)
            places, recognised = found.places, found.sentence
            if places is not None:
                answers, sure_answers = found.are, found.sure
        if output.ndim > 2 and places is None:
            steps, output = output.shape[1], output.movedim(1, -1)[..., -1]
        questions = [] if sure_answers else ["answers"]
        normalisation = None
        spec = replace(spec, mean=(0.0,), std=(1.0,), step=None if steps is None else -1)
        if places is not None:
            spec = replace(spec, places=places, answers=TAKEN_FOR.get(answers, "classes"))
        if guess.kind == "picture":
            tell("Looking for its normalisation")
            normalisation, sure = pictures.guess_normalisation(network, guess, samples)
            questions += [] if sure else ["normalisation"]
            spec = replace(
                spec,
                size=guess.shape[1],
                width=guess.shape[2],
                mean=tuple(normalisation["mean"]),
                std=tuple(normalisation["std"]),
                white=normalisation["white"],
                order=normalisation["order"],
            )
    model = Prepared(network, spec)
    if places is not None:
        with eval_mode.evaluating(network):
            model, _ = ask_at(model, spec, guess.sample(model, samples))
            output = model(guess.sample(model, samples))
    tell("Trying every method")
    trials = try_methods(model, guess)
    if depth and "grad_cam" in trials.problems:
        trials.problems["grad_cam"] = _NO_MAP_OF_SLICES
        trials.costs.pop("grad_cam", None)
    weights: list[Tensor] = []
    if isinstance(network, nn.Module):
        weights = [*network.parameters()] or [*network.buffers()]
    several = len(accepted.guesses) > 1
    questions += ["size"] * (len(sizes) > 1) + ["kind"] * several
    return {
        "evident": 2,
        "kind": guess.kind,
        "input": list(guess.shape),
        "swapped": guess.swapped or bool(depth and getattr(network, "swapped", False)),
        "depth": depth,
        "kinds": [[other.kind, other.swapped, list(other.shape)] for other in accepted.guesses],
        "free": [other.free for other in accepted.guesses],
        "declared": list(accepted.declared),
        "sizes": [high if high == wide else [high, wide] for high, wide in sizes],
        "outputs": int(output.shape[1]) if output.ndim == 2 else list(output.shape[1:]),
        "steps": steps,
        "places": None
        if places is None
        else {"classes": places.classes, "box": places.box, "grid": list(places.grid)},
        "recognised": recognised,
        "answers": answers,
        "normalisation": normalisation,
        "parameters": sum(weight.numel() for weight in weights),
        "megabytes": sum(weight.numel() * weight.element_size() for weight in weights) / 1e6,
        "pass_megabytes": backward_bytes(model, guess) / 1e6,
        "methods": trials.problems,
        "costs": trials.costs,
        **trials.times.facts,
        "first": _first(model, guess, samples, answers) if output.ndim == 2 else None,
        "questions": questions,
    }


def _first(
    model: Prepared, guess: Guess, samples: Sequence[Image.Image], answers: str
) -> dict[str, Any] | None:
    """What it says to a sample picture, or to a random input of another kind."""
    if guess.kind == "picture" and not samples:
        return None
    x = guess.sample(model, samples)
    with torch.no_grad(), eval_mode.evaluating(model):
        form = "output" if TAKEN_FOR.get(answers) in AS_THEY_ARE else "probability"
        shares = eval_mode.check_output(output_form.with_form(model, form)(x), x)[0]
        best = int(shares.argmax())
        value = float(eval_mode.check_output(model(x), x)[0, best])
    return {"index": best, "share": float(shares[best]), "value": value}
