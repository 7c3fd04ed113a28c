"""Parts of an input are hidden or revealed: in a map's order, at random, or boxes of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explainers.errors import Problem
from explainers.models.spec import ModelSpec
from explainers.perturbation.boxes import Box, box_mask
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.model_input import ModelInput, prepare
from explainers.service.tasks.task import Answer, BaselineRef, InputRef, Task

if TYPE_CHECKING:
    from torch import Tensor

STEPS, RANDOM_ORDERS = 21, 10
"""Shares that are hidden, from none to all; and random orders that are compared with."""


class Prove(Task, frozen=True):
    """Hide the hottest cells of an explanation, and reveal them.

    Attributes
    ----------
    explanation : Explain
        Whose map ranks the cells.
    hide_with : BaselineRef or None
        What hidden cells show, if not the explanation's own baseline.
    view : str
        Of a picture: whether its map ranks cells as it is, or smoothed, or by whole areas, as
        `explainers.figures.views` says.

    The answer's facts: `shares` (K,), the grid of hidden shares. Its arrays: `order`, like the map,
    the rank of each cell, 0 for the hottest; `deletion` and `insertion` (K, outputs), the model's
    answers along the grid; `baseline_shown`.
    """

    explanation: Explain
    hide_with: BaselineRef | None = None
    view: str = "cells"

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """One evaluation a step, hiding and revealing."""
        return 2 * STEPS

    def run(self, context: TaskContext) -> Answer:
        """Rank the cells of the explanation, which is made if need be, and follow the answer."""
        import torch

        from explainers.checks.unit_order import hottest_first, reachable_shares
        from explainers.figures.views import in_view

        _, explained = context.answer(self.explanation)
        asked = self.explanation
        hide_with = self.hide_with or asked.baseline
        given = prepare(context, asked.model, asked.input, hide_with, asked.device)
        cells = given.kind.heat(explained["scores"])
        if self.view != "cells":
            cells = in_view(self.view, cells.astype(np.float64), given.x[0].cpu().numpy())
        heat = torch.from_numpy(cells)[None]
        first = hottest_first(heat)
        rank = torch.empty_like(first).scatter_(1, first, torch.arange(first.shape[1])[None])
        along = {name: values[0] for name, values in _along(given, first[:, None]).items()}
        order = rank.view(heat.shape)[0].numpy().astype(np.int32)
        shown = given.kind.shown(given.hidden[0].cpu().numpy(), given.facts)
        return {"shares": reachable_shares(rank.numel())}, {
            "order": order,
            "baseline_shown": shown,
            **along,
        }


class ProveAtRandom(Task, frozen=True):
    """Hide and reveal cells in random order, which no method knows of.

    The answer's facts and arrays: `shares`, `deletion` and `insertion` (orders, K, outputs) as
    those of `Prove`.
    """

    model: ModelSpec
    input: InputRef = InputRef()
    baseline: BaselineRef = BaselineRef()
    device: str = "cpu"

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """One evaluation a step and an order, hiding and revealing; ends are shared."""
        return 2 * RANDOM_ORDERS * (STEPS - 1)

    def run(self, context: TaskContext) -> Answer:
        """Follow the answer along RANDOM_ORDERS orders."""
        from explainers.checks.unit_order import random_orders, reachable_shares

        given = prepare(context, self.model, self.input, self.baseline, self.device)
        units = given.kind.heat(given.x[0]).numel()
        orders = random_orders(units, RANDOM_ORDERS, seed=0)[None]
        return {"shares": reachable_shares(units)}, _along(given, orders)


class HideBoxes(Task, frozen=True):
    """What a network of pictures answers while a box of the picture is hidden, box by box.

    Attributes
    ----------
    boxes : tuple of Box
        Of what the network sees, each hidden alone.

    The answer's arrays: `probabilities` (boxes, outputs), and `shown` (boxes, H, W, channels), each
    picture as the network got it, with its box showing the baseline.
    """

    model: ModelSpec
    input: InputRef = InputRef()
    baseline: BaselineRef = BaselineRef()
    device: str = "cpu"
    boxes: tuple[Box, ...] = ()

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """One evaluation a box."""
        return max(1, len(self.boxes))

    def run(self, context: TaskContext) -> Answer:
        """Ask about each box alone, so that no answer depends on the other boxes."""
        import torch

        from explainers.passes import Passes
        from explainers.perturbation.evaluation import replaced

        if self.model.kind != "picture" or not self.boxes:
            raise Problem("Boxes are hidden in pictures: give a network of these, and the boxes.")
        given = prepare(context, self.model, self.input, self.baseline, self.device)
        passes = Passes(given.loaded.model, score=given.form)
        hidden, answers = [], []
        for box in self.boxes:
            inside = torch.from_numpy(box_mask(box, given.x.shape[-2:])).to(given.x.device)
            hidden.append(replaced(given.x, given.hidden, inside))
            answers.append(passes.outputs(hidden[-1])[0].float().cpu().numpy())
        shown = [given.kind.shown(x[0].cpu().numpy(), given.facts) for x in hidden]
        return {}, {"probabilities": np.stack(answers), "shown": np.stack(shown)}


def _along(given: ModelInput, orders: Tensor) -> dict[str, np.ndarray]:
    """Answers (R, K, outputs), or (K, outputs) for one order, hiding and revealing."""
    from explainers.attribution import Target
    from explainers.checks.unit_order import outputs_along, reachable_shares
    from explainers.session import open_session

    shares = reachable_shares(orders.shape[-1])
    orders, answers = orders.to(given.x.device), {}
    with open_session(
        given.loaded.model,
        given.x,
        given.hidden,
        Target(index=(0,)),
        score=given.form,
        cache=given.loaded.cache,
        progress=given.progress(0, 2 * orders.shape[1] * len(shares)),
    ) as session:
        for name, insert in (("deletion", False), ("insertion", True)):
            outputs = outputs_along(
                session.passes,
                session.inputs,
                session.baseline,
                orders.to(given.x.device),
                shares,
                insert,
            )
            answers[name] = outputs[0].float().cpu().numpy()
    return answers
