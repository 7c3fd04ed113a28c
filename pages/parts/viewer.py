"""The heatmap viewer: a picture with its attribution map, explored in the browser alone.

Opacity, mode, hover and zoom send nothing to the server. Picture, map and colours travel as one
parcel of bytes, so that the browser can never draw the map of one call over the picture of another.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import streamlit as st

from explainers.figures import colours

_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "viewer"

_MARKUP = """
<div class="viewer" data-testid="viewer" data-ready="false">
  <div class="bar" role="group" aria-label="How the map is shown">
    <fieldset class="switch">
      <legend class="unseen">Show</legend>
      <label data-testid="viewer-mode-picture"
        ><input type="radio" name="mode" value="picture"><span>Picture</span></label>
      <label data-testid="viewer-mode-overlay"
        ><input type="radio" name="mode" value="overlay"><span>Overlay</span></label>
      <label data-testid="viewer-mode-heat"
        ><input type="radio" name="mode" value="heat"><span>Heat</span></label>
    </fieldset>
    <label class="field">Opacity
      <input type="range" name="opacity" min="0" max="100" step="1" data-testid="viewer-opacity">
    </label>
    <select name="range" aria-label="Which scores" data-testid="viewer-range">
      <option value="all">all scores</option>
      <option value="supports">supports only</option>
      <option value="opposes">opposes only</option>
      <option value="top">top k %</option>
    </select>
    <label class="field" data-part="top"><span class="unseen">Percent of the scores</span>
      <input type="range" name="top" min="1" max="50" step="1" data-testid="viewer-top">
      <output data-part="share"></output>
    </label>
    <div class="more">
      <label class="field"><input type="checkbox" name="smooth" data-testid="viewer-smooth">
        Smooth</label>
      <label class="field" title="Shows the picture without its own colours"
        ><input type="checkbox" name="grey" data-testid="viewer-grey"> Grey photo</label>
      <div class="zoom" role="group" aria-label="Zoom">
        <button type="button" name="out" aria-label="Zoom out" data-testid="viewer-zoom-out"
          >&minus;</button>
        <button type="button" name="reset" title="Reset zoom" data-testid="viewer-zoom-reset"
          >100&nbsp;%</button>
        <button type="button" name="in" aria-label="Zoom in" data-testid="viewer-zoom-in"
          >+</button>
      </div>
    </div>
  </div>
  <div class="stage">
    <canvas role="img" tabindex="0" aria-describedby="keys" data-testid="viewer-canvas"></canvas>
    <p class="message" role="status" data-testid="viewer-message" hidden></p>
  </div>
  <p id="keys" class="unseen">Arrow keys move from score to score, with Shift in larger steps. Home
    goes to the strongest score. Plus, minus and zero change the zoom. Escape leaves.</p>
  <div class="foot">
    <figure class="legend" data-testid="viewer-legend">
      <div class="ramp"></div>
      <div class="ticks" data-part="ticks"><span></span><span></span><span></span></div>
      <figcaption class="ticks" data-part="words"><span></span><span></span><span></span>
      </figcaption>
    </figure>
    <p class="readout" data-testid="viewer-readout"><strong data-part="value"></strong>
      <span data-part="place"></span></p>
  </div>
  <p class="unseen" aria-live="polite" data-testid="viewer-live"></p>
</div>
"""

_mount = st.components.v2.component(
    "evident_viewer",
    html=_MARKUP,
    css=(_ASSETS / "viewer.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "viewer.js").read_text(encoding="utf-8"),
)


def viewer(
    picture: bytes,
    heat: np.ndarray,
    *,
    signed: bool,
    alt: str,
    key: str,
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    mime: str = "image/png",
    limit: float | None = None,
    method: str = "",
    max_height: int = 560,
    group: str | None = None,
) -> None:
    """Show `heat` (H, W) over `picture` (PNG, JPEG or WebP bytes), with controls and a legend.

    `region` is what the network saw of the picture: left, top, width, height as fractions.
    `limit` is the score of the strongest colour (default: `colour_limit`); pass the same one to
    panels that share a scale. Viewers of one `group` share their zoom and the score pointed at.
    The same `key` with new data redraws and keeps the visitor's settings.
    ValueError names a map, region or limit that cannot be drawn.
    """
    name = digest(picture, heat)
    heat = _drawable(heat, signed)
    if not alt.strip():
        raise ValueError("A map needs an alternative text: say in `alt` what it shows.")
    limit = colours.checked_limit(colours.colour_limit(heat) if limit is None else limit)
    header = {
        "alt": alt,
        "digest": name,
        "group": group,
        "limit": limit,
        "maxHeight": int(max_height),
        "method": method,
        "mime": mime,
        "region": _inside(region),
        "signed": bool(signed),
    }
    _mount(key=key, data=_parcel(header, picture, heat))


def digest(picture: bytes, heat: np.ndarray) -> str:
    """What the page's `data-digest` says once this picture and this map are on the screen."""
    heat = np.ascontiguousarray(heat, dtype="<f8")
    return hashlib.sha256(bytes(picture) + heat.tobytes()).hexdigest()[:16]


def _parcel(header: dict, picture: bytes, heat: np.ndarray) -> bytes:
    """Header length, header, colours, map, picture: the order in which the script unpacks.

    The map travels as float32 shares of its largest score: hover is then exact, and one extreme
    score cannot swallow the colours of the others, as it would in whole-number steps.
    """
    peak = float(np.abs(heat).max())
    table = colours.table(header["signed"])
    header |= {"shape": heat.shape, "peak": peak, "colours": table.size, "steps": colours.STEPS}
    text = json.dumps(header).encode()
    shares = (heat / (peak or 1.0)).astype("<f4")
    return b"".join(
        [len(text).to_bytes(4, "little"), text, table.tobytes(), shares.tobytes(), bytes(picture)]
    )


def _drawable(heat: np.ndarray, signed: bool) -> np.ndarray:
    heat = colours.checked(heat)
    if signed:
        return heat
    if heat.min() < -1e-6 * np.abs(heat).max():
        raise ValueError("A map without a sign cannot hold scores below 0; pass signed=True.")
    return np.maximum(heat, 0.0)


def _inside(region: tuple[float, float, float, float]) -> list[float]:
    left, top, width, height = (float(side) for side in region)
    across = -1e-6 <= left < left + width <= 1 + 1e-6
    down = -1e-6 <= top < top + height <= 1 + 1e-6
    if not (across and down):
        raise ValueError(
            "A region is (left, top, width, height) in fractions of the picture, inside it;"
            f" got {tuple(region)}."
        )
    return [left, top, width, height]
