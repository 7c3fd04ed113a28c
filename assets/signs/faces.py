"""The flat faces of the traffic signs, drawn on a unit square seen straight from the front."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

from PIL import Image, ImageDraw, ImageFont, ImageOps

RED = (196, 22, 34)
BLUE = (12, 82, 164)
YELLOW = (246, 178, 10)
WHITE = (246, 246, 242)
BLACK = (22, 22, 24)

Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Pen:
    """Draws in units of the face: x to the right and y down, both from 0 to 1."""

    draw: ImageDraw.ImageDraw
    scale: int

    def polygon(self, points: Sequence[Point], colour: Colour, rounding: float = 0.0) -> None:
        """Fill a polygon; `rounding` grows it by a round brush of that radius."""
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour)
        if rounding:
            self.line([*points, points[0]], colour, 2 * rounding)

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """Fill a disc."""
        (x, y), s = centre, self.scale
        box = ((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s)
        self.draw.ellipse(box, fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draw a line through the points with round ends and joints."""
        s = self.scale
        self.draw.line([(x * s, y * s) for x, y in points], fill=colour, width=round(width * s))
        for point in points:
            self.disc(point, width / 2, colour)

    def text(self, centre: Point, words: str, height: float, colour: Colour, bold: float) -> None:
        """Write words around a centre; `bold` is the width added to every stroke."""
        s = self.scale
        self.draw.text(
            (centre[0] * s, centre[1] * s),
            words,
            fill=colour,
            anchor="mm",
            font=ImageFont.load_default(height * s),
            stroke_width=bold * s / 2,
            stroke_fill=colour,
        )


def ring(radius: float, corners: int, turn: float, centre: Point = (0.5, 0.5)) -> list[Point]:
    """Corners of a regular polygon; `turn` (radians) is the direction of the first."""
    angles = [turn + 2 * pi * k / corners for k in range(corners)]
    return [(centre[0] + radius * cos(a), centre[1] + radius * sin(a)) for a in angles]


def _stop(pen: Pen) -> None:
    pen.polygon(ring(0.525, 8, pi / 8), WHITE)
    pen.polygon(ring(0.488, 8, pi / 8), RED)
    pen.text((0.5, 0.5), "STOP", 0.33, WHITE, 0.026)


def _yield(pen: Pen) -> None:
    pen.polygon([(0.06, 0.13), (0.94, 0.13), (0.5, 0.885)], RED, rounding=0.055)
    pen.polygon([(0.21, 0.205), (0.79, 0.205), (0.5, 0.7)], WHITE, rounding=0.015)


def _no_entry(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.49, WHITE)
    pen.disc((0.5, 0.5), 0.47, RED)
    pen.polygon([(0.15, 0.41), (0.85, 0.41), (0.85, 0.59), (0.15, 0.59)], WHITE)


def _priority_road(pen: Pen) -> None:
    pen.polygon(ring(0.475, 4, 0), BLACK, rounding=0.02)
    pen.polygon(ring(0.46, 4, 0), WHITE, rounding=0.02)
    pen.polygon(ring(0.33, 4, 0), BLACK, rounding=0.012)
    pen.polygon(ring(0.318, 4, 0), YELLOW, rounding=0.012)


def _limit(number: str) -> Callable[[Pen], None]:
    def draw(pen: Pen) -> None:
        pen.disc((0.5, 0.5), 0.49, RED)
        pen.disc((0.5, 0.5), 0.375, WHITE)
        pen.text((0.5, 0.5), number, 0.48, BLACK, 0.036)

    return draw


def _turn_left(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.49, WHITE)
    pen.disc((0.5, 0.5), 0.47, BLUE)
    path = [(0.655, 0.79), (0.655, 0.51), (0.62, 0.44), (0.55, 0.41), (0.36, 0.41)]
    pen.line(path, WHITE, 0.115)
    pen.polygon([(0.13, 0.41), (0.38, 0.22), (0.38, 0.60)], WHITE)


def _roundabout(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.49, WHITE)
    pen.disc((0.5, 0.5), 0.47, BLUE)
    for start in (0.4, 0.4 + 2 * pi / 3, 0.4 + 4 * pi / 3):
        sweep = [start - 0.13 * k for k in range(9)]
        path = [(0.5 + 0.26 * cos(a), 0.5 + 0.26 * sin(a)) for a in sweep]
        pen.line(path, WHITE, 0.1)
        end = sweep[-1]
        base = [(0.5 + r * cos(end), 0.5 + r * sin(end)) for r in (0.13, 0.39)]
        tip = (0.5 + 0.27 * cos(end - 0.72), 0.5 + 0.27 * sin(end - 0.72))
        pen.polygon([*base, tip], WHITE)


def _pedestrian_crossing(pen: Pen) -> None:
    pen.polygon(ring(0.615, 4, pi / 4), WHITE, rounding=0.05)
    pen.polygon(ring(0.585, 4, pi / 4), BLUE, rounding=0.05)
    pen.polygon([(0.5, 0.13), (0.89, 0.84), (0.11, 0.84)], WHITE)
    pen.disc((0.515, 0.33), 0.045, BLACK)
    pen.line([(0.51, 0.41), (0.5, 0.57)], BLACK, 0.08)
    pen.line([(0.5, 0.57), (0.44, 0.66), (0.38, 0.74)], BLACK, 0.05)
    pen.line([(0.51, 0.57), (0.56, 0.65), (0.59, 0.75)], BLACK, 0.05)
    pen.line([(0.5, 0.42), (0.43, 0.49), (0.41, 0.56)], BLACK, 0.036)
    pen.line([(0.52, 0.42), (0.57, 0.49), (0.62, 0.53)], BLACK, 0.036)
    for x in (0.2, 0.35, 0.5, 0.65):
        pen.polygon([(x + 0.03, 0.77), (x + 0.1, 0.77), (x + 0.09, 0.82), (x, 0.82)], BLACK)


def _road_works(pen: Pen) -> None:
    pen.polygon([(0.06, 0.87), (0.94, 0.87), (0.5, 0.115)], RED, rounding=0.055)
    pen.polygon([(0.21, 0.795), (0.79, 0.795), (0.5, 0.3)], WHITE, rounding=0.015)
    pen.disc((0.475, 0.405), 0.04, BLACK)
    pen.line([(0.455, 0.48), (0.41, 0.58)], BLACK, 0.085)
    pen.line([(0.40, 0.59), (0.43, 0.68), (0.39, 0.78)], BLACK, 0.045)
    pen.line([(0.40, 0.59), (0.34, 0.69), (0.29, 0.78)], BLACK, 0.045)
    pen.line([(0.46, 0.48), (0.51, 0.56), (0.56, 0.58)], BLACK, 0.036)
    pen.line([(0.43, 0.52), (0.63, 0.68)], BLACK, 0.024)
    pen.polygon([(0.56, 0.79), (0.77, 0.79), (0.70, 0.69), (0.64, 0.67)], BLACK, rounding=0.01)


def _no_overtaking(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.49, RED)
    pen.disc((0.5, 0.5), 0.385, WHITE)
    for x, colour in ((0.335, RED), (0.665, BLACK)):
        cabin = [(x - 0.085, 0.5), (x - 0.055, 0.40), (x + 0.055, 0.40), (x + 0.085, 0.5)]
        pen.polygon(cabin, colour, rounding=0.012)
        glass = [(x - 0.05, 0.49), (x - 0.035, 0.43), (x + 0.035, 0.43), (x + 0.05, 0.49)]
        pen.polygon(glass, WHITE)
        body = [(x - 0.11, 0.51), (x + 0.11, 0.51), (x + 0.11, 0.60), (x - 0.11, 0.60)]
        pen.polygon(body, colour, rounding=0.015)
        for side in (-0.085, 0.085):
            pen.line([(x + side, 0.60), (x + side, 0.635)], colour, 0.05)
            pen.disc((x + side * 0.9, 0.545), 0.02, WHITE)


_FACES: dict[str, Callable[[Pen], None]] = {
    "stop": _stop,
    "yield": _yield,
    "no entry": _no_entry,
    "priority road": _priority_road,
    "speed limit 30": _limit("30"),
    "speed limit 80": _limit("80"),
    "turn left": _turn_left,
    "turn right": _turn_left,
    "roundabout": _roundabout,
    "pedestrian crossing": _pedestrian_crossing,
    "road works": _road_works,
    "no overtaking": _no_overtaking,
}
LABELS = tuple(_FACES)


@lru_cache(maxsize=64)
def face(label: str, size: int) -> Image.Image:
    """The face of one sign as an RGBA picture of `size` px, transparent around the sign.

    Raises KeyError for a label that is not in LABELS. Do not change the picture: it is shared.
    """
    big = Image.new("RGBA", (3 * size, 3 * size), (128, 128, 128, 0))
    _FACES[label](Pen(ImageDraw.Draw(big), 3 * size))
    small = big.resize((size, size), Image.Resampling.BOX)
    return ImageOps.mirror(small) if label == "turn right" else small
