"""The HTML around every report: one file that asks for nothing, and its sealed record."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from explainers.reports.page.record import PLACE, with_record

SIGN = '<div class="sign"><div>Comment</div><div>Date and signature</div></div>'
"""A place for a person's word."""
_FOLDER = Path(__file__).parent


def framed(title: str, parts: Sequence[str], record: dict[str, Any]) -> bytes:
    """A page of those parts, which are HTML, UTF-8.

    Parameters
    ----------
    title : str
        Text.
    parts : sequence of str
        What they show is escaped already.
    record : dict
        Plain data, see `record`.

    Examples
    --------
    >>> page = framed("a < b", ["<p>c</p>"], {}).decode()
    >>> "<title>a &lt; b</title>" in page, "default-src 'none'" in page
    (True, True)
    """
    script, style = _read("page.js"), _read("page.css")
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{known}'"
        "; base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(parts)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Evident">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
<script>{script}</script>
{PLACE}
</body>
</html>
"""
    return with_record(page, record).encode()


def listed(lines: Sequence[str]) -> str:
    """Text as a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """A table of names and what stands under them, text both."""
    cells = (f'<tr><th scope="row">{escape(n)}</th><td>{escape(v)}</td></tr>' for n, v in rows)
    return f"<table>{''.join(cells)}</table>"


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with names over its columns, all of it text; the first column names the rows.

    Examples
    --------
    >>> "<th scope=\\"row\\">a</th><td>&lt;1</td>" in grid(["", "x"], [["a", "<1"]])
    True
    """
    top = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        '<div class="frame" tabindex="0" role="group" aria-label="A table; it scrolls when wide">'
        f'<table class="grid"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


@functools.cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
