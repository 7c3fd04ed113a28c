"""The proof: hide the hottest part of a picture with a slider, and read what the network says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import streamlit as st

from pages.viewers import assets

_read = partial(assets.text, assets.FOLDER / "proof")

_MARKUP = """
<div class="proof" data-testid="proof" data-ready="false">
  <div class="control">
    <div class="head">
      <label for="share">Hide the hottest</label><strong aria-hidden="true"></strong>
      <button type="button" data-testid="proof-play"><i></i><span>Play</span></button></div>
    <input id="share" type="range" min="0" step="1" data-testid="proof-slider">
    <div class="ticks" data-part="ticks" aria-hidden="true"></div></div>
  <p class="sentence" data-part="sentence" data-testid="proof-sentence"></p>
  <p class="unseen" aria-live="polite" data-part="live"></p>
  <div class="figures" data-part="figures"></div>
  <template><figure data-testid="proof-figure"><figcaption data-text></figcaption>
    <div class="stage"><canvas role="img" data-testid="proof-canvas"></canvas>
      <p hidden>This picture could not be read. Use a PNG, JPEG or WebP file.</p></div>
    <div class="track"
      ><i class="band"></i><i class="bar"></i><i class="mean"></i><i class="mark"></i></div>
    <p class="numbers"><span data-text></span> → <strong data-text></strong></p>
    <p class="note" data-text></p></figure></template>
  <ul class="legend" data-testid="proof-legend">
    <li><span class="track"><i class="bar"></i></span><span data-part="bar"></span></li>
    <li><span class="track"><i class="mark"></i></span>with nothing hidden</li>
    <li><span class="track"><i class="band"></i><i class="mean"></i></span>
      <span data-part="band"></span></li></ul>
</div>
"""

_mount = st.components.v2.component(
    "evident_proof",
    html=_MARKUP,
    css=_read("../base.css", "proof.css"),
    js=_read("proof.js"),
)


@dataclass(frozen=True, eq=False)
class Hidden:
    """One way of hiding a picture, hottest cells first, and what the network answers meanwhile.

    Attributes
    ----------
    name : str
        Of the method, such as "Integrated Gradients".
    picture : bytes
        A JPEG, PNG or WebP file, of any shape.
    baseline : ndarray, uint8, shape (H, W, 3)
        What hidden cells show.
    order : ndarray, shape (H, W)
        Each cell's place in the queue; 0 is hidden first.
    answers : sequence of float, length K
        The explained class's share, the hottest cells hidden.
    says : sequence of str, length K
        What the network says to the picture then.
    chance : ndarray, shape (draws, K)
        The same class's share, random cells hidden.
    region : tuple of float
        What the network sees of the picture: left, top, width, height as fractions.
    mime : str
        Of the picture.
    """

    name: str
    picture: bytes
    baseline: np.ndarray
    order: np.ndarray
    answers: Sequence[float]
    says: Sequence[str]
    chance: np.ndarray
    region: tuple[float, float, float, float] = (0, 0, 1, 1)
    mime: str = "image/jpeg"


def prove(
    cases: Sequence[Hidden],
    shares: Sequence[float],
    about: str,
    *,
    key: str,
    start: float = 0.1,
    max_height: int = 260,
) -> None:
    """Draw a slider that hides a picture, hottest cells first, and what that does to the answer.

    Moving it sends nothing to the server.

    Parameters
    ----------
    cases : sequence of Hidden
        One figure each.
    shares : sequence of float, length K
        How much is hidden, from 0 to 1: at shares[k] the round(shares[k] · H · W) first cells of
        `order`.
    about : str
        The answer that is explained.
    key : str
        With the same one, new data keep the slider in its place.
    start : float
        The slider begins at the nearest of `shares`.
    max_height : int
        Of a figure, in px.

    Raises
    ------
    ValueError
        Names what does not fit.
    """
    _mount(key=key, data=_parcel(cases, shares, about, start, max_height))


def digest(cases: Sequence[Hidden], shares: Sequence[float], about: str) -> str:
    """What the page's `data-digest` says once these cases are on the screen."""
    digest: str = _packed(cases, shares, about)[0]["digest"]
    return digest


def _parcel(
    cases: Sequence[Hidden], shares: Sequence[float], about: str, start: float, max_height: int
) -> bytes:
    """Header length, header, blocks: the order in which the script unpacks."""
    header, blocks = _packed(cases, shares, about)
    if not 0 <= start <= 1:
        raise ValueError(f"The slider starts at a share from 0 to 1, not at {start}.")
    text = json.dumps(header | {"start": float(start), "maxHeight": int(max_height)}).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *blocks])


def _packed(
    cases: Sequence[Hidden], shares: Sequence[float], about: str
) -> tuple[dict[str, Any], list[bytes]]:
    """The header, and the blocks of bytes that its figures point at, each sent once."""
    grid = [float(share) for share in shares]
    if grid[:1] + grid[-1:] != [0, 1] or not all(low < high for low, high in pairwise(grid)):
        raise ValueError("The shares to hide are a list that ascends from 0 to 1, both included.")
    if not cases or not about.strip():
        raise ValueError("A proof needs at least one case, and the name of what is explained.")
    blocks: dict[bytes, int] = {}
    hottest: list[dict[str, Any]] = []
    random: dict[str, dict[str, Any]] = {}

    def block(content: bytes | np.ndarray) -> int:
        return blocks.setdefault(bytes(content), len(blocks))

    for case in cases:
        draws, cells = _checked(case, len(grid)), case.order.size
        scene = {
            "picture": block(case.picture),
            "mime": case.mime,
            "baseline": block(case.baseline),
            "shape": case.order.shape,
            "hidden": [round(share * cells) for share in grid],
            "region": [float(side) for side in case.region],
            "draws": len(draws),
            "low": draws.min(0).tolist(),
            "mean": draws.mean(0).tolist(),
            "high": draws.max(0).tolist(),
        }
        own = {"hot": True, "name": case.name, "order": block(case.order.astype("<u4"))}
        own |= {"answers": [float(share) for share in case.answers], "says": list(case.says)}
        hottest.append(scene | own)
        one_way = np.random.default_rng(0).permutation(cells).astype("<u4")
        other = {"hot": False, "order": block(one_way), "answers": scene["mean"], "beside": []}
        same = json.dumps(scene) + hashlib.sha256(draws.tobytes()).hexdigest()
        random.setdefault(same, scene | other)["beside"].append(case.name)
    header = {"about": about, "shares": grid, "figures": [*hottest, *random.values()]}
    header["blocks"] = [len(block) for block in blocks]
    content = b"".join([json.dumps(header).encode(), *blocks])
    return header | {"digest": hashlib.sha256(content).hexdigest()[:16]}, [*blocks]


def _checked(case: Hidden, count: int) -> np.ndarray:
    """The random draws (draws, K) of a case whose parts fit together."""
    order, answers, draws = case.order, np.asarray(case.answers), np.asarray(case.chance, float)
    numbers = np.concatenate([answers.ravel(), draws.ravel()])
    left, top, width, height = case.region
    ranks = order.size and np.array_equal(np.sort(order, axis=None), np.arange(order.size))
    fits = {
        "`order` is (H, W) and holds each rank from 0 to H · W − 1 once": order.ndim == 2 and ranks,
        "`baseline` is uint8 and of `order`'s shape, in 3 colours": case.baseline.dtype == np.uint8
        and case.baseline.shape == (*order.shape, 3),
        "`answers` and `says` have one entry a share to hide": answers.shape == (count,)
        and len(case.says) == count,
        "`chance` has one row a draw": draws.ndim == 2 and draws.shape[1] == count and len(draws),
        "`answers` and `chance` are from 0 to 1": ((numbers >= 0) & (numbers <= 1)).all(),
        "`region` lies inside the picture": min(left, top) >= 0 < min(width, height)
        and max(left + width, top + height) <= 1 + 1e-6,
    }
    if broken := [rule for rule, kept in fits.items() if not kept]:
        raise ValueError(f"The case {case.name!r} cannot be shown unless {broken[0]}.")
    return draws
