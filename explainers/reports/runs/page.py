"""The report of a run as one HTML file that asks for nothing from anywhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from explainers.baselines import BASELINES
from explainers.figures.many.checks import check_sentences
from explainers.figures.text.labels import number, shortened
from explainers.figures.text.words import percent
from explainers.kinds import KINDS
from explainers.methods import METHODS
from explainers.reports.page.frame import SIGN, framed, grid, listed, pairs
from explainers.reports.page.report_page import as_settings, now
from explainers.reports.runs.cards import is_signed, mean_cards, strange_cards
from explainers.reports.runs.contents import RunContents

if TYPE_CHECKING:
    from explainers.reports.pictures.sheet import Sheet

CLASSES, NAME, SENTENCE = 60, 120, 400
"""Rows of the table of classes; letters of a name, and of a sentence about an input."""
SCOPE = (
    "It tells what this network did with these inputs{}; not how the world works, and not what "
    "other inputs would give."
)


def run_page(contents: RunContents, by: str = "", comment: str = "") -> bytes:
    """The report's HTML, UTF-8; of bounded size, however many inputs there are.

    Parameters
    ----------
    contents : RunContents
    by, comment : str
        Who made the report, and what they say of it.
    """
    told, summary = contents.told, contents.summary
    record = {
        "made": now(),
        "by": by,
        "about": str(told["asked"].get("name", "")),
        "versions": dict(told.get("versions", {})),
        "digests": {"network": told["asked"]["network"], "inputs": told["source_digest"]},
        "run": {
            "inputs": told["inputs"],
            "rows": summary.total,
            "failed": summary.failed,
            "classes": [[one.name, one.count] for one in summary.classes[:CLASSES]],
            "wrong": None if summary.confusion is None else summary.confusion.wrong,
            "strange": [[one.index, shortened(one.name, NAME)] for one in contents.strange],
            "checks": None if contents.checks is None else asdict(contents.checks),
            "cues": None
            if contents.clusters is None
            else [one.sentence for one in contents.clusters if one.is_cue],
        },
    }
    headline = _headline(contents)
    parts = [f"<h1>{escape(headline)}</h1>", f'<p class="quiet">{escape(_question(told))}</p>']
    parts += [*_cues(contents), *_answers(contents), *_checks(contents), *_evidence(contents)]
    parts += [*_strange(contents), *_failures(contents), *_origin(contents, record)]
    if comment:
        parts += ["<h2>Comment</h2>", f"<p>{escape(comment)}</p>"]
    return framed(headline, [*parts, SIGN], record)


def _headline(contents: RunContents) -> str:
    """How many there are, how many failed, how many are wrong."""
    summary, total = contents.summary, contents.told["inputs"]
    one = KINDS[contents.kind].one
    asked = "explained" if contents.explains else "answered"
    said = f"{summary.total - summary.failed:,} of {_many(total, one)} {asked}"
    if summary.total < total:
        said += f"; {total - summary.total:,} are still to come"
    if summary.failed:
        said += f"; {summary.failed:,} {'have' if summary.failed > 1 else 'has'} no answer"
    if summary.confusion is not None:
        share = summary.confusion.wrong / summary.confusion.total
        said += f"; {percent(share)} of the answers are others than the labels"
    return said


def _question(told: Mapping[str, Any]) -> str:
    asked = told["asked"]
    target = asked["target"]
    what = "as it does" if target is None else f"output {target}"
    if isinstance(target, list):
        what = f"output {target[0]} rather than {target[1]}"
    name, place = asked.get("name", ""), place_of(told)
    if asked["method"] is None:
        return f"What does the network {name} answer{', ' + what if target else ''}, over {place}?"
    return (
        f"Why does the network {name} answer {what}, over {place}? "
        f"Explained by {_method_name(asked['method'])}, compared with {_baseline(asked)}."
    )


def place_of(told: Mapping[str, Any]) -> str:
    """What the source is called, without the folders of the machine that it lay in.

    Examples
    --------
    >>> place_of({"source": "/home/ann/photos/"}), place_of({"source": "a/b.bed in c/d.fa"})
    ('photos', 'b.bed in d.fa')
    """
    whole = [re.findall(r"[^/\\]+", one) for one in told["source"].split(" in ")]
    parts = [names[-1] for names in whole if names]
    return shortened(" in ".join(parts), NAME)


def _method_name(key: str) -> str:
    return METHODS[key].name if key in METHODS else key


def _baseline(asked: Mapping[str, Any]) -> str:
    given = asked["baseline"]
    return BASELINES[given].name if given in BASELINES else f"an own baseline, {given}"


def _cues(contents: RunContents) -> list[str]:
    if contents.clusters is None:
        return []
    found = [one.sentence for one in contents.clusters if one.is_cue]
    if found:
        return ["<h2>Cues that decide wherever they are pasted</h2>", listed(found[:10])]
    said = f"No cue was found in {_many(len(contents.clusters), 'cluster')} of patches."
    if not contents.clusters:
        said = "No cue was looked for: fewer than three pictures are answered alike."
    return ["<h2>Cues</h2>", f"<p>{escape(said)}</p>"]


def _checks(contents: RunContents) -> list[str]:
    """What the checks of its maps say."""
    if contents.checks is None:
        return []
    method = contents.told["asked"]["method"]
    sentences = check_sentences(contents.checks, method, contents.kind)
    return ["<h2>Checks of the maps</h2>", listed([shortened(one, SENTENCE) for one in sentences])]


def _answers(contents: RunContents) -> list[str]:
    """Counts a class, the confusion, and how sure the network is."""
    summary = contents.summary
    found = ["<h2>What the network answers</h2>"]
    if contents.told["asked"]["target"] is not None:
        found = ["<h2>What is explained</h2>" if contents.explains else "<h2>What is told</h2>"]
    rows = [
        [
            shortened(one.name, NAME) or "the answer",
            f"{one.count:,}",
            "" if one.confidence is None else percent(one.confidence),
        ]
        for one in summary.classes[:CLASSES]
    ]
    if rows:
        sure = any(one.confidence is not None for one in summary.classes)
        head = ["", "Inputs", *(["Confidence, median"] if sure else [])]
        found.append(grid(head, [row[: len(head)] for row in rows]))
    rest = len(summary.classes) - len(rows)
    if rest:
        found.append(f"<p>{rest:,} more classes have fewer inputs.</p>")
    if summary.confusion is not None:
        from explainers.reports.runs.drawn import confusion_sheet

        wrong = f"{summary.confusion.wrong:,} of {summary.confusion.total:,}"
        found.append(
            f"<p>{wrong} answers are another class than the folder that the input lies in, or than "
            "the label that was given.</p>"
        )
        found.append(_figure(confusion_sheet(summary.confusion)))
    if summary.confidences.any():
        from explainers.reports.runs.drawn import confidence_sheet

        found.append(_figure(confidence_sheet(summary)))
    return found


def _evidence(contents: RunContents) -> list[str]:
    """Mean maps, or means of columns; and where the evidence lies."""
    summary = contents.summary
    found = []
    if contents.kind == "table":
        found += _columns(contents)
    elif any(one.mean is not None for one in summary.classes):
        found += ["<h2>Mean maps</h2>", mean_cards(contents)]
    if summary.points:
        from explainers.reports.runs.drawn import places_sheet

        found.append(_figure(places_sheet(summary.points)))
    return found


def _columns(contents: RunContents) -> list[str]:
    from explainers.reports.runs.drawn import means_sheet

    columns = contents.told["asked"]["prepared"]["columns"]
    found = ["<h2>Mean contributions of the columns</h2>"]
    for one in contents.summary.classes[:6]:
        if one.mean is None:
            continue
        names = list(columns) or [f"column {k + 1}" for k in range(one.mean.values.size)]
        about = f"{_many(one.mean.count, 'row')}{f', {one.name}' if one.name else ''}"
        found.append(_figure(means_sheet(one.mean, names, shortened(about, NAME))))
        order = (-one.mean.sizes).argsort(kind="stable")[:CLASSES]
        rows = [[names[k], *map(number, (one.mean.values[k], one.mean.sizes[k]))] for k in order]
        found.append(grid(["", "Mean contribution", "Mean |contribution|"], rows))
    return found if len(found) > 1 else []


def _strange(contents: RunContents) -> list[str]:
    if not contents.strange:
        return ["<h2>What is strange</h2>", "<p>No input is far from what is usual here.</p>"]
    said = f"The {len(contents.strange)} strangest inputs, each with why."
    if contents.maps and contents.kind != "table":
        colours = "red supports, blue opposes" if is_signed(contents) else "darker is stronger"
        said += f" Each map has a scale of its own: {colours}."
    return ["<h2>What is strange</h2>", f"<p>{escape(said)}</p>", strange_cards(contents)]


def _failures(contents: RunContents) -> list[str]:
    if not contents.failures:
        return []
    lines = [
        f"{shortened(name, NAME)}: {shortened(sentence, SENTENCE)}"
        for name, sentence in contents.failures
    ]
    rest = contents.summary.failed - len(lines)
    more = f"<p>{rest:,} more are in the run's rows; the column “error” says why.</p>"
    return ["<h2>Without an answer</h2>", listed(lines), *([more] if rest > 0 else [])]


def _origin(contents: RunContents, record: dict[str, Any]) -> list[str]:
    told, asked = contents.told, contents.told["asked"]
    rows = [
        ("Made", record["made"]),
        ("By", record["by"]),
        ("Network", str(asked.get("name", ""))),
        ("Inputs", f"{place_of(told)}, {told['inputs']:,}"),
        ("Left out", _names(told.get("left_out", ()))),
        ("SHA-256, network", asked["network"]),
        ("SHA-256, names and digests of all files", told["source_digest"]),
        ("Seconds of passes", f"{contents.summary.seconds:,.1f}"),
        ("With", ", ".join(f"{name} {value}" for name, value in record["versions"].items())),
    ]
    settings = as_settings({k: v for k, v in asked.items() if k != "network"})
    method = METHODS.get(asked["method"])
    about = f"{method.name}: {method.says} {method.misleads}".strip() if method else ""
    scope = SCOPE.format(", compared with this baseline" if contents.explains else "")
    return [
        "<h2>How far to trust it</h2>",
        listed([one for one in (*told.get("notes", ()), about, scope) if one]),
        "<h2>Where it comes from</h2>",
        pairs([(name, shortened(value, SENTENCE)) for name, value in rows if value]),
        "<h2>Settings</h2>",
        f"<pre>{escape(settings[:20_000])}</pre>",
    ]


def _names(names: Sequence[str]) -> str:
    """Files of other kinds, in words."""
    if not names:
        return ""
    shown = ", ".join(shortened(name, NAME) for name in names[:3])
    return f"{_many(len(names), 'file')} of other kinds ({shown}{', …' if len(names) > 3 else ''})"


def _many(count: int, one: str) -> str:
    plural = one if one.endswith("s") else f"{one}s"
    return f"{count:,} {one if count == 1 else plural}"


def _figure(sheet: Sheet) -> str:
    drawn = base64.b64encode(sheet.file("svg")).decode()
    source = f"data:image/svg+xml;base64,{drawn}"
    return f'<figure><img alt="{escape(sheet.alt)}" src="{source}"></figure>'
