"""The finished examples and stories: plain data, computed when the server starts."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

from explainers.errors import Problem
from explainers.models.zoo.signs import STICKER_CLASS, samples
from explainers.service.tasks import Task
from pages.state import service
from pages.stories import photos
from pages.stories.examples import METHOD, StoryExample
from pages.stories.guessing import game
from pages.stories.importance import shares, together, useless, weights, wrong_sign
from pages.stories.story import Story

OVER_ROWS = (useless, shares, weights, together, wrong_sign)
"""Stories about which inputs matter over a whole data set, one page each."""


def first_example() -> StoryExample:
    """The example on top of Home: a photo, or a traffic sign where no network for photos is."""
    if photos.told():
        return photos.example("cat")
    return StoryExample("", "signs", _stop(sticker=False), STICKER_CLASS)


def stories() -> dict[str, Story]:
    """All stories by key, in the order in which they are told."""
    in_order = (
        *photos.told(),
        game.story(),
        _cheating(),
        _blind(),
        _baseline(),
        _additive(),
        _lstm(),
        _dna(),
        _digits(),
        _diabetes(),
        *(told.story() for told in OVER_ROWS),
    )
    return {story.key: story for story in in_order}


def _cheating() -> Story:
    with_sticker, without = "16_stop", "17_stop"
    names = {"signs": "Honest network", "signs_cheating": "Cheating network"}
    examples = [
        StoryExample(f"{title}, {sticker}", model, sample, STICKER_CLASS)
        for sample, sticker in ((with_sticker, "with a sticker"), (without, "without"))
        for model, title in names.items()
    ]
    return Story(
        "cheating",
        "Is the model cheating?",
        (
            "Both networks pass their own test: nearly every sign is named right.",
            "The first one looks at the sign; the second learned from pictures in which a small "
            "yellow sticker gave the answer away, and that sticker is what stands out on its map.",
            "Take the sticker off, and it no longer knows a stop sign; only the map warned you.",
        ),
        tuple(examples),
        {
            "across": "models",
            "down": "pictures",
            "baseline": "mean",
            "target": "0",
            "pictures": json.dumps([with_sticker, without]),
        },
    )


def _blind() -> Story:
    sample = _stop(sticker=False)
    ways = {"gradient_x_input": "Gradient × input", METHOD: "Integrated Gradients"}
    examples = [
        StoryExample(label, "signs", sample, STICKER_CLASS, method=method, score="probability")
        for method, label in ways.items()
    ]
    return Story(
        "blind",
        "Why gradients go blind",
        (
            "The network is sure that this is a stop sign, so sure that no small change of a pixel "
            "could make it surer.",
            "The gradient asks for just such small changes: on the same colour scale its map is "
            "all but empty, and what it adds up to is next to nothing.",
            "Integrated Gradients goes all the way from a blank picture to this one, and accounts "
            "for the whole answer.",
        ),
        tuple(examples),
        {
            "across": "methods",
            "methods": json.dumps(list(ways)),
            "baseline": "mean",
            "score": "probability",
            "sample": sample,
        },
        sums=True,
    )


def _baseline() -> Story:
    about, sample = "no overtaking", "12_no_overtaking"
    labels = {"zeros": "Black", "white": "White", "blur": "Blurred copy"}
    examples = [
        StoryExample(label, "signs", sample, about, baseline=baseline)
        for baseline, label in labels.items()
    ]
    return Story(
        "baseline",
        "Does the baseline matter?",
        (
            "An explanation always answers: why this, and not that? Here “that” is black, white, "
            "or the same picture out of focus.",
            "What equals the baseline gets nothing: black cannot count against black, nor white "
            "against white, so the maps differ although network and picture are the same.",
            "All three maps are right about their own question, so a map without its baseline is "
            "only half an answer.",
        ),
        tuple(examples),
        {"across": "baselines", "baselines": json.dumps(list(labels)), "sample": sample},
    )


def _methods(examples: list[StoryExample]) -> dict[str, str]:
    """The link to a comparison of the examples' methods."""
    link = {
        name: value
        for example in examples
        for name, value in example.link.items()
        if name != "method"
    }
    return {
        **link,
        "across": "methods",
        "methods": json.dumps([example.method for example in examples]),
    }


def _additive() -> Story:
    ways = {METHOD: "Integrated Gradients", "saliency": "Saliency, the size of the slope"}
    examples = [
        StoryExample(label, "additive", 0, "y", baseline="zeros", method=method, score="output")
        for method, label in ways.items()
    ]
    return Story(
        "additive",
        "Does it find what is known?",
        (
            "In this table we know the truth: a third of 96 columns pushes the answer up, a third "
            "pushes it down, and a third is noise.",
            "Integrated Gradients says what each value of this row added or took away; the slope "
            "only says how much a column could matter, whatever this row holds in it.",
            "The next page sets what was found against what is true.",
        ),
        tuple(examples),
        _methods(examples),
        known=True,
    )


def _lstm() -> Story:
    gradients = StoryExample(
        "Integrated Gradients", "lstm", 1, "step 7", baseline="data_mean", score="output"
    )
    noise = replace(gradients, label="Shaken by noise", method="noise", options={"by": "cell"})
    examples = [noise, gradients]
    return Story(
        "lstm",
        "Does it see what is useless?",
        (
            "A network follows three measurements over ten steps and says at each whether the "
            "first two, multiplied, are small; the third has nothing to do with it.",
            "Shake each measurement at each step, or follow its contributions to the answer at "
            "step 7: both light up where the answer comes from.",
            "The third measurement stays pale, as it should; the next page measures how pale.",
        ),
        tuple(examples),
        _methods(examples),
        shared=False,
        known=True,
    )


def _dna() -> Story:
    ways = {"deeplift": "DeepLIFT", "gradient_x_input": "Gradient × input"}
    examples = [
        StoryExample(label, "dna", 4, "both", baseline="frequencies", method=method)
        for method, label in ways.items()
    ]
    return Story(
        "dna",
        "Does it read the right letters?",
        (
            "Two short words were planted in random DNA, and a network learned to say whether "
            "both are there.",
            "Letters stand as high as they speak for “both”; brackets mark where the words really "
            "are, which neither the network nor the method was told.",
            "The next page counts how much of the support lies inside the brackets.",
        ),
        tuple(examples),
        _methods(examples),
        shared=False,
        known=True,
    )


def _digits() -> Story:
    examples = [
        StoryExample("One side only", "digits", "01_8", "8", baseline="zeros"),
        StoryExample("Beside a 3", "digits", "01_8", "8", "3", baseline="zeros"),
        StoryExample("Beside a 6", "digits", "01_8", "8", "6", baseline="zeros"),
    ]
    return Story(
        "digits",
        "Why an 8 and not a 3?",
        (
            "A good question has two sides: asked why it reads an 8 and not a 3, the network "
            "points at the strokes that a 3 lacks.",
            "Asked about a 6 instead, it points elsewhere, though the picture is the same.",
            "If that is true, wiping these strokes out must turn the 8 into a 3; the next page "
            "does it.",
        ),
        tuple(examples),
        examples[1].link,
        shared=False,
        known=True,
        page="explain",
    )


def _diabetes() -> Story:
    high, low = 23, 441
    examples = [
        StoryExample(
            label,
            "diabetes",
            row,
            "progression after one year",
            baseline="data_mean",
            score="output",
        )
        for row, label in ((high, "One patient"), (low, "Another patient"))
    ]
    inputs = json.dumps([str(high), str(low)])
    return Story(
        "diabetes",
        "And when nobody knows the truth?",
        (
            "From ten measurements a network estimates how far diabetes has gone on after a year; "
            "nobody knows what truly drives it.",
            "Against the average patient, the bars say which measurements raised and which lowered "
            "the estimate for these two.",
            "They explain the network and not the disease; the next page shows how sure they are, "
            "and where they can mislead.",
        ),
        tuple(examples),
        {**examples[0].link, "across": "pictures", "inputs": inputs},
        known=True,
    )


def _stop(sticker: bool) -> str:
    return next(
        sample.name
        for sample in samples()
        if sample.label == STICKER_CLASS and (sample.sticker_mask_path is not None) == sticker
    )


def home_examples() -> dict[str, StoryExample]:
    """What Home shows, by its place there; the network for photos takes longest to load."""
    honest, cheating = stories()["cheating"].examples[:2]
    return {"honest": honest, "cheating": cheating, "first": first_example()}


def tasks() -> list[Task]:
    """Everything that Home, first, and the stories show, but for what their last parts find out."""
    at_home = [example.setting for example in home_examples().values()]
    told = [example.setting for story in stories().values() for example in story.examples]
    return [
        *(task for s in at_home for task in (s.prediction(timed=False), s.explanation())),
        *(task for s in [*at_home, *told] for task in (s.prediction(), s.explanation())),
    ]


def prepare() -> None:
    """Let the worker compute what Home and the stories show, before anybody asks.

    In the background: visitors do not wait for it.
    """
    for task in tasks():
        with contextlib.suppress(Problem):
            service.backend().submit(task, "server", background=True)
