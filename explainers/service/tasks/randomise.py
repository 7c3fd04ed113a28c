"""Is a map about this network: make it again with the weights randomised, from the top down."""

from __future__ import annotations

import numpy as np

from explainers.errors import ModelProblem, Problem
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.task import Answer, Task

STAGES = 5


class Randomise(Task, frozen=True):
    """Compare an explanation with those of the same network after it forgot what it learned.

    The answer's facts: `stages`, what was randomised in each, of so many `layers`; `similarity` of
    each stage's map to the first; `note`. Its arrays: `maps` (stages, …), each like the map.
    """

    explanation: Explain

    @property
    def slopes(self) -> bool:
        """As the explanation's."""
        return self.explanation.slopes

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """The explanation once a stage."""
        return STAGES * self.explanation.cost(shape, references)

    def run(self, context: TaskContext) -> Answer:
        """Explain the same class again after each stage of the cascade."""
        from explainers.checks.agreement import similarity
        from explainers.checks.randomisation import cascade, stages

        facts, explained = context.answer(self.explanation)
        asked = self.explanation.replace(target=facts["target"])
        given = asked.prepare(context)
        first, model = given.kind.heat(explained["scores"]), given.loaded.model
        each = asked.cost(tuple(given.x.shape[1:]))
        names: list[list[str]] = []
        maps: list[np.ndarray] = []
        note = ""
        for stage, randomised in cascade(model, given.x, most=STAGES, seed=0):
            progress = given.progress(len(maps) * each, STAGES * each)
            try:
                answer = asked.attribution(given, randomised, progress=progress)
            except ModelProblem as problem:
                if not maps:
                    raise Problem(
                        f"With randomised weights this model cannot be explained: {problem}"
                    ) from problem
                note = f"The check ended after {len(maps)} stages: {problem}"
                break
            names.append(stage)
            maps.append(given.kind.heat(answer.scores[0]).float().cpu().numpy())
        return {
            "stages": names,
            "layers": sum(map(len, stages(model, given.x, STAGES))),
            "similarity": [similarity(first, heat) for heat in maps],
            "note": note,
        }, {"maps": np.stack(maps)}
