"""Asking an answer that has a score of each class at each of many places: over which of them.

The places are found once, on the input itself, and then stay the same for its baseline and for all
inputs of which parts are hidden: they are a constant of the question.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from explainers import eval_mode
from explainers.errors import Problem
from explainers.models.prepared import Prepared
from explainers.models.spec import AS_THEY_ARE, ModelSpec, Places
from explainers.passes import Passes

ALL, CLASS, BEST, ONE = "all", "class", "best", "place"
_HALF = 0.5


def ask_at(model: Prepared, spec: ModelSpec, x: Tensor) -> tuple[Prepared, dict[str, Any]]:
    """The model whose answer is the mean over the places asked, and what these are.

    Parameters
    ----------
    model : Prepared
        Whose network gives an answer at many places.
    spec : ModelSpec
        Its `places` say how the answer lies, and where it is asked.
    x : Tensor, shape (1, …)
        The input, as people know it.

    Returns
    -------
    model : Prepared
        From inputs (N, …) to (N, classes). It shares the network.
    facts : dict
        `classes`, `box` (how the answer lies, see Places), `grid` (its sides), `counts` (of the
        places that the network calls each class; [] where it calls them nothing), `where`, `index`
        (None for "place" and "all"), `asked` (numbers of the flattened places; of "all": []), and
        `numbers` (the four of the one box, else []).

    Raises
    ------
    Problem
        Where there is no such place, or the network calls no place that class.

    Examples
    --------
    >>> from torch import nn
    >>> spec = ModelSpec("upload", "", mean=(0.0,), std=(1.0,), places=Places())
    >>> x = torch.tensor([[[[1.0, 5.0, 7.0]], [[2.0, 1.0, 1.0]]]])
    >>> model, facts = ask_at(Prepared(nn.Identity(), spec), spec, x)
    >>> model(x), facts["where"], facts["index"], facts["asked"]
    (tensor([[6., 1.]]), 'class', 0, [1, 2])
    """
    places = spec.places
    assert places is not None
    everywhere = Prepared(model.network, spec).to(x.device).eval()
    form = "output" if spec.answers in AS_THEY_ARE else "probability"
    with eval_mode.evaluating(everywhere):
        scores = Passes(everywhere, score=form).outputs(x)
        raw = everywhere.network_output(x) if places.box else None
    grid, flat = tuple(scores.shape[2:]), scores.flatten(2)[0]
    said = None if spec.answers == "numbers" else _said(flat, spec.answers == "labels")
    counts = [] if said is None else said.sum(1).tolist()
    where, index, asked = _choose(places, flat, said, counts, grid)
    facts = {
        "classes": places.classes,
        "box": places.box,
        "grid": list(grid),
        "counts": counts,
        "where": where,
        "index": index,
        "asked": [] if where == ALL else asked.tolist(),
        "numbers": _box(raw, places, int(asked[0])) if raw is not None and where != ALL else [],
    }
    asked_model = Prepared(model.network, spec, asked).to(x.device).eval()
    asked_model.card = model.card
    return asked_model, facts


def _said(flat: Tensor, apart: bool) -> Tensor:
    """Which places (K, P) the network calls each class, by its scores (K, P) there.

    Classes are apart where each is right or not for itself: then those above one half are said.
    """
    shares = bool(((flat >= 0) & (flat <= 1)).all())
    together = len(flat) > 1 and bool(torch.allclose(flat.sum(0), flat.new_ones(()), atol=1e-3))
    if len(flat) == 1 or apart or (shares and not together):
        return flat > _HALF
    best = flat.argmax(0)
    return torch.arange(len(flat), device=flat.device)[:, None] == best


def _choose(
    places: Places,
    flat: Tensor,
    said: Tensor | None,
    counts: list[int],
    grid: tuple[int, ...],
) -> tuple[str, int | None, Tensor]:
    """(where, index of the class, numbers of the places)."""
    everything = torch.arange(flat.shape[1], device=flat.device)
    where = places.where or (BEST if len(grid) == 1 else CLASS if any(counts) else ALL)
    index = places.index
    if index is not None and not 0 <= index < len(flat):
        raise Problem(f"There is no class {index}: the network has classes 0 to {len(flat) - 1}.")
    if where == ALL:
        return ALL, None, everything
    if where == ONE:
        return ONE, None, everything[[_number(places.place, grid)]]
    if where == BEST:
        index = _likeliest(flat, counts) if index is None else index
        return BEST, index, flat[index].argmax().view(1)
    if said is None:
        raise Problem(
            "The network answers with numbers, and calls no place a class. Ask about one place or "
            "the whole picture, or say that its answers are classes."
        )
    index = int(torch.tensor(counts).argmax()) if index is None else index
    if not counts[index]:
        seen = sorted(((n, k) for k, n in enumerate(counts) if n), reverse=True)[:6]
        listed = ", ".join(f"class {k} ({n:,})" for n, k in seen) or "none"
        raise Problem(
            f"The network calls no place of this input class {index}, so there is nowhere to ask. "
            f"Classes that it does see: {listed}. Choose one of these, one place, or all."
        )
    return CLASS, index, everything[said[index]]


def _likeliest(flat: Tensor, counts: list[int]) -> int:
    """The class of the best score, but for one that most places have: that is the background."""
    best = flat.amax(1)
    for index, count in enumerate(counts):
        if count > _HALF * flat.shape[1] and len(counts) > 1:
            best[index] = -torch.inf
    return int(best.argmax())


def _number(place: tuple[int, ...], grid: tuple[int, ...]) -> int:
    """The number of a place when all are counted row by row; Problem where it lies outside."""
    if len(place) != len(grid) or not all(
        0 <= p < side for p, side in zip(place, grid, strict=True)
    ):
        sides = " × ".join(map(str, grid))
        raise Problem(
            f"There is no place {', '.join(map(str, place)) or '(none given)'}: the answer has "
            f"{sides} places, counted from 0."
        )
    number = 0
    for p, side in zip(place, grid, strict=True):
        number = number * side + p
    return number


def _box(raw: Tensor, places: Places, number: int) -> list[float]:
    rows = raw.movedim(-1, 1) if places.classes < 0 else raw
    return [round(float(value), 4) for value in rows.flatten(2)[0, :4, number]]
