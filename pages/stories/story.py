"""What a story is: a finished comparison as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks.importance import Importance
from pages.stories.examples import StoryExample

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Tables(NamedTuple):
    """What a story about a whole data set has found, to take away.

    Attributes
    ----------
    tables : mapping of str to (Importance, StoredTable)
        What was asked and what was answered, by what sets it apart.
    charts : mapping of str to Figure
        Those of its page, by title.
    """

    tables: Mapping[str, tuple[Importance, StoredTable]]
    charts: Mapping[str, go.Figure]


@dataclass(frozen=True)
class Story:
    """A finished comparison for a meeting: a question, three sentences, and its maps.

    Attributes
    ----------
    key, title : str
        Its name in links, and the question.
    caption : tuple of str
        Three sentences.
    examples : tuple of StoryExample
        Its maps; () of a story about a whole data set, whose one page is its last.
    link : dict
        Query parameters that open the same comparison.
    shared : bool
        Whether all maps have one colour scale.
    sums : bool
        Whether each map says what its contributions add up to, instead of where they lie.
    known : bool
        Whether a last part holds what the methods find against what is true.
    page : str
        The page that `link` is for: "compare", "explain" or "importance".
    """

    key: str
    title: str
    caption: tuple[str, str, str]
    examples: tuple[StoryExample, ...]
    link: dict[str, str]
    shared: bool = True
    sums: bool = False
    known: bool = False
    page: str = "compare"

    @property
    def parts(self) -> int:
        """How many pages it has."""
        return bool(self.examples) + self.known
