"""What a method declares of itself, and the table of all methods.

One file in this folder is one method (or one family): it calls `method(...)` on a function
`attribute(context, options) -> MethodResult`, and menus, widgets, recipes, the Learn page and the
shared tests follow from what it declares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from explainers.options import option
from explainers.texts import described

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context
    from explainers.kinds.layout import InputLayout
    from explainers.kinds.statistics import DataStatistics
    from explainers.perturbation.drawn import Drawn

METHODS: dict[str, Method] = {}

Answers: TypeAlias = Literal["contribution", "slope", "magnitude", "visibility", "activation"]
"""What the scores of a method are on a linear function; see `Method`."""


class Attribute(Protocol):
    """What a method's file must give: the function that `method` decorates."""

    def __call__(self, context: Context, options: Any) -> MethodResult:
        """Attribute the explained score of the inputs to their values.

        Parameters
        ----------
        context : Context
            The inputs (N, …), their baseline and the model, which is in evaluation mode and whose
            parameters are frozen. The method is called once a reference.
        options : dataclass
            Checked, an instance of what the method declares as its `options`.

        Returns
        -------
        MethodResult
            Scores (N, …) like the inputs.

        Raises
        ------
        Problem
            With a sentence, for inputs or models that it cannot explain.
        """


@dataclass(frozen=True)
class Method:
    """One attribution method.

    Attributes
    ----------
    key, name : str
        Its name in code, and the field's name for people.
    says, cost, misleads : str
        What it asks, in one plain sentence; what it costs, in a phrase; when not to trust it. These
        and the words for its options stand in `texts`, not in the method's file.
    says_of : mapping of str to str
        Kind → what it asks there, where people would say it otherwise for that kind.
    source : str
        The paper.
    options : type
        A frozen dataclass whose fields are made by `option`.
    attribute : Attribute
        The method itself.
    estimate : callable
        (options, layout) → about how many evaluations of the model, forward and backward, one
        input will take.
    at_most : callable, optional
        (options, layout) → how many they are at most, where `most` cannot tell.
    changes : callable, optional
        (options, layout) → what share of an input each of its points changes, where it asks about
        points that are mostly like the input, see `Context.values_near`.
    answers : str, or callable (options) → str
        What its scores are on a linear function c·x with a baseline x′, for every value:

        - "contribution": c(x − x′). A method that hides several values at once gives the
          contributions of the values together; one that brings a baseline of its own uses that.
        - "slope": c.
        - "magnitude": |c|, or |c| times how far the method moves the value.
        - "visibility": (1 − p) c(x − x′), p being the share that is visible: what is gained by
          seeing a place rather than not knowing whether it is seen; blurred by coarse masks.
        - "activation": what a layer holds, weighted by what follows it; no function of c alone.
    unit : str
        What a score measures; maps of the same unit can share a colour scale.
    signed : bool or callable
        Whether scores have a sign; a function of the options where that depends on them.
    kinds : tuple of str or None
        Keys of the kinds of input that it is for; None: all.
    trial : dict or callable
        Options, or layout → options, with which it is quick; for trying it.
    exact_options : dict
        Options with which it is as exact as it can be, for comparing with truth.
    split_by : str
        The option whose choices count as methods of their own; "" where none does.
    centred : callable
        options → whether the score less the mean over the outputs is explained.
    fit_to_data : callable, optional
        (options given, DataStatistics) → the options with what only the data can tell.
    fit_note : str
        What people are told when that changed the options; "{column}" is a column or a variable.
    uses_baseline, complete, needs_gradient, random : bool
        What it needs and promises.
    shares_draws : bool
        Whether several references always share its draws, so that they cost no more than one.
    """

    key: str
    name: str
    says: str
    options: type
    attribute: Attribute
    estimate: Callable[[Any, InputLayout], int]
    answers: Answers | Callable[[Any], Answers]
    at_most: Callable[[Any, InputLayout], int] | None = None
    changes: Callable[[Any, InputLayout], float] | None = None
    says_of: Mapping[str, str] = field(default_factory=dict)
    cost: str = ""
    misleads: str = ""
    source: str = ""
    unit: str = "contribution"
    order: int = 100
    signed: bool | Callable[[Any], bool] = True
    uses_baseline: bool = True
    complete: bool = False
    needs_gradient: bool = True
    random: bool = False
    shares_draws: bool = False
    kinds: tuple[str, ...] | None = None
    trial: Mapping[str, Any] | Callable[[InputLayout], dict[str, Any]] = field(default_factory=dict)
    exact_options: Mapping[str, Any] = field(default_factory=dict)
    split_by: str = ""
    centred: Callable[[Any], bool] = lambda options: False
    fit_to_data: Callable[[dict[str, Any], DataStatistics], dict[str, Any]] | None = None
    fit_note: str = ""

    def asks(self, kind: str) -> str:
        """What it asks of an input of that kind, in one plain sentence."""
        return self.says_of.get(kind, self.says)

    def knows_sign(self, options: Any) -> bool:
        """Whether scores made with these options have a meaningful sign."""
        return self.signed(options) if callable(self.signed) else self.signed

    def answer_to_linear(self, options: Any) -> Answers:
        """What scores made with these options are on a linear function; see `answers`."""
        return self.answers(options) if callable(self.answers) else self.answers

    def most(self, options: Any, layout: InputLayout) -> int:
        """The evaluations of one input at most, where it ends by itself; else the estimate.

        A method that ends by itself counts in an option, such as `samples`, that is then None, and
        has another with its most, `most_samples`; or it declares `at_most`.
        """
        if self.at_most is not None:
            return self.at_most(options, layout)
        limits = {
            each.name.removeprefix("most_"): getattr(options, each.name)
            for each in fields(options)
            if each.name.startswith("most_")
        }
        open_ended = {key: most for key, most in limits.items() if getattr(options, key) is None}
        return self.estimate(replace(options, **open_ended), layout)

    def trial_options(self, layout: InputLayout) -> dict[str, Any]:
        """Options with which it is quick on such an input."""
        return self.trial(layout) if callable(self.trial) else dict(self.trial)


@dataclass(frozen=True)
class MethodResult:
    """What a method returns.

    Attributes
    ----------
    scores : Tensor, shape (N, …)
        Like the inputs.
    positive, negative : Tensor, shape (N, …), or None
        The parts that support and oppose, where it separates them.
    spread : Tensor, shape (N, …), or None
        The standard error of each score, for random methods.
    drawn : Drawn or None
        How far what is shown is certain, where the method drew until it was.
    notes : tuple of str
        Sentences for people.
    extra : dict of Tensor, shape (N, …)
        What else it computes, by name.
    settings : dict
        Options that it settled by itself, such as the layer it looked at.
    """

    scores: Tensor
    positive: Tensor | None = None
    negative: Tensor | None = None
    spread: Tensor | None = None
    drawn: Drawn | None = None
    notes: tuple[str, ...] = ()
    extra: dict[str, Tensor] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def draws(self) -> dict[str, list[float]]:
        """What an answer's settings say of draws that ended by themselves, input by input."""
        if self.drawn is None:
            return {}
        drawn = self.drawn
        return {"samples_taken": drawn.taken.tolist(), "standard_error": drawn.share.tolist()}

    @property
    def all_notes(self) -> tuple[str, ...]:
        """With what draws did not settle."""
        return (*self.notes, *(() if self.drawn is None else self.drawn.notes))


Function = TypeVar("Function", bound=Callable[..., MethodResult])


def method(**declared: Any) -> Callable[[Function], Function]:
    """Register the decorated function as a method in METHODS.

    Parameters
    ----------
    **declared
        The attributes of `Method`, but for `attribute`. Words for people come from `texts`.

    Returns
    -------
    callable
        A decorator that returns the function, an `Attribute`, as it is.
    """

    def register(attribute: Function) -> Function:
        words = described("methods", declared["key"], declared["options"], attribute)
        METHODS[declared["key"]] = Method(attribute=attribute, **(words | declared))
        return attribute

    return register


__all__ = ["METHODS", "Answers", "Attribute", "Method", "MethodResult", "method", "option"]
