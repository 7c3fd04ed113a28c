"""Backgrounds for the traffic signs: sky, hills, trees, streets and walls, painted in layers."""

from math import pi

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SKIES = (  # colour at the top, colour at the horizon
    ((58, 118, 196), (188, 214, 236)),
    ((104, 158, 214), (222, 232, 238)),
    ((148, 158, 168), (212, 216, 218)),
    ((186, 192, 196), (226, 226, 222)),
    ((76, 92, 148), (246, 190, 136)),
    ((52, 62, 104), (176, 150, 150)),
)
Light = tuple[float, float, float]


def fractal(
    rng: np.random.Generator, width: int, grain: float = 0.5, octaves: int = 5, stretch: float = 1.0
) -> np.ndarray:
    """Smooth noise (width, width), mean about 0 and deviation about 1.

    `grain` is how much fine detail remains (0 to 1), `stretch` > 1 makes it longer sideways.
    """
    total = np.zeros((width, width), np.float32)
    for octave in range(octaves):
        cells = 3 * 2**octave
        wide = max(2, round(cells / stretch))
        small = Image.fromarray(rng.standard_normal((cells, wide), np.float32))
        total += grain**octave * np.asarray(small.resize((width, width), Image.Resampling.BICUBIC))
    return total * (1.6 * (1 - grain**2) ** 0.5)


def blend(low: tuple, high: tuple, share: float | np.ndarray) -> np.ndarray:
    """Colour between two; `share` may be an array, which gets a last axis of 3."""
    share = np.asarray(share, np.float32)[..., None]
    return np.asarray(low, np.float32) * (1 - share) + np.asarray(high, np.float32) * share


def rgb(colour: np.ndarray) -> tuple[int, int, int]:
    """A colour as whole numbers that Pillow accepts."""
    red, green, blue = (int(min(255, max(0, c))) for c in colour)
    return red, green, blue


def picture(pixels: np.ndarray) -> Image.Image:
    """Pixels (height, width, 3) on the scale 0 to 255 as an RGB picture, clipped."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _sky(rng: np.random.Generator, width: int, horizon: float, sky: tuple) -> Image.Image:
    down = np.clip(np.linspace(0, 1 / horizon, width, dtype=np.float32), 0, 1) ** 1.3
    pixels = np.repeat(blend(*sky, down)[:, None], width, axis=1)
    clouds = fractal(rng, width, 0.55, stretch=2.0) - rng.uniform(-0.6, 1.8)
    cover = np.clip(clouds, 0, 1) * rng.uniform(0.3, 0.85)
    white = blend(sky[1], (255, 255, 255), rng.uniform(0.4, 0.9))
    return picture(pixels + (white - pixels) * cover[..., None])


def _ridge(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    width: int,
    level: float,
    height: float,
    colour: tuple,
) -> None:
    x = np.linspace(0, 1, 60)
    y = sum(
        rng.uniform(0.3, 1) / k * np.sin(2 * pi * (k * x * rng.uniform(0.6, 1.1) + rng.random()))
        for k in (1, 2, 3, 5, 9)
    )
    top = level - height * (0.6 + 0.4 * y)
    points = [(a * width, b * width) for a, b in zip(x, top, strict=True)]
    draw.polygon([*points, (width, width), (0, width)], fill=colour)


def _tree(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    x: float,
    foot: float,
    tall: float,
    colour: np.ndarray,
) -> None:
    if rng.random() < 0.35:
        for step in range(5):
            half, low = tall * (0.27 - 0.045 * step), foot - tall * (0.08 + 0.17 * step)
            shade = rgb(colour * rng.uniform(0.6, 0.9))
            draw.polygon([(x - half, low), (x + half, low), (x, low - tall * 0.3)], fill=shade)
        return
    trunk = tall * 0.04
    draw.rectangle((x - trunk, foot - 0.5 * tall, x + trunk, foot), fill=(66, 52, 42))
    for k in range(26):
        light = 0.55 + 0.03 * k * rng.uniform(0.7, 1.1)
        r = tall * rng.uniform(0.07, 0.17) * (1 - 0.012 * k)
        a, d = rng.uniform(0, 2 * pi), rng.random() ** 0.5
        cx = x + tall * (0.27 * d * np.cos(a) - 0.003 * k)
        cy = foot - tall * (0.63 + 0.25 * d * np.sin(a) + 0.003 * k)
        draw.ellipse((cx - r, cy - r * 0.85, cx + r, cy + r * 0.85), fill=rgb(colour * light))


def _trees(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    width: int,
    horizon: float,
    haze: np.ndarray,
    count: int,
) -> None:
    autumn = rng.random() < 0.2
    for depth in np.sort(rng.uniform(0, 1, count)):
        green = (
            (rng.uniform(96, 190), rng.uniform(80, 120), 36)
            if autumn
            else (rng.uniform(50, 100), rng.uniform(88, 142), rng.uniform(34, 70))
        )
        colour = blend(tuple(haze), green, 0.4 + 0.6 * depth)
        tall = width * rng.uniform(0.12, 0.2) * (1 + 2.2 * depth)
        foot = width * (horizon + 0.01 + 0.1 * depth)
        _tree(rng, draw, rng.uniform(-0.05, 1.05) * width, foot, tall, colour)


def _house(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    width: int,
    left: float,
    wide: float,
    top: float,
    foot: float,
    haze: np.ndarray,
) -> None:
    walls = (
        (196, 182, 160),
        (172, 108, 86),
        (214, 208, 196),
        (150, 152, 156),
        (206, 170, 120),
        (122, 96, 84),
        (160, 172, 182),
    )
    wall = blend(tuple(haze), walls[rng.integers(len(walls))], rng.uniform(0.6, 1))
    draw.rectangle((left, top, left + wide, foot), fill=rgb(wall))
    draw.rectangle((left + wide * 0.86, top, left + wide, foot), fill=rgb(wall * 0.86))
    if rng.random() < 0.6:
        peak = top - wide * rng.uniform(0.2, 0.45)
        roof = rgb(blend((120, 62, 48), (84, 86, 92), rng.random()))
        draw.polygon(
            [(left - 0.04 * wide, top), (left + wide / 2, peak), (left + wide * 1.04, top)],
            fill=roof,
        )
    columns, step = int(rng.integers(2, 6)), width * rng.uniform(0.06, 0.1)
    glass = blend((52, 62, 76), (240, 214, 150), float(rng.random() < 0.25) * 0.7)
    y = top + 0.35 * step
    while y + 0.6 * step < foot:
        for column in range(columns):
            x = left + wide * (column + 0.28) / columns
            pane = (x, y, x + 0.44 * wide / columns, y + 0.58 * step)
            draw.rectangle(pane, fill=rgb(glass * rng.uniform(0.7, 1.25)))
        y += step
    if rng.random() < 0.35:
        sign = rgb(rng.uniform(30, 230, 3))
        draw.rectangle(
            (left + 0.1 * wide, foot - 0.9 * step, left + 0.8 * wide, foot - 0.55 * step), fill=sign
        )


def _street(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    width: int,
    horizon: float,
    haze: np.ndarray,
) -> None:
    x = -0.1 * width
    while x < 1.1 * width:
        wide = width * rng.uniform(0.14, 0.36)
        top = width * (horizon - rng.uniform(0.18, 0.62))
        _house(rng, draw, width, x, wide, top, width * (horizon + 0.03), haze)
        x += wide * rng.uniform(0.98, 1.2)


def _car(rng: np.random.Generator, draw: ImageDraw.ImageDraw, x: float, y: float, w: float) -> None:
    paint = rgb(blend((200, 200, 204), rng.uniform(10, 220, 3), rng.uniform(0.2, 1)))
    draw.rounded_rectangle((x, y - 0.34 * w, x + w, y - 0.08 * w), 0.07 * w, fill=paint)
    roof = ((0.16, 0.33), (0.3, 0.52), (0.7, 0.52), (0.86, 0.33))
    glass = ((0.22, 0.34), (0.33, 0.48), (0.67, 0.48), (0.8, 0.34))
    for shape, colour in ((roof, paint), (glass, (70, 84, 98))):
        draw.polygon([(x + a * w, y - b * w) for a, b in shape], fill=colour)
    for side in (0.22, 0.78):
        cx, r = x + side * w, 0.1 * w
        draw.ellipse((cx - r, y - 1.8 * r, cx + r, y + 0.2 * r), fill=(28, 28, 30))


def _ground(
    rng: np.random.Generator, canvas: Image.Image, horizon: float, road: bool
) -> Image.Image:
    width = canvas.width
    grass = blend((116, 142, 66), (150, 138, 92), rng.random() ** 2) * rng.uniform(0.6, 1.05)
    asphalt = np.full(3, rng.uniform(78, 128)) + rng.uniform(-5, 5, 3)
    flat = Image.new("RGB", (width, width), rgb(grass))
    draw = ImageDraw.Draw(flat)
    top = horizon * width
    if road:
        vanish, left = rng.uniform(0.25, 0.75), rng.uniform(-0.7, 0.35)
        right = rng.uniform(0.75, 1.8)

        def strip(a: float, b: float, near: float, far: float, colour: tuple) -> None:
            """A strip of the road from a to b (0 left edge, 1 right edge), far to near."""

            def spot(t: float, z: float) -> tuple[float, float]:
                x = vanish + (left + t * (right - left) - vanish) * z
                return x * width, top + (width - top) * z

            draw.polygon([spot(a, far), spot(b, far), spot(b, near), spot(a, near)], fill=colour)

        if rng.random() < 0.6:
            strip(-0.25, 1.25, 1.2, 0.0, rgb(blend((168, 164, 158), tuple(grass), rng.random())))
        strip(0, 1, 1.2, 0.0, rgb(asphalt))
        paint = rgb(asphalt + (255 - asphalt) * 0.7)
        strip(0.03, 0.05, 1.2, 0.0, paint)
        strip(0.95, 0.97, 1.2, 0.0, paint)
        for z in np.geomspace(0.06, 1.1, 8):
            strip(0.485, 0.515, z * 1.2, z, paint)
    noise = fractal(rng, width, 0.75, 6, stretch=0.4)
    fade = np.linspace(0, 1, width, dtype=np.float32)[:, None]
    pixels = np.asarray(flat, np.float32) * (1 + 0.08 * noise * fade)[..., None]
    cut = Image.new("L", (width, width), 0)
    ImageDraw.Draw(cut).rectangle((0, int(top), width, width), fill=255)
    canvas.paste(picture(pixels), (0, 0), cut)
    if road and rng.random() < 0.45:
        size = width * rng.uniform(0.1, 0.24)
        spot = (rng.uniform(-0.05, 0.9) * width, top + width * rng.uniform(0.03, 0.1))
        _car(rng, ImageDraw.Draw(canvas), *spot, size)
    return canvas


def _wall(rng: np.random.Generator, width: int) -> Image.Image:
    kinds = ((158, 88, 68), (186, 178, 164), (140, 140, 142), (78, 104, 54), (200, 186, 150))
    kind = int(rng.integers(len(kinds)))
    colour = np.asarray(kinds[kind], np.float32) * rng.uniform(0.7, 1.1)
    wall = Image.new("RGB", (width, width), rgb(colour))
    draw = ImageDraw.Draw(wall)
    if kind == 3:
        for _ in range(900):
            x, y = rng.uniform(0, width, 2)
            a, b = rng.uniform(0.008, 0.028, 2) * width
            shade = rgb(colour * rng.uniform(0.45, 1.35))
            draw.ellipse((x - a, y - b, x + a, y + b), fill=shade)
    elif kind in (0, 1):
        tall, lift = width * rng.uniform(0.035, 0.07), rng.random()
        for row in range(int(width / tall) + 2):
            for column in range(int(width / tall / 2.4) + 3):
                x = (column - 1 + 0.5 * (row % 2)) * 2.4 * tall
                y = (row - lift) * tall
                shade = rgb(colour * rng.uniform(0.82, 1.14))
                box = (x, y, x + 2.25 * tall, y + 0.88 * tall)
                draw.rectangle(box, fill=shade)
    rough = fractal(rng, width, 0.8, 7)
    return picture(np.asarray(wall, np.float32) * (1 + 0.07 * rough)[..., None])


def scenery(rng: np.random.Generator, width: int) -> Image.Image:
    """A background of `width` px: a country road, a wood, a street, or a wall, without any sign."""
    if rng.random() < 0.16:
        return _wall(rng, width).filter(ImageFilter.GaussianBlur(width * rng.uniform(0, 0.01)))
    horizon = rng.uniform(0.45, 0.72)
    sky = SKIES[rng.integers(len(SKIES))]
    haze = blend(*sky, 0.85)
    canvas = _sky(rng, width, horizon, sky)
    draw = ImageDraw.Draw(canvas)
    town, fog = rng.random() < 0.45, rng.random() < 0.15
    for layer in range(int(rng.integers(0, 4))):
        green = (92, 120, 82) if rng.random() < 0.7 else (110, 104, 108)
        tint = rgb(blend(tuple(haze), green, 0.3 + 0.2 * layer))
        _ridge(rng, draw, width, horizon, 0.2 - 0.05 * layer, tint)
    if town:
        _street(rng, draw, width, horizon, haze)
    canvas = _ground(rng, canvas, horizon, road=rng.random() < 0.8)
    trees = int(rng.integers(0, 6)) if town else int(rng.integers(4, 22))
    _trees(rng, ImageDraw.Draw(canvas), width, horizon, haze, trees)
    canvas = canvas.filter(ImageFilter.GaussianBlur(width * rng.uniform(0.001, 0.009)))
    if fog:
        near = np.linspace(0, 1, width, dtype=np.float32)
        thick = rng.uniform(0.45, 0.85) * (1 - 0.6 * np.clip((near - horizon) * 2, 0, 1))
        pixels = np.asarray(canvas, np.float32)
        canvas = picture(pixels + (haze - pixels) * thick[:, None, None])
    return canvas
