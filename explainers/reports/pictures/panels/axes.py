"""Axes of a chart's panels: ticks, titles, lines and words on them, and room for all."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.ticker import FuncFormatter, MaxNLocator

from explainers.figures.text.labels import number
from explainers.reports.pictures.panels.marks import DASHES, POINTS, colour
from explainers.reports.pictures.sheet import GRID, QUIET_INK, WIDTH, Sheet
from explainers.reports.pictures.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EDGE, _AIR = 0.3, 0.06
"""Inches at the sides of a sheet, and over and under its panels."""
_ACROSS = {"left": "left", "center": "center", "right": "right", "auto": "center", None: "center"}
_DOWN = {"top": "top", "middle": "center", "bottom": "bottom", "auto": "center", None: "center"}


def axis_of(layout: Any, name: str) -> Any:
    """The axis that traces call "x", "y2", …"""
    return layout[f"{name[0]}axis{name[1:]}"]


def finish(axes: Axes, layout: Any, across: str, down: str, counted: Collection[str] = ()) -> None:
    """Ends, ticks, titles and grid of one panel's axes; `counted` have whole numbers alone."""
    ways: tuple[tuple[str, Literal["x", "y"]], ...] = ((across, "x"), (down, "y"))
    for name, way in ways:
        axis, drawn = axis_of(layout, name), axes.xaxis if way == "x" else axes.yaxis
        _ends(axes, axis, way)
        if axis.visible is False:
            drawn.set_visible(False)
            continue
        _ticks(drawn, axis, way, whole=name in counted)
        if axis.title.text and axis.showticklabels is not False:
            drawn.set_label_text(label(axis.title.text), fontsize=9)
        if axis.side == "top":
            axes.xaxis.tick_top()
        if axis.showgrid is not False:
            axes.grid(axis=way, color=GRID, linewidth=0.7)
        if axis.zeroline:
            line = axes.axvline if way == "x" else axes.axhline
            line(0, color=QUIET_INK, linewidth=0.9, zorder=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5)
    for side in axes.spines.values():
        side.set_visible(False)


def _ends(axes: Axes, axis: Any, way: str) -> None:
    get, put = (axes.get_xlim, axes.set_xlim) if way == "x" else (axes.get_ylim, axes.set_ylim)
    if axis.range is not None and None not in axis.range:
        put((float(axis.range[0]), float(axis.range[1])))
        return
    low, high = get()
    if axis.rangemode == "tozero":
        low, high = min(low, 0.0), max(high, 0.0)
    put((high, low) if axis.autorange == "reversed" else (low, high))


def _ticks(drawn: Any, axis: Any, way: str, whole: bool) -> None:
    if axis.showticklabels is False:
        drawn.set_ticks([])
    elif axis.tickvals is not None:
        texts = [label(text) for text in axis.ticktext or axis.tickvals]
        upright = {"rotation": 90} if way == "x" and (axis.tickangle or 0) == -90 else {}
        drawn.set_ticks([float(at) for at in axis.tickvals], texts, **upright)
    else:
        alias, suffix = axis.labelalias or {}, axis.ticksuffix or ""
        drawn.set_major_locator(
            MaxNLocator(axis.nticks or 6, integer=bool(alias) or whole, steps=(1, 2, 5, 10))
        )

        def words(value: float, place: int | None) -> str:
            if alias:
                return label(alias.get(f"{value:g}", ""))
            return f"{number(value, 4)}{suffix.rstrip()}"

        drawn.set_major_formatter(FuncFormatter(words))


def name_places(axes: Axes, values: Any, way: Literal["x", "y"]) -> None:
    """Ticks at places that are names and no numbers."""
    listed = [] if values is None else list(values)
    if not any(isinstance(value, str) for value in listed):
        return
    names = list(dict.fromkeys(map(str, listed)))
    drawn = axes.xaxis if way == "x" else axes.yaxis
    turned: dict[str, Any] = {"rotation": 35, "ha": "right"} if way == "x" else {}
    drawn.set_ticks(list(range(len(names))), [label(name) for name in names], **turned)
    axes.grid(visible=False, axis=way)


def share_ends(places: dict[tuple[str, str], Axes], layout: Any) -> None:
    """Panels whose axes match have the same ends, which hold all that is drawn on any."""
    groups: dict[str, list[tuple[Axes, str]]] = {}
    for pair, axes in places.items():
        for name in pair:
            groups.setdefault(axis_of(layout, name).matches or name, []).append((axes, name[0]))
    for members in groups.values():
        if len(members) < 2:
            continue
        found = [axes.get_xlim() if way == "x" else axes.get_ylim() for axes, way in members]
        ends = min(map(min, found)), max(map(max, found))
        turned = any(first > last for first, last in found)
        for axes, way in members:
            (axes.set_xlim if way == "x" else axes.set_ylim)(ends[::-1] if turned else ends)


def mark(places: dict[tuple[str, str], Axes], layout: Any, paper: Axes) -> None:
    """Lines across panels, and words on and beside them; `paper` holds all panels."""
    for shape in layout.shapes:
        axes = _panel(places, shape.xref, shape.yref)
        if axes is None or shape.type != "line":
            continue
        look = {
            "color": colour(shape.line.color),
            "linewidth": (shape.line.width or 2) * POINTS,
            "linestyle": DASHES.get(shape.line.dash or "solid", "solid"),
        }
        line, at = (axes.axvline, shape.x0) if shape.x0 == shape.x1 else (axes.axhline, shape.y0)
        line(float(at), **look)
    for note in layout.annotations:
        axes = _panel(places, note.xref, note.yref)
        if axes is not None and note.text:
            _write(axes, note, paper)


def _panel(places: dict[tuple[str, str], Axes], xref: str | None, yref: str | None) -> Axes | None:
    """The axes that a mark is on, by the names of its references."""
    across, down = ((ref or "").split()[0] if ref else "" for ref in (xref, yref))
    for pair, axes in places.items():
        if across in (pair[0], "paper", "") and down in (pair[1], "paper", ""):
            return axes
    return None


def _write(axes: Axes, note: Any, paper: Axes) -> None:
    from matplotlib.transforms import blended_transform_factory

    ways = []
    for ref in (note.xref, note.yref):
        if "domain" in (ref or ""):
            ways.append(axes.transAxes)
        else:
            ways.append(paper.transAxes if ref == "paper" else axes.transData)
    beside, above = POINTS * (note.xshift or 0), POINTS * (note.yshift or 0)
    axes.annotate(
        label(note.text),
        (float(note.x), float(note.y)),
        (beside, above + (2 if note.yanchor == "bottom" else 0)),
        xycoords=blended_transform_factory(*ways),
        textcoords="offset points",
        ha=_ACROSS[note.xanchor],
        va=_DOWN[note.yanchor],
        fontsize=8.5 if (note.font.size or 13) < 14 else 9.5,
        rotation=-(note.textangle or 0),
        annotation_clip=False,
    )


def fit(sheet: Sheet, panels: list[Axes], over: float, inner: float) -> None:
    """Move the panels together so that they and all that is written beside them have room."""
    high = sheet.get_figheight()
    top, bottom = sheet.top + over + _AIR, sheet.top + over + inner - _AIR
    left, right = EDGE, WIDTH - EDGE
    for _ in range(2):  # the second time for ticks that came or went
        renderer = sheet.canvas.get_renderer()  # type: ignore[attr-defined]
        tight = [axes.get_tightbbox(renderer) for axes in panels]
        boxes = [axes.get_position() for axes in panels]
        dpi = sheet.dpi
        outer = (
            min(box.x0 for box in tight if box) / dpi,
            max(box.x1 for box in tight if box) / dpi,
            high - max(box.y1 for box in tight if box) / dpi,
            high - min(box.y0 for box in tight if box) / dpi,
        )
        own = (
            min(box.x0 for box in boxes) * WIDTH,
            max(box.x1 for box in boxes) * WIDTH,
            high * (1 - max(box.y1 for box in boxes)),
            high * (1 - min(box.y0 for box in boxes)),
        )
        # What stands over each side of the panels stays as wide as it is.
        new = (
            left + own[0] - outer[0],
            right - (outer[1] - own[1]),
            top + own[2] - outer[2],
            bottom - (outer[3] - own[3]),
        )
        across, down = (new[1] - new[0]) / (own[1] - own[0]), (new[3] - new[2]) / (own[3] - own[2])
        for axes, box in zip(panels, boxes, strict=True):
            x0 = new[0] + (box.x0 * WIDTH - own[0]) * across
            y1 = new[2] + (high * (1 - box.y1) - own[2]) * down
            wide, tall = box.width * WIDTH * across, box.height * high * down
            axes.set_position((x0 / WIDTH, 1 - (y1 + tall) / high, wide / WIDTH, tall / high))
