"""An explanation as a script or a notebook: load, compute, draw the same picture, check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.figures.text.as_text import escape_markdown
from explainers.service.recipe import recipe

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation
    from explainers.service.tasks.explain import Explain

MOST_CHECKED = 20

_CHECK = """\
import numpy as np

# What the app showed: the strongest scores, at their places, and the answers.
places = {places}
scores = {scores}
answers = {answers}
now = answer.scores[0].float().cpu().numpy().ravel()[places]
largest = max(abs(now - scores)) / max(max(abs(np.array(scores))), 1e-30)
apart = abs(np.array([answer.output.item(), answer.baseline_output.item()]) - answers)
if largest > 1e-3 or (apart > 1e-3 * max(1.0, *abs(np.array(answers)))).any():
    raise ValueError(f"Not reproduced: scores differ by {{largest:.1g}}, answers by {{apart}}.")
print(f"Reproduced: largest difference {{largest:.1g}} of the strongest score")
"""


def cells(
    task: Explain, explanation: Explanation, file: str, weights: str = "weights", own: str = ""
) -> list[tuple[str, str]]:
    """The parts of the notebook: ("markdown" or "code", text).

    Parameters
    ----------
    task : Explain
    explanation : Explanation
        Its answer.
    file, weights, own : str
        The names of the visitor's own files: data, network, baseline.
    """
    # What comes with Evident lies in its folder.
    own_network = task.model.source in ("upload", "python")
    files = [name for name in (file, weights if own_network else "") if name]
    files = [f"`{name}`" for name in files if not name.startswith("assets/")]
    beside = f", with {' and '.join(files)} beside it, or with their paths below" if files else ""
    intro = (
        f"# Why {escape_markdown(explanation.about)}?\n\n{explanation.sentence}\n\n"
        f"Run it in the folder of Evident{beside}."
    )
    return [
        ("markdown", intro),
        ("code", recipe(task, file, weights, own)),
        ("code", _drawing(task, explanation)),
        ("markdown", "## The numbers are those of the app"),
        ("code", _checking(explanation)),
    ]


def script(parts: Sequence[tuple[str, str]]) -> str:
    """The notebook's parts as one Python script."""
    # Every kind of line end counts: a name that holds one must not end the comment.
    written = [
        text
        if kind == "code"
        else "\n".join(f"# {line.lstrip('# ')}".rstrip() for line in text.splitlines())
        for kind, text in parts
    ]
    return "\n\n".join(part.rstrip() for part in written) + "\n"


def notebook(parts: Sequence[tuple[str, str]]) -> bytes:
    """The parts as a Jupyter notebook, nbformat 4.5.

    References
    ----------
    The notebook format, https://nbformat.readthedocs.io/en/latest/format_description.html

    Examples
    --------
    >>> json.loads(notebook([("code", "1 + 1")]))["cells"][0]["source"]
    ['1 + 1']
    """
    written: list[dict[str, Any]] = []
    for place, (kind, text) in enumerate(parts):
        name = hashlib.sha256(f"{place} {text}".encode()).hexdigest()[:12]
        cell = {"cell_type": kind, "id": name, "metadata": {}}
        more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
        written.append(cell | more | {"source": text.splitlines(keepends=True)})
    whole = {
        "cells": written,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _drawing(task: Explain, explanation: Explanation) -> str:
    """The code that draws the picture, with the names that the app used."""
    words: dict[str, Any] = {
        "names": list(explanation.names),
        "steps": list(explanation.steps),
        "about": explanation.about,
        "title": explanation.title,
        "sentence": explanation.sentence,
        "check": explanation.check,
        "start": explanation.start,
        "depth": explanation.depth,
    }
    given = [f"    {name}={value!r}," for name, value in words.items() if value]
    lines: list[str] = []
    if explanation.kind == "picture" and not explanation.depth:
        if task.model.fit != "pad":  # else it is drawn with its padding, as the network sees it
            given.append('    photo=found[1]["pixels"],')
            given.append('    region=kind.facts(found, spec)["region"],')
        if explanation.view:
            lines.append("from explainers.figures.views import in_view")
            heat = "kind.heat(answer.scores[0]).double().cpu().numpy()"
            shown = f"in_view({explanation.view!r}, {heat}, x[0].cpu().numpy())"
            given += [f"    view={explanation.view!r},", f"    drawn={shown},"]
    if explanation.features:
        lines.append("from explainers.reports.explanation import Feature")
        one = [f"Feature({f.name!r}, {f.value!r}, {f.places!r})" for f in explanation.features]
        given.append(f"    features=({', '.join(one)},),")
    lines += ["figure = answer.plot(", *given, ")", 'figure.savefig("explanation.png", dpi=200)']
    return "\n".join([*lines, "figure"])


def _checking(explanation: Explanation) -> str:
    flat = explanation.scores.ravel()
    places = np.sort(np.argsort(-np.abs(flat), kind="stable")[:MOST_CHECKED])
    return _CHECK.format(
        places=places.tolist(),
        scores=[float(f"{value:.9g}") for value in flat[places]],
        answers=[explanation.output, explanation.baseline_output],
    )
