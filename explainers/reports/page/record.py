"""What a report holds for a machine: the question, digests and scores, sealed against changes."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

import numpy as np

from explainers.errors import Problem

VERSION = 1
MOST_CELLS = 300_000
ALLOWED = 1e-3
"""Difference from the strongest score, or of an answer, that other hardware may make."""

_MARK, _END = '<script type="application/json" id="evident-record">', "</script>"
PLACE = "<!-- record -->"
"""Where the record goes in a page."""


def pooled(heat: np.ndarray, factor: int) -> np.ndarray:
    """Sums of `factor` cells in a row along each axis, the last ones of fewer: float64.

    Examples
    --------
    >>> pooled(np.arange(5.0), 2).tolist()
    [1.0, 5.0, 4.0]
    """
    heat = np.asarray(heat, dtype=np.float64)
    for axis in range(heat.ndim):
        heat = np.add.reduceat(heat, np.arange(0, heat.shape[axis], factor), axis=axis)
    return heat


def kept_scores(heat: np.ndarray) -> dict[str, Any]:
    """A map (…) as plain data: float32, compressed; a very large one as sums of neighbours."""
    factor = 1
    while pooled(heat, factor).size > MOST_CELLS:
        factor += 1
    cells = pooled(heat, factor).astype("<f4")
    packed = base64.b64encode(zlib.compress(cells.tobytes(), 9)).decode()
    return {"shape": list(cells.shape), "factor": factor, "of": list(heat.shape), "data": packed}


def read_scores(kept: dict[str, Any]) -> np.ndarray:
    """The map, or sums of it, that `kept_scores` made plain data of: float64.

    Problem where it holds anything else.
    """
    try:
        shape = [int(side) for side in kept["shape"]]
        count = int(np.prod(shape))
        if not 0 < count <= MOST_CELLS or min(shape) < 1:
            raise ValueError("no such shape")
        data = zlib.decompressobj().decompress(base64.b64decode(kept["data"]), 4 * count)
        return np.frombuffer(data, "<f4").reshape(shape).astype(np.float64)
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise Problem(
            "The scores in this report cannot be read: they were changed, or the file is damaged. "
            "Ask whoever sent it for the file again."
        ) from error


def with_record(page: str, record: dict[str, Any]) -> str:
    """The page with its record, and in that the digests of both."""
    whole = record | {"evident": VERSION, "page": _digest(page)}
    whole["seal"] = _digest(_text(whole))
    # No text in it can end the script, or begin a comment.
    written = json.dumps(whole, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e")
    return page.replace(PLACE, f"{_MARK}{written}{_END}", 1)


def read_record(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """The record of a report, and a sentence for each part of the file that was changed.

    Raises
    ------
    Problem
        Where the file is cut short, or no report.

    Examples
    --------
    >>> page = with_record(f"<html>loud {PLACE}</html>", {"scores": {}})
    >>> read_record(page.encode())[1]
    []
    >>> read_record(page.replace("loud", "low").encode())[1][0][:33]
    'The page was changed after it was'
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    before, mark, rest = text.partition(_MARK)
    written, end, after = rest.partition(_END)
    if not (mark and end):
        raise Problem(
            "This file holds no whole record of a report: it is cut short, or no report of "
            "Evident. Ask whoever sent it for the whole file."
        )
    try:
        record = json.loads(written)
    except ValueError as error:
        raise Problem(
            "The record in this report cannot be read: the file is damaged. Ask whoever sent it "
            "for the file again."
        ) from error
    if not isinstance(record, dict) or record.get("evident") != VERSION:
        raise Problem(
            "This report was written by another version of Evident, whose record is not known "
            "here. Verify it with that version."
        )
    seal, changed = record.pop("seal", ""), []
    if seal != _digest(_text(record)):
        changed.append(
            "The record was changed after it was written: at least one of its numbers or words is "
            "another."
        )
    if record.get("page") != _digest(before + PLACE + after):
        changed.append(
            "The page was changed after it was written: at least one letter of what it shows is "
            "another, or its end is missing."
        )
    return record, changed


def differences(
    record: dict[str, Any], heat: np.ndarray, output: float, baseline_output: float | None
) -> tuple[float, list[str]]:
    """How far a new computation is from the record.

    Parameters
    ----------
    record : dict
        Of a report.
    heat : ndarray, shape (…)
        The map computed now.
    output, baseline_output : float
        The explained score now.

    Returns
    -------
    largest : float
        The largest difference of a score, as a share of the strongest.
    sentences : list of str
        What differs by more than rounding does.
    """
    kept = record["scores"]
    if list(heat.shape) != kept["of"]:
        return float("inf"), [f"The map has the shape {heat.shape}, in the report {kept['of']}."]
    before, now = read_scores(kept), pooled(heat, kept["factor"])
    strongest = float(np.abs(before).max()) or 1.0
    apart = np.abs(before - now)
    largest, said = float(apart.max()) / strongest, []
    if not largest <= ALLOWED:
        place = tuple(int(at) + 1 for at in np.unravel_index(apart.argmax(), apart.shape))
        said.append(
            f"Scores differ by up to {largest:.1e} of the strongest, most at {place}: "
            f"{before.flat[apart.argmax()]:.6g} in the report, {now.flat[apart.argmax()]:.6g} now."
        )
    for name, value in (("output", output), ("baseline_output", baseline_output)):
        told = record.get(name)
        if told is None or value is None:
            continue
        if not abs(told - value) <= ALLOWED * max(abs(told), abs(value), strongest):
            said.append(
                f"The explained score {'of the baseline ' if name != 'output' else ''}is "
                f"{value:.6g} now; the report says {told:.6g}."
            )
    return largest, said


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=True)
