"""The rows of some inputs of a run at once, whatever was asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Cancelled, Problem, typed_line
from explainers.many.keeping.shards import Row
from explainers.many.networks import Network
from explainers.many.question import Question
from explainers.many.reading.inputs import Input
from explainers.models.spec import AS_THEY_ARE, ModelSpec

if TYPE_CHECKING:
    from torch import Tensor


class Answers:
    """Rows of inputs, and maps where the question asks for them; the network is opened once.

    A subclass gives `_together`.

    Parameters
    ----------
    network : Network
    spec : ModelSpec
        How inputs are prepared.
    question : Question
    """

    def __init__(self, network: Network, spec: ModelSpec, question: Question) -> None:
        from explainers.output_cache import OutputCache

        self._network, self._spec, self._question = network, spec, question
        self._cache = OutputCache()

    def at_once(self, values: int) -> int:
        """How many inputs share their passes, so that they hold at most so many values."""
        spec = self._spec
        sides = spec.sides if spec.kind == "picture" else spec.shape
        channels = max(3, len(spec.mean)) if spec.kind == "picture" else 1
        return max(1, values // max(1, channels * int(np.prod(sides))))

    def each(
        self, inputs: Sequence[Input], alive: Callable[[], None] = lambda: None
    ) -> list[tuple[Row, np.ndarray | None]]:
        """The same of inputs of which some could not be read; these have a row with a sentence."""
        found = iter(self.of([one for one in inputs if one.values is not None], alive))
        return [
            (self.failed(one, one.problem), None) if one.values is None else next(found)
            for one in inputs
        ]

    def of(
        self, inputs: Sequence[Input], alive: Callable[[], None] = lambda: None
    ) -> list[tuple[Row, np.ndarray | None]]:
        """A row for each input, and its map where it has one.

        Parameters
        ----------
        inputs : sequence of Input
            All with values.
        alive : callable
            Called after every pass; what it raises ends the call.
        """
        if not inputs:
            return []
        try:
            if len({one.values.shape for one in inputs if one.values is not None}) > 1:
                raise Problem("Inputs of several shapes are asked about one by one.")
            return self._together(inputs, alive)
        except Cancelled:
            raise
        except Exception as error:
            if len(inputs) > 1:  # whose fault it is shows when each is asked alone
                return [row for one in inputs for row in self.of([one], alive)]
            said = str(error) if isinstance(error, Problem) else None
            return [(self.failed(inputs[0], said or f"Stopped by {typed_line(error)}."), None)]

    def failed(self, one: Input, sentence: str) -> Row:
        """The row of an input that has no answer."""
        return {"index": one.index, "name": one.name, "digest": one.digest, "error": sentence}

    def _together(
        self, inputs: Sequence[Input], alive: Callable[[], None]
    ) -> list[tuple[Row, np.ndarray | None]]:
        """The rows of inputs of one shape; whatever it raises, each is then asked alone."""
        raise NotImplementedError

    def _answered(self, one: Input, target: int | None) -> Row:
        """The beginning of a row that has an answer."""
        names = self._network.classes
        named = names[target] if target is not None and target < len(names) else None
        told: Row = {"index": one.index, "name": one.name, "digest": one.digest}
        return told | {"class": target, "class_name": named, "error": None}

    @property
    def _form(self) -> str:
        """In which people read the answers."""
        return "output" if self._spec.answers in AS_THEY_ARE else "probability"

    def _stacked(self, inputs: Sequence[Input]) -> Tensor:
        """The inputs (N, …), where the network is."""
        return self._tensor(np.stack([one.values for one in inputs if one.values is not None]))

    def _tensor(self, values: np.ndarray) -> Any:
        import torch

        from explainers import eval_mode

        place, _ = eval_mode.device_and_dtype(self._network.model)
        return torch.from_numpy(values).to(place or "cpu")
