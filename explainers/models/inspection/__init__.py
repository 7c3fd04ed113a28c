"""The doctor: what an uploaded network is, in words, before anything is explained.

It asks the network itself: runs it on small trials and on samples. What it cannot be sure of is a
question with a default. Its card is plain data that JSON can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from explainers import eval_mode, output_form
from explainers.errors import Problem
from explainers.models.inspection import pictures
from explainers.models.inspection.guesses import Guess, guesses
from explainers.models.inspection.trial import memory, trial
from explainers.models.prepared import Prepared
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["examine"]


def examine(
    network: nn.Module,
    spec: ModelSpec,
    samples: Sequence[Image.Image],
    tell: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """The card of a network; `samples` are pictures to try it on, if it takes pictures.

    `spec.shape` is that of one input as the file declares it, 0 for a free side, () for none.

    Keys: `kind`, `input` (shape of one input), `swapped` (see ModelSpec), `kinds` (all guesses that
    the network takes, as [kind, swapped, shape]), `sizes` (of pictures: all that it accepts of
    those tried), `outputs`, `steps` (of an answer that is a series, else None), `answers`
    ("logits", "softmax", "sigmoid", "probabilities", "number"), `normalisation` ({"name", "mean",
    "std"}, of pictures), `parameters`, `megabytes` of weights, `pass_megabytes` that one pass with
    gradient takes beside them, `methods` (key: "" or why it will not work), `costs` (key: passes of
    one explanation), `seconds_per_pass`, `first` (the answer to a sample: {"index", "share",
    "value"}, or None), `questions` (names of what is not sure). `tell` is given each step in words.

    Raises Problem where no input of any tried kind and shape can be put in.
    """
    with torch.no_grad(), eval_mode.evaluating(network):
        tell("Finding what it takes")
        taken, sizes = _taken(network, spec)
        guess = taken[0]
        spec = replace(spec, kind=guess.kind, swapped=guess.swapped, shape=guess.shape)
        tell("Looking at its answers")
        output, answers = _answers(network, guess)
        steps = None
        if output.ndim > 2:
            steps, output = output.shape[1], output.movedim(1, -1)[..., -1]
        questions, normalisation = [], None
        spec = replace(spec, mean=(0.0,), std=(1.0,), step=None if steps is None else -1)
        if guess.kind == "picture":
            tell("Looking for its normalisation")
            normalisation, sure = pictures.normalised(network, guess, samples)
            questions += [] if sure else ["normalisation"]
            spec = replace(
                spec, size=guess.shape[-1], mean=normalisation["mean"], std=normalisation["std"]
            )
    model = Prepared(network, spec)
    tell("Trying every method")
    methods, costs, seconds = trial(model, guess)
    weights = list(network.parameters()) or list(network.buffers())
    several = len({(found.kind, found.swapped) for found in taken}) > 1
    questions += ["size"] * (len(sizes) > 1) + ["kind"] * several
    return {
        "evident": 2,
        "kind": guess.kind,
        "input": list(guess.shape),
        "swapped": guess.swapped,
        "kinds": [[found.kind, found.swapped, list(found.shape)] for found in taken],
        "sizes": sizes,
        "outputs": int(output.shape[1]) if output.ndim == 2 else list(output.shape[1:]),
        "steps": steps,
        "answers": answers,
        "normalisation": normalisation,
        "parameters": sum(weight.numel() for weight in weights),
        "megabytes": sum(weight.numel() * weight.element_size() for weight in weights) / 1e6,
        "pass_megabytes": memory(model, guess) / 1e6,
        "methods": methods,
        "costs": costs,
        "seconds_per_pass": seconds,
        "first": _first(model, guess, samples, answers) if output.ndim == 2 else None,
        "questions": questions,
    }


def _taken(network: nn.Module, spec: ModelSpec) -> tuple[list[Guess], list[int]]:
    """The guesses that the network takes, likeliest first; and, of pictures, all sizes it takes."""
    complaint, found, sizes = "", [], []
    for guess in guesses(spec):
        if guess.kind == "picture":
            accepted, said = pictures.accepted_sizes(network, guess, spec.size)
            complaint = complaint or said
            if accepted:
                size = spec.size if spec.size in accepted else accepted[0]
                found.append(replace(guess, shape=(guess.shape[0], size, size)))
                sizes = sizes or accepted
            continue
        try:
            network(guess.trial(network))
            found.append(guess)
        except Exception as error:
            complaint = complaint or (str(error).strip().splitlines() or [""])[0][:200]
    if not found:
        raise Problem(
            f"No input that was tried fits this network: {complaint}. Networks that take pictures "
            "(N, 3, height, width), tables (N, features), time series (N, time, variables) or DNA "
            "(N, 4, letters) are accepted; say the size that it was trained with."
        )
    return found, sizes


def _answers(network: nn.Module, guess: Guess) -> tuple[Tensor, str]:
    """The output on a trial input, and what its numbers are."""
    with output_form.FinalActivation() as seen:
        output = network(guess.trial(network, count=4))
    if not isinstance(output, Tensor):
        raise Problem(
            f"The network returned a {type(output).__name__}, not a tensor. Export it so that it "
            "returns the one tensor to explain."
        )
    kind = seen.before(output)[1]
    if kind in ("softmax", "sigmoid"):
        return output, kind
    if output.ndim == 1:
        return output[:, None], "number"
    if output.ndim == 2 and output.shape[1] == 1:
        return output, "number"
    whole = bool((output >= 0).all() and torch.allclose(output.sum(-1), output.new_ones(())))
    return output, "probabilities" if whole else "logits"


def _first(
    model: Prepared, guess: Guess, samples: Sequence[Image.Image], answers: str
) -> dict | None:
    """What it says to a sample picture, or to a random input of another kind."""
    if guess.kind == "picture" and not samples:
        return None
    x = guess.sample(model, samples)
    with torch.no_grad(), eval_mode.evaluating(model):
        form = "output" if answers == "probabilities" else "probability"
        shares = eval_mode.check_output(output_form.with_form(model, form)(x), x)[0]
        best = int(shares.argmax())
        value = float(eval_mode.check_output(model(x), x)[0, best])
    return {"index": best, "share": float(shares[best]), "value": value}
