"""The report of one explanation as one HTML file that asks for nothing from anywhere."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from importlib import metadata
from typing import Any

import numpy as np

from explainers.baselines import BASELINES
from explainers.figures.text.sentences import escape_markdown
from explainers.methods import METHODS
from explainers.reports.explanation import Explanation
from explainers.reports.page.elements import main_elements
from explainers.reports.page.frame import SIGN, framed, listed, pairs
from explainers.reports.page.picture_part import LARGEST_SIDE, picture_part
from explainers.reports.page.record import kept_scores
from explainers.reports.pictures.words import plain

_LIBRARIES = ("torch", "numpy", "onnx", "onnxruntime")
CHECK = "python -m explainers verify report.html --model MODEL --data DATA"


@dataclass(frozen=True)
class Source:
    """Where an explanation comes from, for its report.

    Attributes
    ----------
    by : str
        Who made the report.
    comment : str
        What they say of it.
    model, data : str
        What people call them; their digests stand in `digests` by the same names.
    digests : mapping of str to str
        SHA-256 of files, and of the code that answered.
    answers : sequence of (str, str)
        What the network says, in words: name and share, strongest first.
    recipe : str
        The Python that gives the same numbers; "" where there is none.
    task : dict or None
        The question as plain data, from which the answer can be computed again.
    with_input : bool
        Whether the input itself stands in the report; else only its digest.
    """

    by: str = ""
    comment: str = ""
    model: str = ""
    data: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[tuple[str, str]] = ()
    recipe: str = ""
    task: Mapping[str, Any] | None = None
    with_input: bool = False


def report_page(explanation: Explanation, source: Source) -> bytes:
    """The report's HTML, UTF-8.

    Parameters
    ----------
    explanation : Explanation
    source : Source

    Examples
    --------
    >>> one = Explanation("table", "saliency", np.ones(1, np.float32), True, "y", 1.0, names=("a",))
    >>> page = report_page(one, Source(by="<Ann>")).decode()
    >>> "&lt;Ann&gt;" in page, "<Ann>" in page
    (True, False)
    """
    shown, record = told(explanation, source)
    title = f"Why {explanation.about}? {explanation.title}"
    return framed(title, [*parts(shown, source, record), SIGN], record)


def told(explanation: Explanation, source: Source) -> tuple[Explanation, dict[str, Any]]:
    """What of an explanation may be shown, and what a machine is told of it.

    Parameters
    ----------
    explanation : Explanation
    source : Source
    """
    digest = "" if explanation.input is None else input_digest(explanation.input)
    shown = explanation if source.with_input else without_input(explanation)
    return shown, {
        "made": now(),
        "by": source.by,
        "versions": versions(),
        "digests": dict(source.digests) | ({"input": digest} if digest else {}),
        "names": {"model": source.model, "data": source.data, "title": explanation.title},
        "task": source.task,
        "about": explanation.about,
        "output": explanation.output,
        "baseline_output": explanation.baseline_output,
        "says": plain(shown.sentence),
        "scores": kept_scores(explanation.heat),
    }


def now() -> str:
    """The time as reports say it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def without_input(explanation: Explanation) -> Explanation:
    """The explanation with nothing that tells the input's values: for those who may not see it."""
    told = explanation.sentence
    for feature in explanation.features:
        told = told.replace(f" = {escape_markdown(feature.value)}", "")
    return replace(
        explanation,
        input=None,
        photo=None,
        sentence=told,
        features=tuple(replace(one, value="") for one in explanation.features),
    )


def input_digest(values: np.ndarray) -> str:
    """SHA-256 of an input's values, as little-endian float32.

    Examples
    --------
    >>> input_digest(np.zeros(2))[:8]
    'af5570f5'
    """
    return hashlib.sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest()


def versions() -> dict[str, str]:
    """What computed the answer: Python and the libraries that matter."""
    told = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _LIBRARIES:
        try:
            told[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return told


def parts(
    explanation: Explanation,
    source: Source,
    record: dict[str, Any],
    place: int = 0,
    side: int = LARGEST_SIDE,
) -> list[str]:
    """The sections of a report as HTML, its headline first; `place` and `side` as of its figure."""
    method = METHODS.get(explanation.method)
    headline = plain(explanation.sentence) or f"What mattered for {explanation.about}"
    says = [
        ("The baseline is", _baseline(explanation)),
        ("Of the input", explanation.answer),
        ("Of the baseline", explanation.baseline_answer),
    ]
    found = [
        f"<h1>{escape(headline)}</h1>",
        f'<p class="quiet">{escape(_question(explanation, source))}</p>',
        picture_part(explanation, place, side),
        "<h2>The main elements</h2>",
        listed(main_elements(explanation)),
        "<h2>What the network says</h2>",
        pairs([pair for pair in [*says, *source.answers] if pair[1]]),
        "<h2>How far to trust it</h2>",
        listed(_trust(explanation)),
    ]
    if method:
        misleads = f" {method.misleads}" if method.misleads else ""
        found += [
            "<h2>The method</h2>",
            f"<p>{escape(f'{method.name}: {method.says}{misleads}')}</p>",
        ]
    digests = dict(record["digests"])
    rows = [("Made", record["made"]), ("By", source.by), ("Model", source.model)]
    rows += [("Input", f"{explanation.title}{', ' + source.data if source.data else ''}")]
    rows += [(f"SHA-256, {name}", value) for name, value in digests.items()]
    rows += [("With", ", ".join(f"{n} {v}" for n, v in record["versions"].items()))]
    found += ["<h2>Where it comes from</h2>", pairs([pair for pair in rows if pair[1]])]
    if not source.with_input:
        found.append("<p>The input itself is not in this file; its digest is.</p>")
    found += ["<h2>Settings</h2>", f"<pre>{escape(as_settings(explanation.settings))}</pre>"]
    if source.recipe:
        found += ["<h2>As code</h2>", f"<pre>{escape(source.recipe)}</pre>"]
    if source.task is not None:
        found += [
            "<h2>To check it</h2>",
            "<p>In a folder of Evident, with the same model and data:</p>",
            f"<pre>{CHECK}</pre>",
        ]
    if source.comment:
        found += ["<h2>Comment</h2>", f"<p>{escape(source.comment)}</p>"]
    return found


def as_settings(settings: Mapping[str, Any]) -> str:
    """All settings as text, short lists on one line.

    Examples
    --------
    >>> print(as_settings({"shape": [1, 2]}))
    {
     "shape": [1, 2]
    }
    """
    text = json.dumps(dict(settings), indent=1, default=str, ensure_ascii=False)
    lists = r"\[\s+([^\[\]{}]*?)\s+\]"
    return re.sub(lists, lambda found: f"[{' '.join(found[1].split())}]", text)


def _baseline(explanation: Explanation) -> str:
    """What the input is compared with, by its name for people."""
    given = explanation.settings.get("baseline", "")
    key = given.get("key", "") if isinstance(given, Mapping) else str(given)
    return BASELINES[key].name if key in BASELINES else "one of the user's own" if key else ""


def _question(explanation: Explanation, source: Source) -> str:
    of = f" {source.model}" if source.model else ""
    return (
        f"Why does the network{of} say {explanation.about} about {explanation.title}? "
        f"Explained by {explanation.method_name}."
    )


def _trust(explanation: Explanation) -> list[str]:
    """The check, how sure the scores are, and what the computation said of itself."""
    said = []
    if explanation.check:
        said.append(f"Check: {plain(explanation.check)}.")
    spread = explanation.parts.get("spread")
    if spread is not None and explanation.scores.any():
        share = float(np.median(np.abs(spread)) / np.abs(explanation.scores).max())
        said.append(f"Standard error of a score: {100 * share:.2g} % of the strongest.")
    elif explanation.method in METHODS and METHODS[explanation.method].random:
        said.append("The method draws random numbers, from a seed that stands in the settings.")
    return [
        *said,
        *explanation.notes,
        "It tells what this network did with this input, compared with this baseline; not how the "
        "world works, and not what another input would give.",
    ]
