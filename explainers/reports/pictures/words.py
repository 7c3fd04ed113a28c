"""Words in pictures and reports: Markdown and chart labels as plain text, lines, fonts for them."""

from __future__ import annotations

import functools
import html
import re
import unicodedata

CJK = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "SimSun"),
    *("PingFang SC", "Hiragino Sans GB", "Heiti SC", "Noto Sans CJK JP", "Noto Sans CJK KR"),
    *("Droid Sans Fallback", "Arial Unicode MS", "AR PL UMing CN", "Unifont"),
)
"""Fonts with Chinese letters, of the usual systems."""


def plain(markdown: str) -> str:
    """Markdown of one paragraph as text: no stars, no escapes.

    Examples
    --------
    >>> plain("*snow* carries **75 %**; *a\\\\*b*")
    'snow carries 75 %; a*b'
    """
    return re.sub(r"\\(.)|\*", lambda found: found[1] or "", markdown)


def label(text: str) -> str:
    """A label of a plotly chart as lines of text.

    Examples
    --------
    >>> label("a &lt; b<br><span style='font-size:12px'>red supports</span>")
    'a < b\\nred supports'
    """
    return html.unescape(re.sub(r"<[^>]*>", "", str(text).replace("<br>", "\n")))


def width_of(text: str) -> int:
    """How many letters wide a text is, Chinese ones counted twice.

    Examples
    --------
    >>> width_of("ab"), width_of("名前")
    (2, 4)
    """
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


def wrapped(text: str, width: int) -> list[str]:
    """Text as lines of at most `width` letters; words that are longer are cut.

    Examples
    --------
    >>> wrapped("one two three", 7)
    ['one two', 'three']
    >>> wrapped("half of 1.2 %", 11)
    ['half of', '1.2\\xa0%']
    """
    lines = [""]
    whole = " ".join(text.split()).replace(" %", "\N{NO-BREAK SPACE}%")
    for word in re.findall(r"[^ ]+ *", whole):
        if lines[-1] and width_of(lines[-1] + word.rstrip()) > width:
            lines.append("")
        for letter in word:
            if width_of(lines[-1]) >= width and not letter.isspace():
                lines.append("")
            lines[-1] += letter
    return [line.rstrip() for line in lines if line.strip()]


@functools.cache
def families() -> tuple[str, ...]:
    """The fonts that are drawn with, each for letters that those before lack.

    The first comes with matplotlib; others where this computer has them.
    """
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in CJK if name in there))


@functools.cache
def _letters() -> frozenset[int]:
    """Code points for which there is a letter in any of the fonts."""
    from matplotlib import font_manager

    known: set[int] = set()
    for name in families():
        found = font_manager.get_font(font_manager.findfont(name))
        known |= set(found.get_charmap())
    return frozenset(known)


def without_font(text: str) -> str:
    """The letters of the text, each once, that no font of this computer has.

    Examples
    --------
    >>> without_font("Größe ≤ 3 −")
    ''
    """
    return "".join(
        letter
        for letter in dict.fromkeys(text)
        if ord(letter) not in _letters() and letter.isprintable() and not letter.isspace()
    )
