"""A table of importance as a script or a notebook: compute, draw the same ranks, check numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explainers.figures.text.as_text import escape_markdown
from explainers.service import importance_recipe

if TYPE_CHECKING:
    from explainers.reports.ranking import Ranking
    from explainers.service.tasks.importance import Importance

MOST_CHECKED = 20
"""Inputs whose numbers a notebook holds, the most important first."""

_DRAWING = """\
from explainers.reports.pictures.ranking import bars, ranks
from explainers.reports.ranking import Ranking

one = Ranking(
    table,
    about={about!r},
    title={title!r},
    order={order!r},
    units={units!r},
    sentence={sentence!r},
    basis={basis!r},
)
figure = ranks(one)  # bars(one, 0) draws the numbers of the first method
figure.savefig("importance.png", dpi=200)
figure"""

_CHECK = """\
import numpy as np

# What the app showed: of each method the numbers of the inputs at these places.
places = {places}
shown = np.array({shown})
now = np.nan_to_num(table.values)
largest = (abs(now[:, places] - shown) / np.maximum(abs(now).max(1, keepdims=True), 1e-30)).max()
if largest > 1e-3:
    raise ValueError(f"Not reproduced: numbers differ by {{largest:.1g}} of the largest.")
print(f"Reproduced: largest difference {{largest:.1g}} of a method's largest number")
"""


def cells(
    task: Importance, ranking: Ranking, file: str, weights: str = ""
) -> list[tuple[str, str]]:
    """The parts of the notebook: ("markdown" or "code", text); see `notebook.notebook`.

    Parameters
    ----------
    task : Importance
    ranking : Ranking
        Its answer with the words of its page.
    file, weights : str
        What people call the files of the data and of the network, as for `importance_recipe`.
    """
    places = list(ranking.order[:MOST_CHECKED])
    shown = [
        [float(f"{value:.9g}") for value in line]
        for line in np.nan_to_num(ranking.table.values)[:, places]
    ]
    drawing = _DRAWING.format(
        about=ranking.about,
        title=ranking.title,
        order=tuple(ranking.order),
        units=tuple(ranking.units),
        sentence=ranking.sentence,
        basis=ranking.basis,
    )
    intro = (
        f"# What matters for {escape_markdown(ranking.about)}?\n\n{ranking.sentence}\n\n"
        "Run it in the folder of Evident, with your own files beside it, or with their paths below."
    )
    return [
        ("markdown", intro),
        ("code", importance_recipe.recipe(task, file, weights)),
        ("code", drawing),
        ("markdown", "## The numbers are those of the app"),
        ("code", _CHECK.format(places=places, shown=shown)),
    ]
