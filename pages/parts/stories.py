"""The finished examples and stories: plain data, asked for when the server starts."""

from dataclasses import dataclass

from explainers.engine.request import Compared, Request
from explainers.models.demo import CLASSES, STICKER_CLASS, samples
from pages.parts import models, pictures, service
from pages.parts.settings import Setting

METHOD = "integrated_gradients"


@dataclass(frozen=True)
class Shot:
    """One map of a story: the demo model, the sample picture, how it is explained."""

    label: str
    model: str
    sample: str
    about: str
    baseline: str = "mean"
    method: str = METHOD
    score: str = "logit"

    @property
    def setting(self) -> Setting:
        """What is asked of the worker."""
        return Setting(
            models.demo(self.model), pictures.sample(self.sample), Compared(self.baseline),
            self.method, {}, self.score, "cpu", CLASSES.index(self.about),
        )  # fmt: skip

    @property
    def link(self) -> dict[str, str]:
        """Query parameters of the Explain page, as its own link would have them."""
        return {
            "model": self.model, "from": "Gallery", "sample": self.sample,
            "baseline": self.baseline, "method": self.method, "score": self.score,
        }  # fmt: skip


@dataclass(frozen=True)
class Story:
    """A finished comparison for a meeting: a question, three sentences, and its maps in rows.

    `link` opens the same comparison on the Compare page; `shared`: one colour scale for all.
    `sums`: under each map what its contributions add up to, instead of where they lie.
    """

    key: str
    title: str
    caption: tuple[str, str, str]
    shots: tuple[Shot, ...]
    link: dict[str, str]
    shared: bool = True
    sums: bool = False


def first() -> Shot:
    """The example on top of Home."""
    return Shot("", "signs", _stop(sticker=False), STICKER_CLASS)


def stories() -> dict[str, Story]:
    """All stories by key, in the order in which they are told."""
    return {story.key: story for story in (_cheating(), _blind(), _baseline())}


def _cheating() -> Story:
    with_sticker, without = "16_stop", "17_stop"
    names = {"signs": "Honest network", "signs_cheating": "Cheating network"}
    shots = [
        Shot(f"{title}, {sticker}", model, sample, STICKER_CLASS)
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
        tuple(shots),
        {
            "across": "models", "down": "pictures", "baseline": "mean", "target": "0",
            "pictures": f'["{with_sticker}", "{without}"]',
        },
    )  # fmt: skip


def _blind() -> Story:
    sample = _stop(sticker=False)
    shots = [
        Shot(label, "signs", sample, STICKER_CLASS, method=method, score="probability")
        for label, method in (
            ("Gradient × input", "gradient_x_input"),
            ("Integrated Gradients", METHOD),
        )
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
        tuple(shots),
        {
            "across": "methods", "methods": '["gradient_x_input", "integrated_gradients"]',
            "baseline": "mean", "score": "probability", "sample": sample,
        },
        sums=True,
    )  # fmt: skip


def _baseline() -> Story:
    about, sample = "no overtaking", "12_no_overtaking"
    labels = {"zeros": "Black", "white": "White", "blur": "Blurred copy"}  # fmt: skip
    shots = [Shot(label, "signs", sample, about, baseline) for baseline, label in labels.items()]
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
        tuple(shots),
        {
            "across": "baselines", "baselines": '["zeros", "white", "blur"]', "sample": sample,
        },
    )  # fmt: skip


def _stop(sticker: bool) -> str:
    return next(
        sample.name
        for sample in samples()
        if sample.label == STICKER_CLASS and (sample.sticker_mask_path is not None) == sticker
    )


def requests() -> list[Request]:
    """Everything that Home and the stories show."""
    shots = [first(), *(shot for story in stories().values() for shot in story.shots)]
    return [ask for s in shots for ask in (s.setting.prediction(), s.setting.explanation())]


def prepare() -> None:
    """Let the worker compute what Home and the stories show, before anybody asks."""
    for index, request in enumerate(requests()):
        service.engine().submit(request, f"server {index}")
