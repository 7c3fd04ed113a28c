"""What was asked of a data set: methods with their options, the output, the kind of input."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from explainers.attribution import Target, TargetLike
from explainers.errors import Problem
from explainers.importance.registry import IMPORTANCE, ImportanceMethod
from explainers.kinds import KINDS
from explainers.options import lookup, make_options

_WHAT = "method of importance"


def chosen_methods(
    methods: Sequence[str] | str | None, options: Mapping[str, Mapping[str, Any]] | None
) -> list[tuple[ImportanceMethod, Any]]:
    """The methods with their checked options.

    Parameters
    ----------
    methods : sequence of str, or None
        Keys of IMPORTANCE; None: all.
    options : mapping of mappings, or None
        Method → options.

    Raises
    ------
    Problem
        For methods or options that do not exist.

    Examples
    --------
    >>> import explainers
    >>> [(entry.key, options.variant) for entry, options in chosen_methods("garson", None)]
    [('garson', 'weighted')]
    """
    given = {} if options is None else options
    if not isinstance(given, Mapping) or not all(isinstance(v, Mapping) for v in given.values()):
        raise Problem(
            f"options={options!r}: give a dictionary of dictionaries, from methods to their own "
            'options, such as {"garson": {"variant": "goh"}}.'
        )
    if methods is None:
        asked = list(IMPORTANCE)
    elif isinstance(methods, str):
        asked = [methods]
    elif hasattr(methods, "__iter__"):
        asked = list(methods)
    else:
        raise Problem(f"methods={methods!r}: give a list of names, such as ['permutation'].")
    entries = [lookup(IMPORTANCE, key, _WHAT) for key in dict.fromkeys(asked)]
    if not entries:
        raise Problem(f"No method was chosen; there are {', '.join(IMPORTANCE)}.")
    for key in given:
        lookup(IMPORTANCE, key, _WHAT)
        if key not in asked:
            raise Problem(f"Options are given for {key!r}, which is not among the methods asked.")
    return [
        (entry, make_options(entry.options, given.get(entry.key, {}), entry.name))
        for entry in entries
    ]


def checked_seed(seed: Any) -> int:
    """A seed as a whole number.

    Examples
    --------
    >>> checked_seed(3)
    3
    """
    try:
        return operator.index(seed)
    except TypeError:
        raise Problem(f"seed={seed!r} is not a whole number.") from None


def checked_model(model: Any) -> None:
    """Problem where a model cannot be called.

    Examples
    --------
    >>> checked_model(abs)
    """
    if callable(model):
        return
    way = (
        "a function around it, such as lambda x: torch.as_tensor(model.predict(x.numpy()))"
        if hasattr(model, "predict")
        else "a torch module or a function from a Tensor (N, …) to a Tensor (N, outputs)"
    )
    raise Problem(f"The model, a {type(model).__name__}, cannot be called. Give {way}.")


def kind_of(rows: Tensor, kind: str | None) -> str | None:
    """The kind that was said, "series" for rows (N, 4, L) that are not one-hot, or None.

    Examples
    --------
    >>> import torch
    >>> kind_of(torch.randn(5, 4, 3), None), kind_of(torch.randn(5, 4), None)
    ('series', None)
    """
    if kind is not None:
        lookup(KINDS, kind, "kind of input")
        return kind
    if rows.ndim == 3 and rows.shape[1] == 4:
        letters = bool(((rows == 0) | (rows == 1)).all()) and bool((rows.sum(1) <= 1).all())
        return "sequence" if letters else "series"
    return None


def target_of(output: TargetLike, outputs: Tensor) -> Target | None:
    """The explained output, for any number of rows: all are row 0; None where nobody chose.

    Parameters
    ----------
    output : int, pair, callable or None
    outputs : Tensor, shape (N, outputs…)

    Examples
    --------
    >>> import torch
    >>> target_of(None, torch.zeros(5, 1)).index, target_of(None, torch.zeros(5, 2))
    ((0,), None)
    """
    if output is None:
        if outputs.ndim == 2 and outputs.shape[1] == 1:
            return Target(index=(0,))
        if outputs[0].numel() == 1:
            return Target(function=lambda y: y.flatten(1)[:, 0])
        return None
    if not callable(output) and not isinstance(output, tuple) and not hasattr(output, "__index__"):
        raise Problem(
            f"output={output!r} is not one output. Give its number, a pair (a, b) for output a "
            "rather than b, or a function from the outputs (N, …) to (N,)."
        )
    return Target.of(output, outputs[:1])


def no_output(outputs: Tensor) -> Problem:
    """The sentence that asks for one of several outputs (N, outputs…)."""
    if outputs.ndim > 2:
        return Problem(
            f"The model returns shape {tuple(outputs.shape)}. Say what is explained by a function: "
            "for example output=lambda y: y[:, -1].flatten(1).mean(1)."
        )
    many = outputs.shape[1]
    return Problem(
        f"The network has {many} outputs. Choose which one is explained: output=0 to "
        f"output={many - 1}."
    )
