"""What a person expects of slopes: signs, "must not depend", ranges; from a small table."""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainers.errors import Problem

SIGNS = {
    "+": ("+", "1", "+1", "positive", "up", "increasing", "rises"),
    "-": ("-", "\N{MINUS SIGN}", "-1", "negative", "down", "decreasing", "falls"),
    "0": ("0", "independent", "no effect", "must not depend"),
}
_COLUMNS = {
    "input": ("input", "column", "feature", "variable", "name"),
    "sign": ("sign", "expected", "direction", "effect"),
    "low": ("low", "min", "minimum", "from", "lower"),
    "high": ("high", "max", "maximum", "to", "upper"),
    "output": ("output", "target"),
}
_ACCEPTED = (
    'Give "+" (the output rises with the input), "-" (it falls), "0" (it must not depend on it), '
    "or bounds of the slope, low and high."
)


@dataclass(frozen=True)
class Expectation:
    """What the slope of an output by an input should be.

    Attributes
    ----------
    name : str
        Of the input: a column, a variable, a group.
    sign : str
        "+", "-", "0": must not depend; "" where only bounds are given.
    low, high : float
        Bounds of the slope; infinite where there are none.
    output : int or None
        Which output; None: the one that is explained.
    """

    name: str
    sign: str = ""
    low: float = -math.inf
    high: float = math.inf
    output: int | None = None

    @property
    def says(self) -> str:
        """It in words, to go between the input's name and "the output"."""
        words = {"+": ["should raise"], "-": ["should lower"], "0": ["must not change"]}
        said = words.get(self.sign, [])[:1]
        if self.low > -math.inf and self.high < math.inf:
            said.append(f"should have a slope between {self.low:g} and {self.high:g} on")
        elif self.low > -math.inf:
            said.append(f"should have a slope of at least {self.low:g} on")
        elif self.high < math.inf:
            said.append(f"should have a slope of at most {self.high:g} on")
        return " and ".join(said)

    def verdict(
        self,
        rows: int,
        violated: int,
        flat: float = 0.0,
        worst: str = "",
        slope: float = 0.0,
        output: str = "the output",
    ) -> str:
        """What became of it over the rows, in one sentence.

        Parameters
        ----------
        rows, violated : int
            How many there are, and in how many it does not hold.
        flat : float
            The share of rows where the slope is 0.
        worst : str
            What the row that violates it most is called.
        slope : float
            The slope there.
        output : str
            What the output is called.

        Examples
        --------
        >>> Expectation("rain", "+").verdict(50, 1, worst="row 7", slope=-2.0)
        'rain should raise the output: it does not in 1 of 50 rows (2 %), most in row 7 (slope -2).'
        """
        start = f"{self.name} {self.says} {output}: "
        if not violated:
            aside = f", though in {100 * flat:.3g} % it has no slope" if flat else ""
            return f"{start}it does in all {rows:,} rows{'' if self.sign == '0' else aside}."
        return (
            f"{start}{'it does' if self.sign == '0' else 'it does not'} in {violated:,} of "
            f"{rows:,} rows ({100 * violated / rows:.3g} %), most in {worst} (slope {slope:.3g})."
        )


def check_names(expectations: Sequence[Expectation], names: Sequence[str]) -> None:
    """Problem that names the inputs which the data do not have.

    Examples
    --------
    >>> check_names([Expectation("rain", "+")], ["rain", "wind"])
    """
    wrong = list(dict.fromkeys(one.name for one in expectations if one.name not in names))
    if not wrong:
        return
    near = [difflib.get_close_matches(name, names, 1) for name in wrong]
    meant = [f"{match[0]!r} for {name!r}" for name, match in zip(wrong, near, strict=True) if match]
    shown = ", ".join(repr(name) for name in wrong[:10]) + (", …" if len(wrong) > 10 else "")
    raise Problem(
        f"What is expected is about {shown}, which the data do not have; they have "
        f"{', '.join(list(names)[:20])}{', …' if len(names) > 20 else ''}."
        + (f" Did you mean {', '.join(meant)}?" if meant else "")
    )


def read_expectations(given: Any) -> tuple[Expectation, ...]:
    """Expectations as a person declares them.

    Parameters
    ----------
    given : mapping, sequence of mappings, data frame, or str
        Input → "+", "-", "0", a pair (low, high) with None where there is no bound, or a mapping
        of "sign", "low", "high", "output"; the same as rows with an "input" each; or the text of a
        CSV of such rows, with a line of names.

    Raises
    ------
    Problem
        For what is no expectation, with what is accepted.

    Examples
    --------
    >>> read_expectations({"rain": "+", "wind": (None, 0.5)})[1].high
    0.5
    >>> [(one.name, one.sign) for one in read_expectations("input,sign\\nrain,+\\nnoise,0\\n")]
    [('rain', '+'), ('noise', '0')]
    """
    if isinstance(given, str):
        found = [_of_row(row) for row in _csv_rows(given)]
    elif hasattr(given, "to_dict") and not isinstance(given, Mapping):
        found = [_of_row(row) for row in given.to_dict("records")]
    elif isinstance(given, Mapping):
        found = [_of_value(str(name), value) for name, value in given.items()]
    elif isinstance(given, Sequence):
        found = [one if isinstance(one, Expectation) else _of_row(one) for one in given]
    else:
        raise Problem(f"{given!r} is no table of expectations: from inputs to signs. {_ACCEPTED}")
    if not found:
        raise Problem(f"Nothing is expected: the table is empty. {_ACCEPTED}")
    return tuple(found)


def _csv_rows(text: str) -> list[dict[str, str]]:
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if len(lines) < 2:
        raise Problem(
            "A table of expectations has a line of names, such as input,sign,low,high, and a line "
            f"for each input below it. {_ACCEPTED}"
        )
    separator = max(",;\t", key=lines[0].count)
    rows = csv.DictReader(io.StringIO("\n".join(lines)), delimiter=separator)
    return [{str(name): value or "" for name, value in row.items()} for row in rows]


def _of_row(row: Any) -> Expectation:
    if not isinstance(row, Mapping):
        raise Problem(f"{row!r} is no row of a table of expectations: input, sign, low, high.")
    lower = {str(name).strip().lower(): value for name, value in row.items()}
    known: dict[str, Any] = {}
    for what, names in _COLUMNS.items():
        for name in names:
            if name in lower and what not in known:
                known[what] = lower.pop(name)
    if lower or "input" not in known:
        wrong = f"has a column {next(iter(lower))!r}" if lower else "has no column “input”"
        raise Problem(
            f"The table of expectations {wrong}; its columns are input, sign, low, high, output."
        )
    return _of_value(str(known.pop("input")).strip(), known)


def _of_value(name: str, value: Any) -> Expectation:
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in _COLUMNS]
        if unknown:
            raise Problem(
                f"{name}: there is no {unknown[0]!r} in an expectation; there are sign, low, high, "
                "output."
            )
        parts = dict(value)
    elif isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise Problem(f"{name}: a range is a pair (low, high); {value!r} is not. {_ACCEPTED}")
        parts = {"low": value[0], "high": value[1]}
    else:
        parts = {"sign": value}
    sign = _sign(name, parts.get("sign"))
    low = _number(name, parts.get("low"), -math.inf)
    high = _number(name, parts.get("high"), math.inf)
    if not sign and math.isinf(low) and math.isinf(high):
        raise Problem(f"{name}: neither a sign nor a bound is given. {_ACCEPTED}")
    if low > high:
        raise Problem(f"{name}: the range from {low:g} to {high:g} is empty.")
    if (sign == "+" and high < 0) or (sign == "-" and low > 0) or (sign == "0" and low * high > 0):
        raise Problem(f"{name}: the sign {sign!r} and the range contradict each other.")
    return Expectation(name, sign, low, high, _output(name, parts.get("output")))


def _empty(value: Any) -> bool:
    text = str(value).strip().lower()
    return value is None or text in ("", "nan", "<na>") or value != value


def _sign(name: str, value: Any) -> str:
    if _empty(value):
        return ""
    text = str(value).strip().lower()
    text = text.removesuffix(".0") if not isinstance(value, bool) else text
    for sign, words in SIGNS.items():
        if text in words:
            return sign
    raise Problem(f"{name}: {value!r} is no sign. {_ACCEPTED}")


def _number(name: str, value: Any, without: float) -> float:
    if _empty(value):
        return without
    text = str(value).strip().replace("\N{MINUS SIGN}", "-")
    try:
        return float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        raise Problem(f"{name}: the bound {value!r} is no number.") from None


def _output(name: str, value: Any) -> int | None:
    if _empty(value):
        return None
    number = _number(name, value, 0)
    if not number.is_integer():
        raise Problem(f"{name}: the output {value!r} is no whole number.")
    return int(number)
