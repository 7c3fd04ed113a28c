"""The finished examples on Home: plain data, asked for when the server starts."""

from dataclasses import dataclass

from explainers.engine.request import Request
from explainers.models.demo import CLASSES, STICKER_CLASS, samples
from pages.parts import models, pictures, service

BASELINE = "mean"
METHOD = "integrated_gradients"


@dataclass(frozen=True)
class Story:
    """One explanation of one sample picture by one demo model, and the link to it in Explain."""

    model: str
    sample: str

    @property
    def about(self) -> str:
        """The class that is explained."""
        return STICKER_CLASS

    @property
    def link(self) -> dict[str, str]:
        """Query parameters of the Explain page."""
        return {"model": self.model, "from": "Gallery", "sample": self.sample, "baseline": BASELINE}

    def prediction(self) -> Request:
        """What the model says."""
        spec = models.demo(self.model).spec
        return Request(spec, pictures.sample(self.sample).digest, BASELINE)

    def explanation(self) -> Request:
        """Why it says so."""
        asked = self.prediction()
        target = CLASSES.index(self.about)
        return Request(asked.model, asked.picture, BASELINE, method=METHOD, target=target)


def stories() -> tuple[Story, Story, Story]:
    """The first example, and the same marked sign seen by the honest and the cheating network."""
    stops = [sample for sample in samples() if sample.label == STICKER_CLASS]
    plain = next(sample.name for sample in stops if sample.sticker_mask_path is None)
    marked = next(sample.name for sample in stops if sample.sticker_mask_path is not None)
    return Story("signs", plain), Story("signs", marked), Story("signs_cheating", marked)


def prepare() -> None:
    """Let the worker compute what Home shows, before anybody asks."""
    for story in stories():
        service.engine().submit(story.prediction(), f"server {story}")
        service.engine().submit(story.explanation(), f"server {story}")
