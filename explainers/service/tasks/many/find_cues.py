"""Which evidence of a run over pictures is a cue: cut out, and pasted onto other pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.many.cues.cluster import Cluster
from explainers.many.cues.hunt import MOST_TRIED, PAIRS, VALUES_HELD, hunt_among
from explainers.many.cues.patches import square
from explainers.many.networks import Network
from explainers.many.reading.completion import all_items
from explainers.service.parsing.upload_keys import file_key
from explainers.service.tasks.context import ProgressReport, TaskContext
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.task import Answer, Task

MOST_TOLD, PATCHES_SHOWN = 6, 6


class FindCues(Task, frozen=True):
    """Look for cues among the maps of a run; see `explainers.many.cues.hunt`.

    Attributes
    ----------
    explanation : Explain
        What was asked of each input of the file.
    count, part : int
        The run's, see ManyPlan.
    classes : tuple of str
        Names that were given for the outputs; () where the network's own are used.
    checks : tuple of str
        The run's, see ManyPlan.

    The answer's facts: `clusters`, those whose patch does most elsewhere first, as plain data (see
    `explainers.many.cues.hunt.Cluster`), and `tried`, how many there were; `pictures`, in how many
    was looked. Its arrays: `patches0`, `patches1`, …, uint8 (M, side, side, 3): of the first
    pictures of each cluster.
    """

    explanation: Explain
    count: int
    part: int
    classes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def plan(self) -> ManyPlan:
        """The run."""
        return ManyPlan(self.explanation, self.count, self.part, self.checks)

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """What the hunt itself takes, at most: the pairs and their random patches, and cut outs."""
        return 2 * PAIRS * MOST_TRIED + 3 * self.count

    def run(self, context: TaskContext) -> Answer:
        """The parts' answers, which are computed where they are not kept; then the hunt."""
        asked = self.explanation
        loaded = context.load(asked.model, asked.device)
        spec = loaded.spec
        if spec.kind != "picture" or spec.answers != "classes":
            raise Problem(
                "Cues are looked for among pictures, of networks that answer with classes."
            )
        step = max(1, -(-self.count // (VALUES_HELD // (4 * int(np.prod(spec.sides))))))
        indices, maps = [], []
        for task in self.plan.tasks():
            context.report(ProgressReport(task.start, self.count, what="Reading the maps"))
            _, arrays = context.answer(task)
            for index, one in zip(arrays["mapped"].tolist(), arrays["maps"], strict=True):
                if index % step == 0:
                    indices.append(index)
                    maps.append(one)
        if len(maps) < 3:
            raise Problem("Cues are looked for among three pictures and more.")
        content = context.parsed(file_key("picture", asked.input.file))
        pictures = KINDS["picture"].inputs(content, spec, all_items(content, spec)[indices])
        names = self.classes or loaded.class_names
        network = Network(loaded.model, spec, names, "", asked.model.name)

        def progress(done: int, total: int) -> None:
            context.report(ProgressReport(done, total))

        found = hunt_among(network, np.array(indices), np.stack(maps), pictures, progress=progress)
        told = found[:MOST_TOLD]
        where = {index: place for place, index in enumerate(indices)}
        patches = {
            f"patches{number}": _patches(one, pictures, where) for number, one in enumerate(told)
        }
        facts = {
            "clusters": [_facts(one) for one in told],
            "tried": len(found),
            "pictures": len(pictures),
        }
        return facts, patches


def _facts(one: Cluster) -> dict[str, Any]:
    return {
        "answer": one.answer,
        "name": one.name,
        "members": list(one.members),
        "side": one.side,
        "share": one.share,
        "is_cue": one.is_cue,
        "sentence": one.sentence,
        "pasted": [one.paste.rate, *one.paste.interval, one.paste.random_rate],
        "cut": [one.cut.rate, *one.cut.interval, one.cut.random_rate],
    }


def _patches(one: Cluster, pictures: np.ndarray, where: dict[int, int]) -> np.ndarray:
    """The patches of the first pictures of a cluster, as people see them."""
    shown = []
    for index, corner in list(zip(one.members, one.places, strict=True))[:PATCHES_SHOWN]:
        patch = pictures[where[index]][(slice(None), *square(corner, one.side))]
        patch = np.broadcast_to(patch, (3, *patch.shape[1:])).transpose(1, 2, 0)
        shown.append((patch.clip(0, 1) * 255).round().astype(np.uint8))
    return np.stack(shown)
