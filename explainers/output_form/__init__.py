"""Which form of the output is explained: as it is, before a final softmax, or a probability.

What the output's numbers are is followed from operation to operation while the model runs, and
checked on the numbers themselves. Where it is not known, the output is explained as it is, with a
sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Protocol, runtime_checkable

from torch import Tensor

from explainers.errors import ModelProblem, Problem
from explainers.eval_mode import Model
from explainers.output_form.meaning import Meaning
from explainers.output_form.numbers import are_probabilities
from explainers.output_form.plan import Plan, reads_as
from explainers.output_form.tracker import Tracker

__all__ = ["OUTPUT_FORMS", "Averaging", "Plan", "observe", "reads_as", "with_form"]

OUTPUT_FORMS = ("output", "logit", "probability")

NOT_ALWAYS = (
    "The answers are explained as they are: to some inputs they sum to 1, as probabilities do, and "
    "to others they do not."
)


@runtime_checkable
class Averaging(Protocol):
    """A model that may average what it answers at many places, over some of them."""

    @property
    def averages(self) -> bool:
        """Whether it does."""

    def everywhere(self, values: Tensor) -> Tensor:
        """The answer at each place, (n, outputs, …)."""

    def average(self, output: Tensor) -> Tensor:
        """The mean (n, outputs) of such an answer."""


def with_form(
    model: Model,
    score: str,
    centre: bool = False,
    note: Callable[[str], None] | None = None,
    decided: MutableMapping[str, Plan] | None = None,
) -> Model:
    """The model as a function whose output has the wanted form.

    Parameters
    ----------
    model : callable
        From (n, …) to (n, …).
    score : str
        "output": as it is. "logit": what entered the softmax or sigmoid that the output's numbers
        come from, in the order and shape of the output; of 1 − p it is that of p with the other
        sign. "probability": the output itself where its numbers are probabilities, else its
        softmax over dimension 1, or its sigmoid where there is one output only. Both: the output as
        it is, with a note, where no such score or probability is known.
    centre : bool
        Whether to subtract the mean over the outputs (n, outputs).
    note : callable, optional
        Is given each sentence that belongs on the answer.
    decided : mutable mapping, optional
        Of this model, shared by those who ask for forms of it: what was decided, by score.

    Raises
    ------
    Problem
        For a score that is not one of OUTPUT_FORMS.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Sigmoid())
    >>> x = torch.tensor([[0.0, 2.0]])
    >>> with_form(model, "logit")(x)
    tensor([[0., 2.]])
    >>> with_form(model, "logit", centre=True)(x)
    tensor([[-1.,  1.]])
    >>> with_form(lambda x: x.sigmoid().round(), "logit", note=print)(x)
    The answers are explained as they are, 0 to 1: they come from no one softmax or sigmoid whose \
scores could be explained in their place.
    tensor([[0., 1.]])
    """
    if score not in OUTPUT_FORMS:
        raise Problem(f"score={score!r} is not known; it is one of {', '.join(OUTPUT_FORMS)}.")
    if centre:
        uncentred = with_form(model, score, note=note, decided=decided)
        return lambda points: _centred(uncentred(points))
    if score == "output":
        return model
    if isinstance(model, Averaging) and model.averages:  # the form is that of each place
        formed_everywhere = with_form(model.everywhere, score, note=note, decided=decided)
        average = model.average
        return lambda points: average(formed_everywhere(points))
    plans: MutableMapping[str, Plan] = {} if decided is None else decided

    def say(plan: Plan) -> None:
        if note is not None and plan.note:
            note(plan.note)

    if score in plans:
        say(plans[score])

    def formed(points: Tensor) -> Tensor:
        plan = plans.get(score)
        if plan is None or plan.way == "before":
            output, meaning, seen = observe(model, points)
        else:  # what was decided asks for numbers only, and following costs time in every pass
            output, meaning, seen = model(points), None, False
        if not isinstance(output, Tensor):
            return output
        if plan is None:
            plan = reads_as(score, output, meaning, seen)
            if type(output) is Tensor:
                plans[score] = plan
            say(plan)
        if plan.by_numbers and type(output) is Tensor and not are_probabilities(output):
            say(Plan("output", NOT_ALWAYS))
        return _formed(plan, output, meaning)

    return formed


def observe(model: Model, points: Tensor) -> tuple[Tensor, Meaning | None, bool]:
    """The model's output, what its numbers are, and whether the operation that gave it was seen.

    Parameters
    ----------
    model : callable
    points : Tensor, shape (n, …)

    Returns
    -------
    output : Tensor, shape (n, …)
        Or whatever else the model returned.
    meaning : Meaning or None
        None for scores, and for what cannot be followed.
    seen : bool

    Examples
    --------
    >>> import torch
    >>> output, meaning, seen = observe(lambda x: 100 * x.softmax(1), torch.zeros(1, 2))
    >>> meaning.form, meaning.scale, meaning.high, seen
    ('softmax', 100.0, 100.0, True)
    """
    with Tracker(points) as tracker:
        output = model(points)
    if not isinstance(output, Tensor):
        return output, None, False
    return output, tracker.meaning(output), tracker.seen(output)


def _formed(plan: Plan, output: Tensor, meaning: Meaning | None) -> Tensor:
    if plan.way == "before":
        before = meaning.logit if meaning is not None else None
        if before is None:
            raise ModelProblem(
                "This model ends in other operations for some inputs than for others, so that "
                "there is no one score before its softmax. Explain the output as it is."
            )
        return before()
    if plan.way == "exp":
        return output.exp()
    if plan.way == "softmax":
        return output.softmax(1)
    return output.sigmoid() if plan.way == "sigmoid" else output


def _centred(output: Tensor) -> Tensor:
    several = isinstance(output, Tensor) and output.ndim > 1
    return output - output.mean(1, keepdim=True) if several else output
