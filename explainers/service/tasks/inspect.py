"""What an uploaded network is, found out by asking it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explainers.models.spec import ModelSpec
from explainers.service.tasks.context import ProgressReport, TaskContext
from explainers.service.tasks.task import Answer, Task

if TYPE_CHECKING:
    from explainers.models.formats.several_inputs import SeveralInputs


class Inspect(Task, frozen=True):
    """Ask for a model's card: what it takes and gives, which methods work, what they cost.

    The answer's facts are those of `explainers.models.inspection.examine`, with the
    `architecture`, of a network rebuilt from its weights or with several inputs the `chain` (a
    sentence, and the questions that are left), and what the file itself tells: `warnings` and
    `notes` (sentences; the former stand on every answer too), `classes` (names of its outputs) and
    `columns` (names of its features).
    """

    model: ModelSpec
    device: str = "cpu"

    def run(self, context: TaskContext) -> Answer:
        """Try the network on sample pictures or random inputs of what it may take."""
        from PIL import Image

        from explainers.models.formats.inferred import PlainChain
        from explainers.models.inspection import examine
        from explainers.models.zoo.signs import samples

        loaded = context.load(self.model, self.device)
        network, spec = loaded.model.network, loaded.spec
        photos = [Image.open(sample.path).convert("RGB") for sample in samples()[:12]]

        def tell(what: str) -> None:
            context.report(ProgressReport(what=what))

        card = examine(network, spec, photos, tell)
        several: SeveralInputs | None = getattr(network, "several_inputs", None)
        chain = several.to_facts() if several is not None else None
        if isinstance(network, PlainChain):
            chain = network.description.to_facts()
        told = loaded.model.card
        facts = {
            "warnings": [*told.warnings, *told.slope_warnings] if told else [],
            "notes": list(told.notes) if told else [],
            "classes": list(told.classes) if told else [],
            "columns": list(told.columns) if told else [],
        }
        return {**card, "architecture": spec.name, "chain": chain, **facts}, {}
