"""The rows and maps of a run that explains its inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from explainers.baselines import BASELINES
from explainers.errors import Cancelled, Problem, typed_line
from explainers.kinds import KINDS, fitting
from explainers.many.answers.answers import Answers
from explainers.many.checking.map_checks import Explained, checked
from explainers.many.evidence import evidence_in
from explainers.many.keeping.shards import Row
from explainers.many.networks import Network
from explainers.many.question import Question
from explainers.many.reading.inputs import Input
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.attribution import Attribution

DATA = 200
"""Of so many inputs, spread over the source, a baseline is made that is made from data."""


class Explanations(Answers):
    """Rows and maps; what inputs are compared with is made once. See `Answers`.

    Parameters
    ----------
    network, spec, question
        Of a question with a method.
    sample : callable, optional
        At most so many inputs, of which a baseline is made that is made from data.
    """

    def __init__(
        self,
        network: Network,
        spec: ModelSpec,
        question: Question,
        sample: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        super().__init__(network, spec, question)
        assert question.method is not None, "else predictions are asked for"
        self._method = question.method
        self._data: Tensor | None = None
        made = isinstance(question.baseline, str) and BASELINES[question.baseline].uses_data
        if sample is not None and made:
            self._data = self._tensor(sample(DATA))

    def _together(
        self, inputs: Sequence[Input], alive: Callable[[], None]
    ) -> list[tuple[Row, np.ndarray | None]]:
        from explainers.api import explain

        started = time.perf_counter()
        x = self._stacked(inputs)
        asked = self._question
        against = self.references(x, inputs)
        answer = explain(
            self._network.model,
            x,
            self._method,
            against,
            asked.target,
            data=self._data,
            score=asked.score,
            kind=self._spec.kind,
            progress=lambda progress: alive(),
            cache=self._cache,
            **asked.options,
        )
        shares = self._shares(x, answer)
        seconds = (time.perf_counter() - started) / len(inputs)
        scores = answer.scores.float().cpu().numpy()
        found = [
            self._row(one, k, scores[k], answer, None if shares is None else shares[k], seconds)
            for k, one in enumerate(inputs)
        ]
        mapped = [k for k, (_, one) in enumerate(found) if one is not None]
        if asked.checks and mapped:
            maps = [one for _, one in found if one is not None]
            targets = [_class_of(answer, k) for k in mapped]
            references = self._references_of(against, x)[mapped]
            rows = [found[k][0] for k in mapped]
            self._check(rows, maps, x[mapped], references, targets, asked.checks, alive)
        return found

    def check(
        self,
        kept: Sequence[tuple[Input, Row, np.ndarray]],
        checks: Sequence[str],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Add the columns of checks to the rows of inputs whose maps were made before.

        Parameters
        ----------
        kept : sequence of (Input, row, map)
            The inputs with values.
        checks : sequence of str
            Keys of CHECKS that the rows lack.
        alive : callable
            Called after every pass; what it raises ends the call.
        """
        inputs = [one for one, _, _ in kept]
        rows, maps = [row for _, row, _ in kept], [one for _, _, one in kept]
        try:
            x = self._stacked(inputs)
            targets = [row["class"] for row in rows]
            against = self.references(x, inputs)
            self._check(rows, maps, x, self._references_of(against, x), targets, checks, alive)
        except Cancelled:
            raise
        except Exception as error:
            if len(kept) > 1:
                for one in kept:
                    self.check([one], checks, alive)
                return
            said = str(error) if isinstance(error, Problem) else f"Stopped by {typed_line(error)}."
            rows[0].update(_also(rows[0], {"unchecked": said}))

    def _check(
        self,
        rows: Sequence[Row],
        maps: Sequence[np.ndarray],
        x: Tensor,
        references: Tensor,
        targets: Sequence[int | None],
        checks: Sequence[str],
        alive: Callable[[], None],
    ) -> None:
        started, kind, asked = time.perf_counter(), self._spec.kind, self._question
        explained = Explained(
            self._network.model,
            x,
            references,
            asked.target if isinstance(asked.target, tuple) else [one or 0 for one in targets],
            np.stack([one if kind == "picture" else KINDS[kind].heat(one) for one in maps]),
            self._method,
            asked.options,
            asked.score,
            self._form,
            kind,
            self._cache,
        )
        columns = checked(explained, checks, alive)
        seconds = (time.perf_counter() - started) / len(maps)
        for row, more in zip(rows, columns, strict=True):
            row.update(_also(row, more), seconds=row["seconds"] + seconds)

    def _references_of(self, against: str | float | Tensor, x: Tensor) -> Tensor:
        from explainers.references import references_of

        return references_of(against, x, self._data)

    def _row(
        self,
        one: Input,
        k: int,
        scores: np.ndarray,
        answer: Attribution,
        confidence: float | None,
        seconds: float,
    ) -> tuple[Row, np.ndarray | None]:
        if not np.isfinite(scores).all():
            reason = next((note for note in answer.notes if "NaN or infinite" in note), "")
            return self.failed(one, reason or "The explanation holds NaN or infinite values."), None
        if "padding" in (one.facts or {}):
            scores = fitting.without_padding(scores, one.facts["padding"])  # type: ignore[index]
        kind = self._spec.kind
        found = evidence_in(scores, kind)
        base = answer.baseline_output
        row = self._answered(one, _class_of(answer, k)) | {
            "answer": answer.output[k].item(),
            "confidence": confidence,
            "baseline_answer": None if base is None else base[k].item(),
            "gap": None if answer.gap is None else answer.gap[k].item(),
            "support": found.support,
            "opposition": found.opposition,
            "centre": list(found.centre) or None,
            "border": found.border,
            "seconds": seconds,
        }
        # A picture's map is a number a pixel; of others every value's own score is kept.
        return row, KINDS[kind].heat(scores) if kind == "picture" else scores

    def references(self, x: Tensor, inputs: Sequence[Input]) -> str | float | Tensor:
        """What the inputs are compared with; padding is compared with itself."""
        from explainers.references import with_padding

        baseline, around = self._question.baseline, padding_of(inputs)
        if not any(around) or not isinstance(baseline, str):
            return baseline
        return with_padding(BASELINES[baseline].make(x, self._data), x, around)

    def _shares(self, x: Tensor, answer: Attribution) -> list[float] | None:
        """The probability of each explained class, of a network that answers with classes."""
        from explainers import eval_mode
        from explainers.passes import Passes

        targets = [_class_of(answer, k) for k in range(len(x))]
        if self._spec.answers == "numbers" or None in targets:
            return None
        with eval_mode.evaluating(self._network.model):
            outputs = Passes(self._network.model, score=self._form, cache=self._cache).outputs(x)
        return [float(outputs[k, target]) for k, target in enumerate(targets)]


def _also(row: Row, more: Row) -> Row:
    """More columns, with all sentences about what could not be checked."""
    said = [one["unchecked"] for one in (row, more) if one.get("unchecked")]
    return more | ({"unchecked": " ".join(dict.fromkeys(said))} if said else {})


def padding_of(inputs: Sequence[Input]) -> list[Sequence[int] | None]:
    """What lies around each picture; None where nothing does."""
    return [(one.facts or {}).get("padding") for one in inputs]


def _class_of(answer: Attribution, k: int) -> int | None:
    if isinstance(answer.target, str):
        return None
    target = answer.target[k]
    return target[0] if isinstance(target, tuple) else target
