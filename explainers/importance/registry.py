"""What a method of importance over a data set declares of itself, and the table of all of them.

One file in a family's folder is one method: it calls `importance_method(...)` on a function
`importance(context, options) -> Estimate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from explainers.options import option
from explainers.texts import described

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

IMPORTANCE: dict[str, ImportanceMethod] = {}

Family: TypeAlias = Literal["weights", "gradients", "perturbation", "variance", "retraining"]
Need: TypeAlias = Literal["weights", "gradient", "labels", "retraining"]


class ImportanceFunction(Protocol):
    """What a method's file must give: the function that `importance_method` decorates."""

    def __call__(self, context: DatasetContext, options: Any) -> Estimate:
        """How much each feature matters over all rows.

        Parameters
        ----------
        context : DatasetContext
            The rows, the features and the model, which is in evaluation mode and frozen.
        options : dataclass
            Checked, an instance of what the method declares as its `options`.

        Returns
        -------
        Estimate
            Values (F,), one a feature.

        Raises
        ------
        Problem
            With a sentence, for networks or data that it cannot be asked about.
        """


@dataclass(frozen=True)
class ImportanceMethod:
    """One method of importance over a data set.

    Attributes
    ----------
    key, name : str
        Its name in code, and the field's name for people.
    family : str
        What it looks at: weights, gradients, perturbation, variance, retraining.
    says, cost, misleads : str
        What it asks, in one plain sentence; what it costs, in a phrase; when not to trust it. These
        stand in `texts`, not in the method's file.
    source : str
        The paper.
    options : type
        A frozen dataclass whose fields are made by `option`.
    importance : ImportanceFunction
        The method itself.
    estimate : callable
        (options, rows, features) → about how many evaluations of the model it will take.
    needs : frozenset of str
        "weights" of a plain feed-forward net, "gradient" (finite differences stand in where there
        is none), "labels", "retraining". Whether they are there the method itself finds out, with a
        Problem.
    unit : str
        What a value measures, for an axis.
    signed : bool
        Whether a value's sign means something.
    shares : bool
        Whether the values add up to 1.
    ranks : bool
        Whether the values are ranks, 1 the most important.
    random : bool
        Whether it draws random numbers.
    order : int
        Its place in tables.
    answers_linear : callable or None
        (c (F,), rows (N, F)) → the values (F,) on the function c·x without labels, exactly or but
        for the random error that it states; None where it is no function of the two.
    trial : mapping
        Options with which it is quick.
    control : str
        How an input that cannot matter is tried on it: "network", one that the network ignores gets
        exactly 0; "shuffled", a column without meaning that is trained on; "none".
    """

    key: str
    name: str
    family: Family
    says: str
    options: type
    importance: ImportanceFunction
    estimate: Callable[[Any, int, int], int]
    cost: str = ""
    misleads: str = ""
    source: str = ""
    needs: frozenset[Need] = frozenset()
    unit: str = ""
    signed: bool = False
    shares: bool = False
    ranks: bool = False
    random: bool = False
    order: int = 100
    answers_linear: Callable[[Tensor, Tensor], Tensor] | None = None
    trial: Mapping[str, Any] = field(default_factory=dict)
    control: Literal["network", "shuffled", "none"] = "network"


Function = TypeVar("Function", bound=Callable[..., Any])


def importance_method(**declared: Any) -> Callable[[Function], Function]:
    """Register the decorated function as a method in IMPORTANCE.

    Parameters
    ----------
    **declared
        The attributes of `ImportanceMethod`, but for `importance`. Words for people come from
        `texts`.

    Returns
    -------
    callable
        A decorator that returns the function, an `ImportanceFunction`, as it is.
    """

    def register(function: Function) -> Function:
        words = described("importance", declared["key"], declared["options"], function)
        given = words | declared
        given["needs"] = frozenset(given.get("needs", ()))
        IMPORTANCE[declared["key"]] = ImportanceMethod(importance=function, **given)
        return function

    return register


__all__ = ["IMPORTANCE", "ImportanceFunction", "ImportanceMethod", "importance_method", "option"]
