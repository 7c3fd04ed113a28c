"""What a module of this folder gives: how the pages choose and draw one kind of input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypedDict, Unpack

import numpy as np
from streamlit.delta_generator import DeltaGenerator

from explainers.service.tasks import Answer
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.state.cases import Case
from pages.state.chosen import ChosenInput, ChosenModel


class MapOptions(TypedDict, total=False):
    """How a map is drawn; each kind heeds those that mean something for it.

    Attributes
    ----------
    layers : ndarray
        The scores of which the map is the sum over channels, for kinds that draw a part of them.
    limit : float
        The score of the strongest colour, the longest bar or the highest letter.
    compact : bool
        For grids: small, and without buttons.
    controls : DeltaGenerator
        Where what is chosen about the map is drawn.
    group : str
        Maps of one group share zoom and the place pointed at.
    max_height : int
        In px.
    around : int
        Height that the rest of the screen needs, in px: the map takes what is left where that is
        more than max_height; 0: it does not.
    method : str
        The method's name, for legends.
    name, other_name : str
        Tell the map and the other one apart.
    on_place : callable
        (row, column) → None: what a click on one place of the answer does, where it has such.
    other, other_limit, other_signed : ndarray, float, bool
        A second map to blink with, where the kind can.
    sides : tuple of str
        The words for scores below and above 0.
    unit : str
        The word for the scores' unit.
    """

    layers: np.ndarray
    limit: float
    compact: bool
    controls: DeltaGenerator
    group: str
    max_height: int
    around: int
    method: str
    name: str
    on_place: Callable[[int, int], None]
    other: np.ndarray
    other_name: str
    other_limit: float
    other_signed: bool
    sides: tuple[str, str]
    unit: str


class PageKind(Protocol):
    """One kind of input on the pages; a module whose names these are is one.

    Attributes
    ----------
    title : str
        Of the section of the settings.
    missing : str
        What must be chosen, in words: "a picture".
    can_blink : bool
        Whether two maps can blink one over the other.
    draw_hidden : callable or None
        (case, hidden, key) draws the input without what is True in `hidden`, of the shape of a
        map; None where the proof's slider shows it.
    """

    @property
    def title(self) -> str: ...
    @property
    def missing(self) -> str: ...
    @property
    def can_blink(self) -> bool: ...
    @property
    def draw_hidden(self) -> Callable[[Case, np.ndarray, str], None] | None: ...

    def pick(self, model: ChosenModel) -> ChosenInput | None:
        """Draw the choice of an input for the model; None until there is one."""

    def fit_model(self, model: ChosenModel, chosen: ChosenInput) -> ChosenModel:
        """The model with what only the data can tell: columns, shape, scaling."""

    def fit_options(
        self, method: str, options: dict[str, Any], model: ChosenModel, chosen: ChosenInput
    ) -> dict[str, Any]:
        """The method's options with what only the data can tell."""

    def other_inputs(self, model: ChosenModel, chosen: ChosenInput) -> dict[str, ChosenInput]:
        """The inputs beside which it can be seen, by the name that links use."""

    def draw(
        self,
        case: Case,
        heat: np.ndarray,
        *,
        key: str,
        alt: str,
        signed: bool,
        facts: dict[str, Any] | None = None,
        **options: Unpack[MapOptions],
    ) -> None:
        """Draw a map on the input.

        Parameters
        ----------
        case : Case
        heat : ndarray
            As `Case.heat` gives it.
        key, alt : str
            Of the viewer or chart, and what it shows, in words.
        signed : bool
            Whether scores below 0 mean something.
        facts : dict, optional
            The answer's, where the map is all of the method's scores.
        **options
            See MapOptions.
        """

    def limit(self, heat: np.ndarray) -> float:
        """The score of the map's strongest colour, its longest bar or its highest letter."""

    def sentence(self, case: Case, heat: np.ndarray, what: str) -> str:
        """Where the scores lie, in words; `what` they are, as in `figures.text.sides`."""

    def draw_partial(
        self,
        task: Predict | Explain,
        about: str,
        signed: bool,
        compact: bool,
        report: ProgressReport | None,
        key: str,
    ) -> None:
        """Draw the task's input on its way, with the map so far where the report has one."""

    def draw_baseline(self, shown: np.ndarray, label: str, width: int) -> None:
        """Draw what the input is compared with, from the answer's `baseline_shown`."""

    def draw_details(self, case: Case, answer: Answer, key: str) -> None:
        """Draw what only this kind has, under its map."""
