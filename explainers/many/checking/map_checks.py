"""Checks of each map of a run: its proof against chance, and its agreement with other methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from explainers.checks.agreement import similarities
from explainers.errors import Cancelled, Problem, typed_line
from explainers.kinds import KINDS
from explainers.kinds.layout import InputLayout
from explainers.many.keeping.shards import Row
from explainers.methods import METHODS
from explainers.options import lookup, make_options

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.eval_mode import Model
    from explainers.output_cache import OutputCache

PROOF, AGREEMENT = "proof", "agreement"
CHECKS = {PROOF: "Proof against chance", AGREEMENT: "Agreement with other methods"}
"""What each map can be checked by: key → name."""
OTHERS: dict[str, dict[str, Any]] = {
    "deeplift": {},
    "integrated_gradients": {"steps": 16},
    "gradient_x_input": {},
}
"""Quick methods whose maps are compared with, and their options; the first that are others."""
MOST_OTHERS = 2
VALUES_AT_ONCE = 2**17
"""So many units of maps are proven at once, each in eleven orders."""

Alive: TypeAlias = "Callable[[], None]"


@dataclass(frozen=True)
class Explained:
    """Inputs whose maps are checked, and what was asked of them.

    Attributes
    ----------
    model : callable
    x : Tensor, shape (N, …)
    references : Tensor, shape (N, R, …)
        What they are compared with.
    target : list of N int, or pair of int
    heat : ndarray, shape (N, …)
        Their maps, one number a unit.
    method : str
    options : dict
    score, form : str
        What is explained, and in which form people read answers.
    kind : str
    cache : OutputCache
    """

    model: Model
    x: Tensor
    references: Tensor
    target: list[int] | tuple[int, int]
    heat: np.ndarray
    method: str
    options: dict[str, Any]
    score: str
    form: str
    kind: str
    cache: OutputCache

    def some(self, start: int, stop: int) -> Explained:
        """The inputs start, …, stop − 1."""
        target = self.target if isinstance(self.target, tuple) else self.target[start:stop]
        return replace(
            self,
            x=self.x[start:stop],
            references=self.references[start:stop],
            target=target,
            heat=self.heat[start:stop],
        )


def demand_checks(checks: Sequence[str]) -> None:
    """Problem where there is no such check."""
    for check in checks:
        lookup(CHECKS, check, "check")


def other_methods(method: str, kind: str) -> list[str]:
    """Keys of the quick methods that a method's maps are compared with, those first that are asked.

    Examples
    --------
    >>> other_methods("deeplift", "picture"), other_methods("occlusion", "table")[:2]
    (['integrated_gradients', 'gradient_x_input'], ['deeplift', 'integrated_gradients'])
    """
    return [key for key in OTHERS if key != method and kind in (METHODS[key].kinds or KINDS)]


def check_cost(check: str, method: str, shape: tuple[int, ...], kind: str) -> int:
    """About how many evaluations a check of one map takes.

    Parameters
    ----------
    check : str
        A key of CHECKS.
    method : str
        Whose maps are checked.
    shape : tuple of int
        Of one input.
    kind : str

    Examples
    --------
    >>> check_cost("proof", "deeplift", (3, 96, 96), "picture")
    422
    """
    layout = InputLayout.of(shape, kind)
    if check == PROOF:
        from explainers.checks.proof import proof_cost

        return proof_cost(shape[1:] if KINDS[kind].channels else shape)
    asked = other_methods(method, kind)[:MOST_OTHERS]
    passes = 0
    for key in asked:
        entry = METHODS[key]
        options: Any = make_options(entry.options, OTHERS[key], entry.name)
        passes += entry.estimate(options, layout) + 2
    return passes


def checked(explained: Explained, checks: Sequence[str], alive: Alive = lambda: None) -> list[Row]:
    """The columns of each map's checks; see `explainers.many.keeping.shards.schema`.

    What cannot be checked has a sentence under "unchecked".

    Parameters
    ----------
    explained : Explained
    checks : sequence of str
        Keys of CHECKS.
    alive : callable
        Called after every pass; what it raises ends the call.
    """
    rows: list[Row] = [{} for _ in explained.heat]
    units = math.prod(explained.heat.shape[1:])
    for check in checks:
        most = max(1, VALUES_AT_ONCE // max(1, units)) if check == PROOF else len(rows)
        for start in range(0, len(rows), most):
            some = explained.some(start, start + most)
            for row, found in zip(rows[start:], _of(some, check, alive), strict=False):
                row |= _joined(row, found)
    return rows


def _joined(row: Row, found: Row) -> Row:
    said = [one["unchecked"] for one in (row, found) if one.get("unchecked")]
    return found | ({"unchecked": " ".join(dict.fromkeys(said))} if said else {})


def _of(explained: Explained, check: str, alive: Alive) -> list[Row]:
    """One check of some maps; where it cannot be done of all at once, of each alone."""
    count = len(explained.heat)
    try:
        return (_proven if check == PROOF else _agreeing)(explained, alive)
    except Cancelled:
        raise
    except Exception as error:
        if count > 1:
            parts = [explained.some(k, k + 1) for k in range(count)]
            return [row for part in parts for row in _of(part, check, alive)]
        said = str(error) if isinstance(error, Problem) else f"Stopped by {typed_line(error)}."
        return [{"unchecked": said}]


def _proven(explained: Explained, alive: Alive) -> list[Row]:
    import torch

    from explainers.checks.proof import prove

    proof = prove(
        explained.model,
        explained.x,
        torch.from_numpy(explained.heat),
        explained.references.mean(1),
        explained.target,
        score=explained.form,
        progress=lambda progress: alive(),
        cache=explained.cache,
    )
    names = ("deletion", "insertion", "chance", "proven")
    columns = [one.tolist() for one in (proof.deletion, proof.insertion, proof.chance)]
    numbers = zip(*columns, proof.beats_chance, strict=True)
    return [dict(zip(names, one, strict=True)) for one in numbers]


def _agreeing(explained: Explained, alive: Alive) -> list[Row]:
    """Means over the other methods; those that cannot explain such a network are passed over."""
    from explainers.api import explain

    entry, kind = METHODS[explained.method], KINDS[explained.kind]
    asked: Any = make_options(entry.options, explained.options, entry.name)
    maps, signed = [explained.heat.astype(np.float64)], [entry.knows_sign(asked)]
    refusal: Problem | None = None
    for key in other_methods(explained.method, explained.kind):
        try:
            answer = explain(
                explained.model,
                explained.x,
                key,
                explained.references,
                explained.target,
                score=explained.score,
                kind=explained.kind,
                progress=lambda progress: alive(),
                cache=explained.cache,
                **OTHERS[key],
            )
        except Problem as problem:
            refusal = refusal or problem
            continue
        scores = answer.scores.double().cpu().numpy()
        maps.append(np.stack([kind.heat(one) for one in scores]))
        signed.append(answer.signed)
        if len(maps) > MOST_OTHERS:
            break
    if len(maps) == 1:
        raise refusal or Problem("No other method can explain this network.")
    rows = []
    for several in zip(*maps, strict=True):
        overlaps, ranks = similarities(several, signed)
        rows.append({"overlap": _mean(overlaps[0, 1:]), "rank_correlation": _mean(ranks[0, 1:])})
    return rows


def _mean(values: np.ndarray) -> float | None:
    """Of those that there are: a map that is constant correlates with none."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else None
