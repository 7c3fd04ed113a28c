"""What the model answers to an input and to its baseline, and what a pass costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from explainers.errors import Problem
from explainers.models.spec import ModelSpec
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.model_input import ModelInput, prepare
from explainers.service.tasks.task import Answer, BaselineRef, InputRef, Task

if TYPE_CHECKING:
    from explainers.models.prepared import Prepared


class Predict(Task, frozen=True):
    """Ask for the model's answers.

    The answer's facts: `classes`, `shape` of one input, how many `references` the baseline has,
    `parameters`, `notes` on the model, the `places` asked (see ModelInput), what pages must know to
    draw the input and, where it is `timed`, `seconds_per_pass` and `seconds_per_gradient_pass` (see
    `PassTimes`) and `seconds_per_part` (see `seconds_in_parts`). Its arrays: `probabilities`,
    `baseline_probabilities`, `logits` and `baseline_logits` (outputs,), `input` (…), its `baseline`
    (…), the mean of the references, and `baseline_shown`, as pages draw it.

    The trial of what passes cost takes longer than all the rest; where no price is said it is not
    `timed`.
    """

    brief: ClassVar[bool] = True

    model: ModelSpec
    input: InputRef = InputRef()
    baseline: BaselineRef = BaselineRef()
    device: str = "cpu"
    timed: bool = True

    def run(self, context: TaskContext) -> Answer:
        """Two passes, of the input and of the references, and a trial of what passes cost."""
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
        facts = {
            "classes": list(loaded.class_names),
            **given.facts,
            "shape": list(given.x.shape[1:]),
            "references": len(given.references),
            "notes": list(dict.fromkeys(notes)),
            "places": given.places,
            "parameters": sum(p.numel() for p in loaded.model.parameters()),
            **(_times(loaded.model, given) if self.timed else {}),
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


def _times(model: Prepared, given: ModelInput) -> dict[str, float]:
    """What passes cost, found by trying."""
    from explainers.models.times.part_times import seconds_in_parts
    from explainers.models.times.pass_times import pass_times

    times = pass_times(model, given.x, given.form)
    part = seconds_in_parts(model, given.x, times.forward, given.form)
    return {**times.facts, "seconds_per_part": part}
