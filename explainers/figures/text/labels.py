"""How names, values and contributions are written in charts."""

from __future__ import annotations

import html
import itertools
import math
import re
from collections.abc import Sized

import numpy as np
from numpy.typing import ArrayLike

from explainers.errors import Problem

LONGEST = 40
"""Letters of a name before it is cut in the middle."""


def number(value: float, digits: int = 3, sign: bool = False) -> str:
    """A number with at least `digits` significant digits and a true minus; `sign` writes the +.

    Examples
    --------
    >>> number(0.123456), number(-2.0), number(12345.6, sign=True), number(float("nan"))
    ('0.123', '−2', '+12346', 'missing')
    """
    if not math.isfinite(value):
        return "missing" if math.isnan(value) else str(value).replace("-", "−")
    size = abs(value)
    if size and not 1e-4 <= size < 1e6:
        text = f"{value:.{digits - 1}e}"
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size))) if size else 0
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    plus = "+" if sign and value > 0 else ""
    return plus + text.replace("-", "−")


def value_text(value: object) -> str:
    """A feature's value as people read it: text as it is, numbers short, nothing as "missing".

    Examples
    --------
    >>> value_text("red"), value_text(1.23456), value_text(None)
    ('red', '1.235', 'missing')
    """
    if value is None:
        return "missing"
    if isinstance(value, (float, int, np.floating, np.integer)) and not isinstance(value, bool):
        return number(float(value), 4)
    return str(value)


def escaped(text: str) -> str:
    """Text of a user's file, so that plotly draws its letters and reads no markup in them.

    Examples
    --------
    >>> escaped("<b>a &  b")
    '&lt;b&gt;a &amp; b'
    >>> escaped("$x$")
    '&#36;x&#36;'
    """
    return html.escape(" ".join(str(text).split()), quote=False).replace("$", "&#36;")


def shortened(name: str, most: int = LONGEST) -> str:
    """The name, cut in the middle where it is longer than `most` letters.

    Examples
    --------
    >>> shortened("mean arterial pressure", most=12)
    'mean ar…sure'
    """
    tail = most // 3
    return name if len(name) <= most else f"{name[: most - tail - 1]}…{name[-tail:]}"


def wrapped(name: str, value: str | None = None, width: int = 22) -> str:
    """A name with its value as lines of about `width` letters for an axis, the name shortened.

    Examples
    --------
    >>> wrapped("body mass index", "23.4", width=12)
    'body mass<br>index = 23.4'
    """
    lines = [""]
    words = re.findall(r"[^ ]+ ?| ", shortened(name))
    for part in itertools.chain.from_iterable(_parts(word, width) for word in words):
        while part:
            if len(lines[-1]) + len(part.rstrip()) > width and lines[-1]:
                lines.append("")
            lines[-1] += part[:width]
            part = part[width:]
    if value is not None:
        tail = f"= {shortened(value, width)}"
        if len(lines[-1]) + len(tail) < width:
            lines[-1] = f"{lines[-1].rstrip()} {tail}"
        else:
            lines.append(tail)
    return "<br>".join(escaped(line) for line in lines)


def _parts(word: str, width: int) -> list[str]:
    """The word, or where it is longer than a line, its parts."""
    return [word] if len(word.rstrip()) <= width else re.findall(r"[^_/,-]*[_/,-]?", word)


def checked_scores(scores: ArrayLike, names: Sized, what: str = "feature") -> np.ndarray:
    """Scores that can be drawn: one for each name, and all finite.

    Parameters
    ----------
    scores : array_like, shape (…, F)
    names : sized, length F
    what : str
        What a name names, for the refusal.

    Returns
    -------
    ndarray, float64, shape (…, F)

    Raises
    ------
    Problem
        Where there is another number of names, or a score is not finite.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim == 0 or scores.size == 0 or scores.shape[-1] != len(names):
        raise Problem(
            f"{len(names)} {what} names do not fit scores of shape {scores.shape}; the last "
            f"dimension must hold one score for each {what}."
        )
    if not np.isfinite(scores).all():
        broken = int((~np.isfinite(scores)).sum())
        raise Problem(
            f"{broken} of {scores.size} scores are not finite numbers and cannot be drawn."
        )
    return scores


def checked_strengths(scores: np.ndarray, signed: bool) -> np.ndarray:
    """The scores; Problem where a method without a sign comes with negative ones."""
    if not signed and (scores < 0).any():
        raise Problem("A method without a sign gives strengths of 0 and more; some are negative.")
    return scores
