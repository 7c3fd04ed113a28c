"""The report of a table of importance: ranks, intervals, warnings, and where they come from."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from explainers.figures.importance.rank_table import ranked
from explainers.figures.text.labels import number
from explainers.importance import IMPORTANCE
from explainers.importance.tables.consensus import judges
from explainers.reports.page import report_page
from explainers.reports.page.frame import SIGN, framed, grid, listed, pairs
from explainers.reports.page.record import kept_scores, read_scores
from explainers.reports.page.report_page import Source
from explainers.reports.pictures.words import plain
from explainers.reports.ranking import Ranking

MOST_INPUTS = 60
"""Inputs whose ranks and numbers stand in the page; the files of numbers hold all."""
ALLOWED = 1e-3
"""Difference from a method's largest number that other hardware may make."""


def page_of(ranking: Ranking, source: Source) -> bytes:
    """The report's HTML, UTF-8.

    Parameters
    ----------
    ranking : Ranking
    source : Source
    """
    record = told(ranking, source)
    title = f"What matters for {ranking.about}? {ranking.title}"
    return framed(title, [*parts(ranking, source, record), SIGN], record)


def told(ranking: Ranking, source: Source) -> dict[str, Any]:
    """What a machine is told of the table."""
    return {
        "made": report_page.now(),
        "by": source.by,
        "versions": report_page.versions(),
        "digests": dict(source.digests),
        "names": {"model": source.model, "data": source.data, "title": ranking.title},
        "task": source.task,
        "about": ranking.about,
        "says": plain(ranking.sentence),
        "table": {
            "methods": list(ranking.table.methods),
            "inputs": list(ranking.table.names),
            "values": kept_scores(np.nan_to_num(ranking.table.values)),
            "ranks": kept_scores(ranking.table.rank),
        },
    }


def differences(
    record: dict[str, Any], methods: Sequence[str], values: np.ndarray, ranks: np.ndarray
) -> tuple[float, list[str]]:
    """How far a table computed now is from the record's.

    Parameters
    ----------
    record : dict
        Of a report.
    methods : sequence of str
        Keys of IMPORTANCE.
    values, ranks : ndarray, shape (methods, F)

    Returns
    -------
    largest : float
        The largest difference of a number, as a share of its method's largest.
    sentences : list of str
        What differs by more than rounding does.
    """
    kept = record["table"]
    if list(methods) != kept["methods"] or list(values.shape) != kept["values"]["of"]:
        return float("inf"), ["Other methods, or another number of inputs, are asked about now."]
    before, now = read_scores(kept["values"]), np.nan_to_num(np.asarray(values, np.float64))
    scale = np.abs(before).max(1, keepdims=True)
    apart = np.abs(before - now) / np.where(scale > 0, scale, 1.0)
    largest, said = float(apart.max()), []
    if not largest <= ALLOWED:
        method, place = (int(at) for at in np.unravel_index(apart.argmax(), apart.shape))
        said.append(
            f"{IMPORTANCE[methods[method]].name} gives {kept['inputs'][place]} "
            f"{now[method, place]:.6g} now; the report says {before[method, place]:.6g}."
        )
    moved = np.argwhere(read_scores(kept["ranks"]) != ranks)
    if len(moved) and said:
        said.append(f"{len(moved)} of {ranks.size} ranks are others.")
    return largest, said


def parts(ranking: Ranking, source: Source, record: dict[str, Any]) -> list[str]:
    """The sections of the report as HTML, its headline first."""
    network = f" {source.model}" if source.model else ""
    question = f"What matters to the network{network} for {ranking.about}, over {ranking.title}?"
    rows = [("Made", record["made"]), ("By", source.by), ("Model", source.model)]
    rows += [("Data", source.data or ranking.title)]
    rows += [(f"SHA-256, {name}", value) for name, value in record["digests"].items()]
    rows += [("With", ", ".join(f"{n} {v}" for n, v in record["versions"].items()))]
    known = [plain(ranking.quality), plain(ranking.basis), *ranking.warnings]
    found = [
        f"<h1>{escape(plain(ranking.sentence))}</h1>",
        f'<p class="quiet">{escape(question)}</p>',
        "<h2>Ranks by every method</h2>",
        "<p>1 matters most; in brackets its 95 % interval.</p>",
        _ranks(ranking),
        _bars(ranking),
        "<h2>How far to trust it</h2>",
        listed([*(each for each in known if each), _SCOPE]),
    ]
    for method, key in enumerate(ranking.table.methods):
        found += _method(ranking, method, key)
    if ranking.left_out:
        found += ["<h2>Left out, and why</h2>", listed(ranking.left_out)]
    found += ["<h2>Where it comes from</h2>", pairs([pair for pair in rows if pair[1]])]
    settings = report_page.as_settings(ranking.settings)
    found += ["<h2>Settings</h2>", f"<pre>{escape(settings)}</pre>"]
    if source.recipe:
        found += ["<h2>As code</h2>", f"<pre>{escape(source.recipe)}</pre>"]
    if source.task is not None:
        found += [
            "<h2>To check it</h2>",
            "<p>In a folder of Evident, with the same model and data:</p>",
            f"<pre>{report_page.CHECK}</pre>",
        ]
    if source.comment:
        found += ["<h2>Comment</h2>", f"<p>{escape(source.comment)}</p>"]
    return found


_SCOPE = (
    "It tells what this network uses in these data; not how the world works, and not what another "
    "network would use."
)


def _shown(ranking: Ranking) -> list[int]:
    return list(ranking.order[:MOST_INPUTS])


def _ranks(ranking: Ranking) -> str:
    table = ranking.table
    three = (table.rank, table.rank_low, table.rank_high)
    rows = [
        [
            table.names[place],
            *(
                ranked(*(float(each[method, place]) for each in three))
                for method in range(len(table.methods))
            ),
        ]
        for place in _shown(ranking)
    ]
    rest = len(table.names) - len(rows)
    more = f"<p>The first {len(rows)} of {len(table.names)} inputs.</p>" if rest else ""
    return grid(["", *ranking.methods], rows) + more


def _bars(ranking: Ranking) -> str:
    """The numbers of the first method that can judge, drawn."""
    from explainers.reports.pictures.ranking import bars

    method = int(judges(ranking.table)[0][0])
    sheet = bars(ranking, method)
    drawn = base64.b64encode(sheet.file("svg")).decode()
    source = f"data:image/svg+xml;base64,{drawn}"
    return f'<figure><img alt="{escape(sheet.alt)}" src="{source}"></figure>'


def _method(ranking: Ranking, method: int, key: str) -> list[str]:
    table, entry = ranking.table, IMPORTANCE[key]
    rows = []
    for place in _shown(ranking):
        three = (table.values, table.low, table.high)
        value, low, high = (float(each[method, place]) for each in three)
        interval = f"{number(low)} to {number(high)}" if low < high else "none"
        rows.append([table.names[place], number(value), interval])
    notes = [f"When it misleads: {entry.misleads}", *table.remarks.get(key, ())]
    control = table.control.get(key)
    if control is not None:
        notes.append(f"To an added input that the network ignores it gives {control:.3g}.")
    return [
        f"<h2>{escape(entry.name)}</h2>",
        f"<p>{escape(f'{entry.says} In {ranking.units[method]}.')}</p>",
        grid(["", "Number", "95 % interval"], rows),
        listed(notes),
    ]
