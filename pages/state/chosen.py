"""The model and the input that are explained, as the pages know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainers.service.tasks import InputRef

if TYPE_CHECKING:
    from explainers.models.spec import ModelSpec


@dataclass(frozen=True)
class ChosenModel:
    """A model: what loads it, and what people call it and its answers.

    Attributes
    ----------
    spec : ModelSpec
        Its origin, and the preparation that it expects of an input.
    classes : tuple of str
        Names given for its outputs; () where none are given.
    name : str
        The model's own, for people.
    unusable_methods : frozenset of str
        Keys of METHODS that were tried on it and do not work.
    columns : tuple of str
        Names of its features, where its file has them.
    """

    spec: ModelSpec
    classes: tuple[str, ...]
    name: str
    unusable_methods: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChosenInput:
    """An input: its file in the store, which of the inputs in it, and what people call it.

    Attributes
    ----------
    data : str
        Digest of the file, with its suffix where the kind has files of several.
    name, file : str
        For people: of the input, and of the file in the recipe.
    item : int
        Which input of the file, from 0.
    values : tuple of float
        The input itself instead, where the visitor changed it; () where not.
    regions : dict
        What is known to lie in it, by name: masks of pictures, spans of sequences.
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
