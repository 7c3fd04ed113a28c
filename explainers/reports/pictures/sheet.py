"""The sheet that every picture is drawn on: headline, chart, legend, caption; and its files."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from explainers.errors import Problem
from explainers.figures import colours
from explainers.figures.text.labels import number
from explainers.reports.pictures.words import families, without_font, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, DPI = 8.0, 200
"""Of a sheet: inches, and dots an inch; a hundredth of an inch is one pixel of a page."""

INK, QUIET_INK, GRID = "#1d2733", "#566373", "#d9dee3"
FORMATS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
_LEFT, _HEAD, _SMALL = 0.3, 0.25, 0.165

_drawing = threading.RLock()
# No markup is read in text, fonts go into the file, and the same sheet is the same file.
_STYLE: dict[str, Any] = {
    "text.parse_math": False,
    "text.usetex": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET_INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "font.size": 9,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "evident",
    "axes.unicode_minus": True,
    "path.simplify": False,
}


@contextmanager
def drawing() -> Iterator[None]:
    """One drawing at a time, in the light look: matplotlib's settings are of the whole process."""
    style = _STYLE | {"font.family": list(families())}
    with _drawing, rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


class Sheet(Figure):
    """A picture with its words; a notebook shows it, `file` writes it.

    Parameters
    ----------
    headline, about, caption : str
        The sentence over the chart; what it is, in small letters; what stands under it.
    alt : str
        The alternative text, kept in the file.
    height : float
        Of the chart with its axes and legend, in inches.
    names : iterable of str
        What else is written in the chart.
    """

    def __init__(
        self,
        headline: str,
        about: str,
        caption: str,
        alt: str,
        height: float,
        names: Iterable[str] = (),
    ) -> None:
        self.alt, self.headline = alt, headline
        missing = without_font("".join((headline, about, caption, alt, *names)))
        if missing:
            caption = (
                f"{caption} This computer has no font for {len(missing)} of the letters here; they "
                "are drawn as boxes."
            )
        head, small = wrapped(headline, 78), wrapped(about, 116)
        below = wrapped(caption, 116)
        self.top = 0.22 + _HEAD * len(head) + _SMALL * len(small) + 0.14
        self.below = 0.2 + _SMALL * len(below)
        super().__init__(figsize=(WIDTH, self.top + height + self.below), facecolor="white")
        FigureCanvasAgg(self)
        at = 0.22
        for lines, step, look in (
            (head, _HEAD, {"fontsize": 12.5, "fontweight": "bold"}),
            (small, _SMALL, {"fontsize": 8.5, "color": QUIET_INK}),
        ):
            for line in lines:
                self._write(line, at, look)
                at += step
        for place, line in enumerate(below):
            down = self.top + height + 0.08 + _SMALL * place
            self._write(line, down, {"fontsize": 8.5, "color": QUIET_INK})

    def _write(self, line: str, down: float, look: dict[str, Any]) -> None:
        high = self.get_figheight()
        self.text(_LEFT / WIDTH, 1 - down / high, line, va="top", **look)

    def place(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes in the chart's part of the sheet, by inches from its upper left corner."""
        high = self.get_figheight()
        bottom = 1 - (self.top + top + height) / high
        return self.add_axes((left / WIDTH, bottom, width / WIDTH, height / high))

    def file(self, form: str = "png") -> bytes:
        """The sheet as a file of one of FORMATS.

        Raises
        ------
        Problem
            For another format.
        """
        if form not in FORMATS:
            raise Problem(f"Pictures are written as {', '.join(FORMATS)}; {form!r} is none.")
        told = {
            "png": {"Title": self.headline, "Description": self.alt, "Software": "Evident"},
            "svg": {"Title": self.headline, "Description": self.alt, "Date": None},
            "pdf": {"Title": self.headline, "Subject": self.alt, "CreationDate": None},
        }
        buffer = io.BytesIO()
        with drawing():
            self.savefig(buffer, format=form, dpi=DPI, metadata=told[form])
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.file("png")


def inside(axes: Axes) -> None:
    """Let the first and the last number of a scale end where it does, and not stand out of it."""
    first, *_, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def legend(
    sheet: Sheet,
    left: float,
    top: float,
    limit: float,
    signed: bool,
    unit: str,
    words: Callable[[float], str] = number,
) -> None:
    """Draw the colours from -limit (or 0) to limit, with numbers and what they mean."""
    axes = sheet.place(left, top, 3.2, 0.11)
    low = -limit if signed else 0.0
    axes.imshow(
        colours.paint(np.linspace(low, limit, 2 * colours.STEPS + 1)[None], signed, limit),
        extent=(low, limit, 0, 1),
        aspect="auto",
        interpolation="none",
    )
    ends = [low, 0.0, limit] if signed else [low, limit]
    axes.set_yticks([])
    axes.set_xticks(ends, [words(end) for end in ends], fontsize=8)
    inside(axes)
    axes.tick_params(length=2, pad=1.5)
    for side in axes.spines.values():
        side.set_visible(False)
    meaning = "blue opposes, red supports" if signed else "without a sign"
    axes.text(1.04, 0.5, f"{unit}: {meaning}", transform=axes.transAxes, va="center", fontsize=8.5)
