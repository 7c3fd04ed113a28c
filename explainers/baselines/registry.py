"""What a baseline declares of itself, and the table of all baselines.

One file in this folder is one family of baselines: it decorates functions
`build(inputs, data, options) -> Tensor` with `baseline(...)`, and menus, widgets, scripts and the
shared tests follow from what it declares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from explainers.errors import Problem
from explainers.options import make_options
from explainers.texts import described

if TYPE_CHECKING:
    from torch import Tensor

BASELINES: dict[str, Baseline] = {}
"""All baselines by key, in the order in which menus offer them."""


class BuildBaseline(Protocol):
    """What a baseline's file gives: the function that makes the baseline of a batch."""

    def __call__(self, inputs: Tensor, data: Tensor | None, options: Any, /) -> Tensor:
        """The baseline of each input.

        Parameters
        ----------
        inputs : Tensor, shape (N, …)
        data : Tensor, shape (M, …), or None
            Other inputs, like these; None where there are none, or the baseline uses none.
        options : an instance of the options that the baseline declares

        Returns
        -------
        Tensor, shape (N, …), or (N, R, …)
            One reference for each input, or R references whose attributions are averaged.
        """
        ...


BuildT = TypeVar("BuildT", bound=BuildBaseline)


@dataclass(frozen=True)
class Baseline:
    """One way of making "nothing there", which an input is compared with.

    Parameters
    ----------
    key, name : str
        Its key in code, and its name for people.
    says : str
        One plain sentence on what it is.
    options : type
        A frozen dataclass whose fields are made by `option`.
    build : BuildBaseline
    order : int
        Its place in menus, the lowest first.
    kinds : tuple of str
        Keys of the kinds of input that it is offered for.
    names, says_of : mapping of str to str
        Kind → name, and what it is, where people would say it otherwise for that kind.
    uses_data : bool
        Whether it is made from other inputs too.
    """

    key: str
    name: str
    says: str
    options: type
    build: BuildBaseline
    order: int = 100
    kinds: tuple[str, ...] = ("picture",)
    names: Mapping[str, str] = field(default_factory=dict)
    says_of: Mapping[str, str] = field(default_factory=dict)
    uses_data: bool = False

    def title(self, kind: str) -> str:
        """Its name for people who look at an input of that kind."""
        return self.names.get(kind, self.name)

    def description(self, kind: str) -> str:
        """One plain sentence on what it is for an input of that kind."""
        return self.says_of.get(kind, self.says)

    def make(self, inputs: Tensor, data: Tensor | None = None, **given: Any) -> Tensor:
        """Make the baseline of a batch of inputs.

        Parameters
        ----------
        inputs : Tensor, shape (N, …)
        data : Tensor, shape (M, …), optional
            Other inputs, for baselines that use them; others ignore them.
        **given
            Options of the baseline, by name.

        Returns
        -------
        Tensor, shape (N, …), or (N, R, …) for R references each

        Raises
        ------
        Problem
            For options that it does not have, and for data that are needed and missing, or do not
            fit.

        Examples
        --------
        >>> import torch
        >>> from explainers import BASELINES
        >>> BASELINES["zeros"].make(torch.ones(2, 3)).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
        """
        options: Any = make_options(self.options, given, self.name)
        used = data if self.uses_data else None
        return self.build(inputs, None if used is None else _fitting(used, inputs), options)


def baseline(
    *,
    key: str,
    options: type,
    order: int = 100,
    kinds: tuple[str, ...] = ("picture",),
    uses_data: bool = False,
) -> Callable[[BuildT], BuildT]:
    """Register the decorated function as the baseline that the keywords declare; see `Baseline`."""

    def register(build: BuildT) -> BuildT:
        words = described("baselines", key, options, build)
        BASELINES[key] = Baseline(
            key=key,
            options=options,
            build=build,
            order=order,
            kinds=kinds,
            uses_data=uses_data,
            **words,
        )
        return build

    return register


@dataclass(frozen=True)
class NoOptions:
    """For baselines without options."""


def _fitting(data: Tensor, inputs: Tensor) -> Tensor:
    """The data where and in what precision the inputs are; Problem where they do not fit."""
    if data.ndim != inputs.ndim or data.shape[1:] != inputs.shape[1:] or len(data) == 0:
        raise Problem(
            f"The data have shape {tuple(data.shape)}; for inputs {tuple(inputs.shape)} they must "
            f"be {('M', *inputs.shape[1:])} with at least one row."
        )
    data = data.detach().to(inputs)
    bad = int((~data.isfinite()).sum())
    if bad:
        raise Problem(f"{bad} values of the data are NaN or infinite; replace them first.")
    return data
