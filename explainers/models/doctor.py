"""The doctor: what an uploaded network is, in words, before anything is explained.

It asks the network itself: runs it on small trials and on sample pictures. What it cannot be sure
of is a question with a default. Its card is plain data that JSON can hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from explainers import borrow, scores
from explainers.kinds import picture as pictures
from explainers.methods import METHODS
from explainers.models.picture_model import PictureModel
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.problems import Problem

SIZES = (224, 32, 28, 64, 96, 128, 192, 256, 299, 320, 384, 448, 512)
# How much nearer than the next the best normalisation must be to be taken for certain.
MARGIN = 0.5
TRIAL = {
    "smoothgrad": {"samples": 2},
    "rise": {"samples": 10},
    "integrated_gradients": {"steps": 2},
}


def examine(
    network: nn.Module,
    spec: ModelSpec,
    samples: Sequence[Image.Image],
    tell: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """The card of a network that takes pictures (N, 3, H, W); `samples` are pictures to try it on.

    Keys: `kind`, `input` (channels, height, width), `sizes` (all that it accepts of those tried),
    `outputs`, `answers` ("logits", "softmax", "sigmoid", "probabilities", "number"),
    `normalisation` ({"name", "mean", "std"}), `parameters`, `megabytes`, `methods` (key: "" or why
    it will not work), `seconds_per_pass`, `first` ({"index", "share"} of the first sample, or
    None), `questions` (names of what is not sure). `tell` is given each step in words.

    Raises Problem where no picture of any tried size can be put in.
    """
    with torch.no_grad(), borrow.borrowed(network):
        tell("Finding the size of its input")
        sizes = accepted_sizes(network, spec.size)
        size = spec.size if spec.size in sizes else sizes[0]
        tell("Looking at its answers")
        output, answers = _answers(network, size)
        tell("Looking for its normalisation")
        normalisation, sure = likely_normalisation(network, samples, size)
    given = (spec.mean, spec.std) in NORMALISATIONS.values()
    name = normalisation or next(
        (n for n, values in NORMALISATIONS.items() if values == (spec.mean, spec.std)), "Own"
    )
    mean, std = NORMALISATIONS.get(name, (spec.mean, spec.std))
    model = PictureModel(network, mean, std)
    tell("Trying every method")
    methods, seconds = trial(model, size)
    weights = list(network.parameters())
    card = {
        "evident": 1,
        "kind": "picture",
        "input": [3, size, size],
        "sizes": sizes,
        "outputs": int(output.shape[1]) if output.ndim == 2 else list(output.shape[1:]),
        "answers": answers,
        "normalisation": {"name": name, "mean": list(mean), "std": list(std)},
        "parameters": sum(weight.numel() for weight in weights),
        "megabytes": sum(weight.numel() * weight.element_size() for weight in weights) / 1e6,
        "methods": methods,
        "seconds_per_pass": seconds,
        "first": _first(model, samples, size) if output.ndim == 2 else None,
        "questions": [],
    }
    if len(sizes) > 1:
        card["questions"].append("size")
    if not sure and given:
        card["questions"].append("normalisation")
    return card


def accepted_sizes(network: nn.Module, first: int) -> list[int]:
    """Sides of square colour pictures that the network takes, `first` tried first.

    Raises Problem with the network's own complaint where it takes none.
    """
    found, complaint = [], ""
    for size in dict.fromkeys((first, *SIZES)):
        try:
            network(torch.zeros(1, 3, size, size, **_home(network)))
            found.append(size)
        except Exception as error:
            complaint = complaint or (str(error).strip().splitlines() or [""])[0][:200]
    if not found:
        raise Problem(
            f"No colour picture of {min(SIZES)} to {max(SIZES)} pixels a side fits this network: "
            f"{complaint}. Networks that take (N, 3, height, width) are accepted; say the size "
            "that it was trained with."
        )
    return found


def likely_normalisation(
    network: nn.Module, samples: Sequence[Image.Image], size: int
) -> tuple[str | None, bool]:
    """The normalisation that the network was most likely trained with, and whether that is sure.

    Its first batch normalisation remembers means and variances from training; the normalisation
    under which the sample pictures come nearest to them is the likely one. (None, False) for
    networks that remember nothing.
    """
    norm = next((m for m in network.modules() if _remembers(m)), None)
    if norm is None or not samples:
        return None, False
    pixels = torch.from_numpy(np.stack([pictures.pixels(s, size, "crop") for s in samples]))
    pixels = pixels.to(**_home(network))
    distances = {}
    for name, (mean, std) in NORMALISATIONS.items():
        seen: list[Tensor] = []
        hook = norm.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0]))
        try:
            PictureModel(network, mean, std).to(pixels.device)(pixels)
        finally:
            hook.remove()
        distances[name] = _distance(norm, seen[0])
    best, second = sorted(distances, key=distances.get)[:2]
    return best, distances[best] < MARGIN * distances[second]


def trial(model: PictureModel, size: int) -> tuple[dict[str, str], float]:
    """For every method "" or why it will not work on the model; and seconds of one evaluation."""
    from explainers.front import explain

    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    x = x.to(**_home(model))
    found, seconds = {}, 0.0
    for key, method in METHODS.items():
        options = dict(TRIAL.get(key, {}))
        if key == "occlusion":
            options = {"window": size, "stride": size}
        try:
            answer = explain(model, x, key, "zeros", score="logit", **options)
            found[key] = "" if torch.isfinite(answer.scores).all() else "its slopes overflow"
            if method.key == "saliency":
                started = time.perf_counter()
                explain(model, x, key, "zeros", score="logit", **options)
                seconds = (time.perf_counter() - started) / answer.passes
        except Problem as problem:
            found[key] = str(problem)
    if not seconds:
        with torch.no_grad():
            started = time.perf_counter()
            model(x)
            seconds = time.perf_counter() - started
    return found, seconds


def _answers(network: nn.Module, size: int) -> tuple[Tensor, str]:
    """The output on a trial input, and what its numbers are."""
    x = torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0))
    with scores.FinalActivation() as seen:
        output = network(x.to(**_home(network)))
    kind = seen.before(output)[1]
    if kind in ("softmax", "sigmoid"):
        return output, kind
    if output.ndim == 1:
        return output[:, None], "number"
    if output.ndim == 2 and output.shape[1] == 1:
        return output, "number"
    whole = bool((output >= 0).all() and torch.allclose(output.sum(-1), output.new_ones(())))
    return output, "probabilities" if whole else "logits"


def _first(model: PictureModel, samples: Sequence[Image.Image], size: int) -> dict | None:
    if not samples:
        return None
    x = torch.from_numpy(pictures.pixels(samples[0], size, "crop"))[None].to(**_home(model))
    with torch.no_grad(), borrow.borrowed(model):
        shares = borrow.checked(scores.scored(model, "probability")(x), x)[0]
    best = int(shares.argmax())
    return {"index": best, "share": float(shares[best])}


def _remembers(module: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm2d) and module.running_mean is not None


def _distance(norm: nn.BatchNorm2d, given: Tensor) -> float:
    """How far means and variances (per channel) are from those that the layer remembers."""
    across = (0, 2, 3)
    variance = norm.running_var + norm.eps
    shift = (given.mean(across) - norm.running_mean).abs() / variance.sqrt()
    spread = ((given.var(across) + norm.eps) / variance).log().abs()
    return float((shift + spread).median())


def _home(model: nn.Module) -> dict:
    device, dtype = borrow.home(model)
    return {"device": device, "dtype": dtype}
