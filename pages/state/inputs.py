"""The input that is explained, as the pages know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from explainers.service.tasks import InputRef


@dataclass(frozen=True)
class Chosen:
    """An input: its file in the store, which of the inputs in it, and what people call it.

    data        digest of the file, with its suffix where the kind has files of several.
    name, file  for people: of the input, and of the file in the recipe.
    item        which input of the file.
    values      the input itself instead, changed by hand.
    regions     what is known to lie in it, by name: masks of pictures, spans of sequences.
    """

    data: str
    name: str
    file: str
    item: int = 0
    values: tuple[float, ...] = ()
    regions: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> InputRef:
        """The input as a task names it."""
        return InputRef(self.data, self.item, self.values)
