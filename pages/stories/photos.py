"""Stories on photos, told where a network for photos is installed."""

from __future__ import annotations

import json

from explainers.models.zoo.imagenet import packaged
from pages.stories.examples import StoryExample
from pages.stories.story import Story
from pages.widgets import baselines, methods

KEY = "photos"
SAID = {"cat": "Egyptian cat", "coffee": "espresso", "rocket": "missile"}
"""What the network says to which photo."""


def example(photo: str, label: str = "") -> StoryExample:
    """The explanation of one of the SAID photos, by the measured method and baseline."""
    return StoryExample(
        label,
        packaged.DEFAULT,
        photo,
        SAID[photo],
        baseline=baselines.FOR_PHOTOS,
        method=methods.FOR_PHOTOS,
    )


def told() -> tuple[Story, ...]:
    """The first story; none where the network's package is missing."""
    if packaged.DEFAULT not in packaged.installed():
        return ()
    labels = {"cat": "A cat", "coffee": "A cup of coffee", "rocket": "A rocket"}
    examples = tuple(example(photo, label) for photo, label in labels.items())
    link = {
        "model": packaged.DEFAULT,
        "across": "pictures",
        "pictures": json.dumps(list(labels)),
        "method": methods.FOR_PHOTOS,
        "baseline": baselines.FOR_PHOTOS,
    }
    return (
        Story(
            KEY,
            "What did it look at?",
            (
                "A network that knows a thousand kinds of things names what it sees on three "
                "photos; it was never told where to look.",
                "Red areas speak for its answer and blue ones against it; an area's colour is the "
                "mean of its pixels' scores, which together account for the whole answer.",
                "It has no word for a rocket that takes off: “missile” is its best guess, and the "
                "map shows what that guess rests on.",
            ),
            examples,
            link,
            shared=False,
        ),
    )
