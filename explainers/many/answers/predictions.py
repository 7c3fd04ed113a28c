"""The rows of a run that asks only what the network answers: one pass an input, no map."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from explainers.many.answers.answers import Answers
from explainers.many.keeping.shards import Row
from explainers.many.reading.inputs import Input


class Predictions(Answers):
    """What the network answers, in the form in which people read it; see `Answers`."""

    def _together(
        self, inputs: Sequence[Input], alive: Callable[[], None]
    ) -> list[tuple[Row, np.ndarray | None]]:
        from explainers.session import open_session

        started = time.perf_counter()
        with open_session(
            self._network.model,
            self._stacked(inputs),
            target=self._question.target,
            score=self._form,
            progress=lambda progress: alive(),
            cache=self._cache,
        ) as session:
            outputs, answers = session.outputs.tolist(), session.output.tolist()
            targets = session.target.index
        assert targets is not None, "a question holds no function"
        seconds = (time.perf_counter() - started) / len(inputs)
        numbers = self._spec.answers == "numbers"
        return [
            (
                self._answered(one, target)
                | {
                    "answer": answer,
                    "confidence": None if numbers else output[target],
                    "seconds": seconds,
                },
                None,
            )
            for one, target, answer, output in zip(inputs, targets, answers, outputs, strict=True)
        ]
