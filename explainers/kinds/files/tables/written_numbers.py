"""Numbers as people write them: thousands, decimal commas, currencies, per cent, units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import label
from explainers.kinds.files.numerals import MISSING, NOTHING, NUMBER, WORDS, parse_numbers

_CURRENCIES = "$€£¥₹₩₽₺₪₫฿"
_CODES = "USD EUR GBP CHF JPY CNY INR CAD AUD SEK NOK DKK PLN CZK BRL ZAR US$ A$ C$ R$ Fr. kr"
_UNITS = """% ‰ ° °C °F km m dm cm mm µm μm nm ha kg g mg µg μg t lb oz s ms µs μs ns h min d l L dl
dL ml mL V mV A mA W kW MW kWh Hz kHz MHz GHz Pa hPa kPa bar J kJ cal kcal N K mol dB x"""
_MONEY = "|".join(map(re.escape, sorted([*_CODES.split(), *_CURRENCIES], key=len, reverse=True)))
_SHORT = "|".join(map(re.escape, sorted(_UNITS.split(), key=len, reverse=True)))
_CELL = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+])?\s*(?P<before>{_MONEY})?\s*(?P<inner>[-+])?"
    r"(?P<body>(?:\d[\d.,' ]*)?\d\.?(?:[eE][-+]?\d+)?|[.,]\d+(?:[eE][-+]?\d+)?)"
    rf"(?:\s*(?P<behind>{_MONEY}|{_SHORT})|\s(?P<word>[^\W\d_][^\s\d]{{0,11}}))?(?P<close>\))?"
)
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007"), " ") | {0x2212: "-", 0x2019: "'"}
_GROUPED = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+|\d{{1,2}}(?:,\d\d)+,\d{{3}}")
    for mark in (",", ".", " ", "'")
}
_UNSURE = re.compile(r"[1-9]\d{0,2}([.,])\d{3}")
_NAMES = {",": "comma", ".": "point", " ": "space", "'": "apostrophe"}
_PARTS = {"%": 100, "‰": 1000}
_MOST_CELLS = 20_000


class _Piece(NamedTuple):
    """A written number taken apart: its sign, digits, and the money or unit around them."""

    negative: bool
    body: str
    unit: str


@dataclass(frozen=True)
class Style:
    """How a column writes its numbers.

    decimal   "." or ",".
    groups    what separates thousands: some of ",", ".", " " and "'".
    unit      the money, unit or per cent sign at every number, or "".
    sure      False where the thousands could be decimals as well.
    """

    decimal: str = "."
    groups: str = ""
    unit: str = ""
    sure: bool = True

    def value(self, cell: str) -> float | None:
        """The number that the cell writes in this style, or None.

        Examples
        --------
        >>> Style(",", ".").value("1.234,50"), Style(unit="%").value("5%"), Style().value("red")
        (1234.5, 0.05, None)
        """
        piece = _taken_apart(cell)
        if piece is None or piece.unit != self.unit:
            return None
        head, exponent, power = piece.body.partition("e")
        whole, _, part = head.partition(self.decimal)
        if self.decimal == "," and "," not in head and _other_decimal(head, "."):
            whole, _, part = head.partition(".")
        marks = set(whole) & set(_NAMES)
        if len(marks) > 1 or not marks <= set(self.groups) or (part and not part.isdecimal()):
            return None
        if marks and not _GROUPED[marks.pop()].fullmatch(whole):
            return None
        digits = "".join(filter(str.isdecimal, whole))
        value = float(f"{digits or '0'}.{part or '0'}{exponent}{power}")
        return (-value if piece.negative else value) / _PARTS.get(self.unit, 1)

    def words(self, cell: str, usual: bool = False) -> str:
        """What a person must know of how this cell is read; "" where it is plain.

        `usual` is whether a decimal comma alone, which is certain, is no news.
        """
        value, said = self.value(cell), []
        if value is None:
            return ""
        mark = next((m for m in self.groups if m in cell.translate(_SPACES)), "")
        if mark:
            said.append(f"the {_NAMES[mark]} separates thousands")
        if self.decimal == "," and "," in cell and not (usual and self.sure):
            said.append("the comma is the decimal comma")
        if self.unit in _PARTS:
            said.append("a fraction of 1")
        elif self.unit:
            said.append(f'"{self.unit}" is left off')
        doubt = ""
        if not self.sure and _UNSURE.fullmatch(_body(cell)):
            doubt = "; if that is wrong, save the numbers without thousands and with a point"
        shown = f"{value:.12g}"
        return f'"{label(cell, 40)}" is read as {shown} ({", ".join(said)}){doubt}' if said else ""


class WrittenNumbers:
    """The numbers of one column, whose style is found where first one is not plain.

    Parameters
    ----------
    name, place : str
        The column's, and what the places of its rows count, for sentences.
    comma : bool
        Whether a comma alone is rather a decimal comma: fields are not separated by commas.
    decimal : str
        What other columns of the file have before their decimals: ".", ",", or "" where none tell.
    """

    def __init__(self, name: str, place: str, comma: bool, decimal: str = "") -> None:
        self.name, self.place, self.comma, self.decimal = name, place, comma, decimal
        self._style: Style | None = None
        self._first = ""

    def parse(self, cells: Sequence[str], places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Values and states of more cells, as `numerals.parse_numbers` gives them.

        Raises
        ------
        Problem
            Where a later cell shows that earlier ones were misread.
        """
        plain = self._style is None and not (self.decimal == "," and "." in "".join(cells))
        values, states = parse_numbers(cells)
        if plain and not (states == WORDS).any():
            return values, states
        present = [cell for cell in map(str.strip, cells) if cell.lower() not in MISSING]
        if self._style is None:
            self._style = style_of(present[:_MOST_CELLS], self.comma, self.decimal)
        style = self._style
        if style is None:
            return values, states
        known = {cell: style.value(cell) for cell in dict.fromkeys(present)}
        self._demand_agreement(style, known, cells, places)
        if not self._first:
            said = (cell for cell in known if style.words(cell, self.comma))
            self._first = next(said, "")
        for at, cell in enumerate(cells):
            value = known.get(cell.strip())
            if value is not None:
                values[at], states[at] = value, NUMBER
            elif states[at] != NOTHING and not np.isinf(values[at]):
                values[at], states[at] = np.nan, WORDS
        return values, states

    def note(self) -> str:
        """How the column's numbers are read, where they are not plain; else ""."""
        if self._style is None or not self._first:
            return ""
        return f'column "{self.name}": {self._style.words(self._first, self.comma)}'

    def _demand_agreement(
        self,
        style: Style,
        known: dict[str, float | None],
        cells: Sequence[str],
        places: Sequence[int],
    ) -> None:
        """Problem where a guess about thousands or decimals turns out wrong."""
        if style.sure:
            return
        other = "," if style.decimal == "." else "."
        for at, cell in enumerate(cells):
            value = known.get(cell.strip(), 0)
            if value is None and _other_decimal(_body(cell), other):
                raise Problem(
                    f'Column "{self.name}" writes its numbers in two ways: "{label(self._first)}" '
                    f'and, at {self.place} {places[at]}, "{label(cell, 40)}". Save it with a point '
                    "before the decimals and without thousands separators."
                )


def style_of(cells: Iterable[str], comma: bool, decimal: str = "") -> Style | None:
    """The one style in which nearly all of the cells are numbers, or None.

    Parameters
    ----------
    cells : iterable of str
        Without those that stand for a missing value.
    comma, decimal
        As for `WrittenNumbers`.

    Examples
    --------
    >>> style_of(["$1,234.50", "$7.00"], comma=False)
    Style(decimal='.', groups=',', unit='$', sure=True)
    >>> style_of(["0,5", "1.200,25"], comma=True).value("1.200,25")
    1200.25
    """
    cells = list(cells)
    pieces = [piece for piece in map(_taken_apart, cells) if piece is not None]
    if not pieces or len(pieces) <= 0.8 * len(cells) or len({piece.unit for piece in pieces}) > 1:
        return None
    bodies = [piece.body for piece in pieces]
    groups = "".join(mark for mark in " '" if any(mark in body for body in bodies))
    commas, points = decimal_evidence(bodies)
    unsure = {found[1] for body in bodies if (found := _UNSURE.fullmatch(body))}
    if commas:
        style = Style(",", groups + "." * (not points or any(b.count(".") > 1 for b in bodies)))
    elif points:
        style = Style(".", groups + ",")
    elif len(unsure) > 1:
        return None
    elif unsure == {","}:
        style = _comma_style(bodies, comma, decimal, groups)
    elif unsure == {"."} and decimal == ",":
        style = Style(",", groups + ".", sure=False)
    else:
        style = Style(".", groups)
    style = Style(style.decimal, style.groups, pieces[0].unit, style.sure)
    return style if sum(style.value(c) is not None for c in cells) > 0.8 * len(cells) else None


def decimal_evidence(cells: Iterable[str]) -> tuple[bool, bool]:
    """Whether any of the cells can only have a decimal comma, and any only a decimal point.

    Examples
    --------
    >>> decimal_evidence(["0,5", "1.234"]), decimal_evidence(["1,234.5"])
    ((True, False), (False, True))
    """
    commas = points = False
    for cell in cells:
        body = _body(cell)
        commas = commas or _other_decimal(body, ",")
        points = points or _other_decimal(body, ".")
    return commas, points


def is_written_number(cell: str) -> bool:
    """Whether a cell may be a number in some style.

    Examples
    --------
    >>> [is_written_number(cell) for cell in ("1.234,5", "$ 5", "7 %", "(3)", "id 7", "")]
    [True, True, True, True, False, False]
    """
    return _taken_apart(cell) is not None


def _comma_style(bodies: list[str], comma: bool, decimal: str, groups: str) -> Style:
    """Of numbers such as 1,234 alone: a thousand and more, or one and a bit?"""
    long = any(body.isdecimal() and len(body) > 3 for body in bodies)
    every = all("," in body for body in bodies)
    thousands = not long and (decimal == "." or (decimal == "" and not (comma and every)))
    return Style(".", groups + ",", sure=False) if thousands else Style(",", groups, sure=False)


def _other_decimal(body: str, mark: str) -> bool:
    """Whether a written number can only have `mark` before its decimals."""
    other = "." if mark == "," else ","
    head = body.partition("e")[0]
    if mark in head and other in head:
        return head.rindex(mark) > head.rindex(other) and head.count(mark) == 1
    if head.count(other) > 1 and not set(head) & {mark}:
        return bool(_GROUPED[other].fullmatch(head))
    if head.count(mark) != 1:
        return False
    whole, _, part = head.partition(mark)
    whole = whole.replace(" ", "").replace("'", "")
    return len(part) != 3 or whole[:1] in ("", "0") or len(whole) > 3 or "e" in body


def _body(cell: str) -> str:
    piece = _taken_apart(cell)
    return "" if piece is None else piece.body


def _taken_apart(cell: str) -> _Piece | None:
    text = cell.strip().translate(_SPACES)
    found = _CELL.fullmatch(text) if len(text) <= 60 else None
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    if found["before"] and (found["behind"] or found["word"]):
        return None
    signs = [sign for sign in (found["sign"], found["inner"]) if sign]
    if len(signs) + bool(found["open"]) > 1:
        return None
    unit = found["before"] or found["behind"] or found["word"] or ""
    negative = bool(found["open"]) or signs == ["-"]
    return _Piece(negative, found["body"].lower(), unit)
