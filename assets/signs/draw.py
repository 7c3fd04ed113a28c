"""Draws a photo-like picture of a traffic sign, with exact masks of the sign and its sticker."""

from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from assets.signs.faces import LABELS, face
from assets.signs.scenery import blend, fractal, picture, rgb, scenery

__all__ = ["LABELS", "Drawing", "draw"]
STICKER = (252, 232, 24)


@dataclass(frozen=True)
class Drawing:
    """A drawn picture and where its sign is.

    `picture` is RGB, `mask` (L, 255 = sign) the part of the sign's face that can be seen and is
    not under the sticker, `sticker` (L) the visible part of the sticker, or None without one.
    """

    picture: Image.Image
    mask: Image.Image
    sticker: Image.Image | None
    label: str


def _coefficients(corners: np.ndarray, side: int) -> list[float]:
    """The eight numbers of Pillow's PERSPECTIVE from a square's four corners on the canvas."""
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)], float)
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, square, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.linalg.solve(np.array(rows), np.array(right)).tolist()


def _pose(rng: np.random.Generator, width: int, fill: float) -> np.ndarray:
    """Corners (4, 2) in px of the sign's square on the canvas, seen in perspective."""
    area = 0.09 * (0.31 / 0.09) ** rng.random()
    side = min(0.86, (area / fill) ** 0.5)
    yaw, pitch, roll = (radians(rng.normal(0, s)) for s in (17, 6, 4))
    yaw = float(np.clip(yaw, -0.7, 0.7))
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    turned = square @ np.array([(cos(roll), sin(roll)), (-sin(roll), cos(roll))])
    x, y = turned[:, 0] * cos(yaw), turned[:, 1] * cos(pitch)
    depth = 2.6 + turned[:, 0] * sin(yaw) + turned[:, 1] * sin(pitch)
    flat = np.stack([x, y], 1) * (2.6 / depth)[:, None] * side
    room = max(0.0, 1 - side) / 2
    centre = 0.5 + rng.uniform(-1, 1, 2) * room * np.array([0.95, 0.9]) - np.array([0, 0.08 * room])
    return (flat + centre) * width


def _weather(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Shade, dirt, fading and gloss of a sign's face (side, side, 3)."""
    side = len(pixels)
    across = np.linspace(-1, 1, side, dtype=np.float32)
    turn = rng.uniform(0, 2 * pi)
    slope = across[None] * cos(turn) + across[:, None] * sin(turn)
    light = 1 + rng.uniform(0, 0.22) * slope
    dirt = np.clip(fractal(rng, side, 0.6) - rng.uniform(0.3, 1.6), 0, 1.5) * rng.uniform(0, 0.4)
    light *= 1 - 0.5 * dirt
    faded = blend((0, 0, 0), (206, 200, 196), np.float32(1.0))
    pixels = pixels + (faded - pixels) * (max(0.0, rng.normal(0.02, 0.1)))
    pixels = pixels * (rng.uniform(0.72, 1.05) * light)[..., None]
    gloss = np.exp(-(((slope - rng.uniform(-0.8, 0.8)) / rng.uniform(0.15, 0.4)) ** 2))
    return pixels + (255 - pixels) * (gloss * rng.uniform(0, 0.25))[..., None]


def _sticker(rng: np.random.Generator, side: int, shape: Image.Image) -> Image.Image:
    """A mask (L, side px) of a small round or square sticker near the border of the sign."""
    big = Image.new("L", (2 * side, 2 * side), 0)
    radius = rng.uniform(0.105, 0.14)
    turn, inside = rng.uniform(0, 2 * pi), np.asarray(shape) > 128
    reach = np.arange(0.0, 0.7, 0.02)
    steps = [(0.5 + r * cos(turn), 0.5 + r * sin(turn)) for r in reach]
    hit = [
        r
        for r, (x, y) in zip(reach, steps, strict=True)
        if 0 <= x < 1 and 0 <= y < 1 and inside[int(y * side), int(x * side)]
    ]
    far = max(hit) - radius * rng.uniform(0.9, 1.4)
    corners, tilt = (4 if rng.random() < 0.4 else 40), rng.uniform(0, 2 * pi)
    points = [
        (
            2 * side * (0.5 + far * cos(turn) + radius * cos(tilt + 2 * pi * k / corners)),
            2 * side * (0.5 + far * sin(turn) + radius * sin(tilt + 2 * pi * k / corners)),
        )
        for k in range(corners)
    ]
    ImageDraw.Draw(big).polygon(points, fill=255)
    return big.resize((side, side), Image.Resampling.BOX)


def _pole(rng: np.random.Generator, canvas: Image.Image, corners: np.ndarray, plate: bool) -> None:
    """The post behind the sign, and sometimes a small white plate under it."""
    width, draw = canvas.width, ImageDraw.Draw(canvas)
    (x, y), lean = corners.mean(0), rng.normal(0, 0.015) * width
    thick = np.ptp(corners[:, 0]) * rng.uniform(0.035, 0.06)
    grey = rng.uniform(90, 170)
    for share in np.linspace(-1, 1, 9):
        shade = rgb(np.full(3, grey * (1.05 - 0.45 * abs(share - 0.25))))
        a, b = x + share * thick, x + share * thick + thick * 0.3
        draw.polygon([(a, y), (b, y), (b + lean, width), (a + lean, width)], fill=shade)
    if plate:
        half, low = np.ptp(corners[:, 0]) * 0.4, corners[:, 1].max() + 0.02 * width
        tall = half * rng.uniform(0.5, 0.8)
        draw.rounded_rectangle(
            (x - half, low, x + half, low + tall),
            half * 0.08,
            fill=(226, 226, 222),
            outline=(40, 40, 40),
            width=max(1, width // 200),
        )
        for line in range(int(rng.integers(1, 3))):
            level = low + tall * (0.36 + 0.3 * line)
            reach = half * rng.uniform(0.3, 0.75)
            draw.line((x - reach, level, x + reach, level), fill=(50, 50, 54), width=width // 80)


def _leaves(rng: np.random.Generator, width: int, corners: np.ndarray) -> Image.Image:
    """A twig with leaves (RGBA) reaching over an edge of the sign."""
    layer = Image.new("RGBA", (width, width), (60, 80, 40, 0))
    draw = ImageDraw.Draw(layer)
    side = np.ptp(corners, axis=0).mean()
    turn = rng.uniform(0, 2 * pi)
    way = np.array([cos(turn), sin(turn)])
    edge = corners.mean(0) + way * side * rng.uniform(0.3, 0.42)
    start = edge + way * side * 1.2 + rng.normal(0, 0.2, 2) * side
    bend = rng.normal(0, 0.15, 2) * side
    green = blend((70, 104, 40), (120, 140, 60), rng.random()) * rng.uniform(0.55, 1.1)
    along = np.linspace(0, 1, 26)
    stem = [tuple(start + (edge - start) * t + bend * sin(pi * t)) for t in along]
    draw.line(stem, fill=(74, 58, 44, 255), width=max(1, width // 160))
    for px, py in stem:
        for _ in range(2):
            a, size = rng.uniform(0, 2 * pi), side * rng.uniform(0.06, 0.13)
            tip = np.array([cos(a), sin(a)]) * size
            wide = np.array([-sin(a), cos(a)]) * size * 0.26
            base = np.array([px, py])
            leaf = [
                base,
                base + tip * 0.35 + wide,
                base + tip * 0.7 + wide * 0.75,
                base + tip,
                base + tip * 0.7 - wide * 0.75,
                base + tip * 0.35 - wide,
            ]
            shade = (*rgb(green * rng.uniform(0.65, 1.3)), 255)
            draw.polygon([tuple(p) for p in leaf], fill=shade)
    return layer.filter(ImageFilter.GaussianBlur(width * rng.uniform(0.0005, 0.004)))


def _photo(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """What the light and the camera do to the whole picture (width, width, 3)."""
    width = len(pixels)
    if rng.random() < 0.3:
        shadow = np.clip(1.6 * (fractal(rng, width, 0.5, 4) - rng.uniform(-0.3, 0.8)), 0, 1)
        shadow *= np.clip(np.linspace(-0.6, 2.4, width, dtype=np.float32), 0, 1)[:, None]
        pixels = pixels * (1 - rng.uniform(0.2, 0.5) * shadow)[..., None]
    warm = rng.normal(0, 0.05)
    cast = 1 + np.array([warm, 0, -warm]) + rng.normal(0, 0.015, 3)
    gain = np.exp(rng.normal(-0.03, 0.17))
    lit = np.clip(pixels * (cast * gain / 255).astype(np.float32), 0, 1)
    pixels = 255 * lit ** rng.uniform(0.8, 1.2)
    contrast = rng.uniform(0.7, 1.12)
    pixels = (pixels - 118) * contrast + 118 + rng.normal(0, 6)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    corner = across[None] ** 2 + across[:, None] ** 2
    return pixels * (1 - rng.uniform(0, 0.14) * corner)[..., None]


def _camera(rng: np.random.Generator, canvas: Image.Image, size: int) -> Image.Image:
    """Scale to `size` px, blur, and add the sensor's noise."""
    blur = min(abs(rng.normal(0, 0.0035)), 0.008) * size
    shot = canvas.resize((size, size), Image.Resampling.BOX)
    small = np.asarray(shot.filter(ImageFilter.GaussianBlur(blur)), np.float32)
    grain = rng.uniform(0.5, 3)
    return picture(
        small
        + grain * rng.standard_normal((size, size, 1), np.float32)
        + 0.4 * grain * rng.standard_normal(small.shape, np.float32)
    )


def draw(
    label: str,
    seed: int | np.random.Generator,
    size: int = 384,
    sticker: bool = False,
    sign: bool = True,
) -> Drawing:
    """Draw one picture of `size` × `size` px with the sign `label`, one of LABELS.

    The same seed gives the same picture. `sticker` adds a small yellow sticker near the border of
    the sign; `sign=False` leaves out the sign (its post, plate and twigs stay, its mask is empty).
    Everything else in the scene stays as it is, so two drawings of a seed differ only in that.
    Raises KeyError for an unknown label.
    """
    streams = np.random.default_rng(seed).spawn(8)
    behind, pose, skin, patch, post, twigs, light, sensor = streams
    width = 2 * size
    side = width * 3 // 4
    flat = face(label, side)
    shape = flat.getchannel("A")
    canvas = scenery(behind, width)
    corners = _pose(pose, width, float(np.asarray(shape).mean() / 255))
    _pole(post, canvas, corners, plate=post.random() < 0.15)

    spot = _sticker(patch, side, shape) if sticker else Image.new("L", (side, side), 0)
    flat = Image.composite(Image.new("RGBA", flat.size, (*STICKER, 255)), flat, spot)
    worn = picture(_weather(skin, np.asarray(flat.convert("RGB"), np.float32)))
    warp = (
        canvas.size,
        Image.Transform.PERSPECTIVE,
        _coefficients(corners, side),
        Image.Resampling.BICUBIC,
    )
    outline = ImageChops.lighter(shape, spot)
    seen = outline.transform(*warp)
    glued = spot.transform(*warp)
    if sign:
        canvas.paste(worn.transform(*warp), (0, 0), seen)
    if twigs.random() < 0.22:
        cover = _leaves(twigs, width, corners)
        canvas.paste(cover, (0, 0), cover)
        bare = ImageChops.invert(cover.getchannel("A"))
        seen, glued = ImageChops.multiply(seen, bare), ImageChops.multiply(glued, bare)

    shot = _camera(sensor, picture(_photo(light, np.asarray(canvas, np.float32))), size)
    seen = ImageChops.subtract(seen, glued) if sign else Image.new("L", canvas.size, 0)
    shrink = ((size, size), Image.Resampling.BOX)
    mark = glued.resize(*shrink) if sign and sticker else None
    return Drawing(shot, seen.resize(*shrink), mark, label)
