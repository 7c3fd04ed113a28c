"""What the model answers to an input and to its baseline, and what a pass costs."""

from __future__ import annotations

from typing import ClassVar

from explainers.errors import Problem
from explainers.models.spec import ModelSpec
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.model_input import prepare
from explainers.service.tasks.task import Answer, BaselineRef, InputRef, Task


class Predict(Task, frozen=True):
    """Ask for the model's answers.

    The answer's facts: `classes`, `shape` of one input, how many `references` the baseline has,
    `parameters`, `seconds_per_pass` and `seconds_per_gradient_pass` (see `PassTimes`),
    `seconds_per_part` (see `seconds_in_parts`), `notes` on the model, the `places` asked (see
    ModelInput), and what pages must know to draw the input. Its arrays: `probabilities`,
    `baseline_probabilities`, `logits` and `baseline_logits` (outputs,),
    `input` (…), its `baseline` (…), the mean of the references, and `baseline_shown`, as pages
    draw it.
    """

    brief: ClassVar[bool] = True

    model: ModelSpec
    input: InputRef = InputRef()
    baseline: BaselineRef = BaselineRef()
    device: str = "cpu"

    def run(self, context: TaskContext) -> Answer:
        """Two passes, of the input and of the references, and a trial of what passes cost."""
        from explainers.models.times.part_times import seconds_in_parts
        from explainers.models.times.pass_times import pass_times
        from explainers.passes import Passes

        given = prepare(context, self.model, self.input, self.baseline, self.device)
        loaded, answers, notes = given.loaded, [], []
        for form in (given.form_of("logit"), given.form):
            passes = Passes(loaded.model, score=form, cache=loaded.cache)
            for points in (given.x, given.references):
                answers.append(passes.outputs(points, cached=True))
            notes += passes.notes
        logits, baseline_logits, ours, baselines = answers
        if logits.ndim != 2:
            raise Problem(
                f"The model returns shape {tuple(logits.shape)}; one row of answers for each "
                f"{given.kind.one} is needed: (N, outputs). Where the answer is a series, choose "
                "its output step in the model's settings."
            )
        times = pass_times(loaded.model, given.x, given.form)
        facts = {
            "classes": list(loaded.class_names),
            **given.facts,
            "shape": list(given.x.shape[1:]),
            "references": len(given.references),
            "notes": list(dict.fromkeys(notes)),
            "places": given.places,
            "parameters": sum(p.numel() for p in loaded.model.parameters()),
            **times.facts,
            "seconds_per_part": seconds_in_parts(loaded.model, given.x, times.forward, given.form),
        }
        return facts, {
            "probabilities": ours[0].cpu().numpy(),
            "baseline_probabilities": baselines.mean(0).cpu().numpy(),
            "logits": logits[0].cpu().numpy(),
            "baseline_logits": baseline_logits.mean(0).cpu().numpy(),
            "input": given.x[0].cpu().numpy(),
            "baseline": given.hidden[0].cpu().numpy(),
            "baseline_shown": given.kind.shown(given.hidden[0].cpu().numpy(), given.facts),
        }
