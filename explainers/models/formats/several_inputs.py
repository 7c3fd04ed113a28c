"""Networks with several inputs: which one is explained, and at what the others are held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.file_card import Port

EXPLAIN, HOLD = "explain", "hold "
"""How answers to what is asked are named: EXPLAIN, and HOLD with the name of an input."""
MOST_NUMBERS = 50_000_000
_FLOATS = ("float32", "float64", "float16", "bfloat16")
_NUMBERS = (*_FLOATS, "int64", "int32", "int16", "int8", "uint8", "bool")
_STATES = ("state", "h", "c", "h0", "c0", "hn", "cn", "h_0", "c_0", "hidden", "cell", "mask")
_RATES = ("sr", "sample_rate", "sampling_rate", "samplerate")
USUAL_RATE = 16_000.0


@dataclass(frozen=True)
class Held:
    """One input that is held fixed.

    Parameters
    ----------
    name, dtype : str
    shape : tuple of int or None
        None: that of the explained input.
    value : float
        All its numbers.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    value: float

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        """Its numbers in that shape; bfloat16 as float32."""
        return np.full(shape, self.value, "float32" if self.dtype == "bfloat16" else self.dtype)


@dataclass(frozen=True)
class SeveralInputs:
    """What was decided about the inputs of a network.

    Parameters
    ----------
    ports : tuple of Port
        All inputs of the file.
    explained : Port
    held : tuple of Held
        The others.
    """

    ports: tuple[Port, ...]
    explained: Port
    held: tuple[Held, ...]

    @property
    def sentence(self) -> str:
        """What was decided, for people."""
        fixed = [f"“{one.name[:40]}”{_sides(one)} at {one.value:g}" for one in self.held[:8]]
        more = f" and {len(self.held) - 8} more" if len(self.held) > 8 else ""
        return (
            f"The network takes {len(self.ports)} inputs; only “{self.explained.name[:40]}” is "
            f"explained, with {', '.join(fixed)}{more} held fixed."
        )

    def to_facts(self) -> dict[str, Any]:
        """What is asked about the inputs, as plain data: the `sentence`, and the `questions`."""
        usual = decide(self.ports, {})
        values = {port.name: f"{_usual(port):g}" for port in self.ports}
        which = [port.name for port in self.ports if port.dtype in _FLOATS]
        questions = [_question(EXPLAIN, "Which input is explained?", which, usual.explained.name)]
        for held in self.held:
            words = f"At which number is “{held.name[:40]}” held?"
            known = [values[held.name], "0", "1"]
            questions.append(_question(HOLD + held.name, words, known, known[0], whole=True))
        title = "What its other inputs are"
        return {"title": title, "sentence": self.sentence, "questions": questions}


def _question(
    name: str, words: str, choices: list[str], default: str, whole: bool = False
) -> dict[str, Any]:
    """As those of a network that is rebuilt from its weights; `whole`: others can be typed."""
    choices = list(dict.fromkeys(choices))
    facts = {"name": name, "words": words, "choices": choices, "default": default}
    return facts | {"whole": whole, "several": 1}


def _sides(held: Held) -> str:
    if held.shape is None:
        return " (of its shape)"
    return f" ({' × '.join(map(str, held.shape))})" if math.prod(held.shape) > 1 else ""


def decide(ports: Sequence[Port], answers: Mapping[str, str]) -> SeveralInputs:
    """Which input is explained, and at what the others are held.

    Without an answer the first of floating type is explained that is no state and no mask by its
    name; states are held at 0, masks at 1, sampling rates at 16000, the others at 0. An input of
    the explained one's own sides has its shape always; of others free sides are 1.

    Parameters
    ----------
    ports : sequence of Port
        Two or more.
    answers : mapping
        By EXPLAIN the name of an input; by HOLD and a name a number.

    Raises
    ------
    Problem
        Where none can be explained, or one cannot be held.

    Examples
    --------
    >>> ports = [Port("x", "float32", (None, 512)), Port("sr", "int64", ())]
    >>> decide(ports, {"hold sr": "8000"}).sentence
    'The network takes 2 inputs; only “x” is explained, with “sr” at 8000 held fixed.'
    """
    names = ", ".join(f"{port.name[:40]} ({port.dtype})" for port in ports[:6])
    floats = [port for port in ports if port.dtype in _FLOATS]
    if not floats:
        raise Problem(
            f"The model takes {len(ports)} inputs{': ' + names if names else ''}, none of numbers "
            "with a fraction, which alone have slopes. Export the part behind the embedding, as a "
            "module whose forward(x) fills in the rest."
        )
    likely = [port for port in floats if not _is(port, _STATES) and port.shape != ()]
    wanted = answers.get(EXPLAIN, (likely or floats)[0].name)
    explained = next((port for port in floats if port.name == wanted), None)
    if explained is None:
        raise Problem(f"The model has no input {wanted[:40]!r} of numbers; it has {names}.")
    others = [port for port in ports if port is not explained]
    held = tuple(_held(port, explained, answers.get(HOLD + port.name)) for port in others)
    return SeveralInputs(tuple(ports), explained, held)


def _held(port: Port, explained: Port, answer: str | None) -> Held:
    called = f"The model's input {port.name[:40]!r}"
    if port.dtype not in _NUMBERS or port.shape is None:
        raise Problem(
            f"{called} is no tensor of numbers whose shape the file tells, so it cannot be held "
            "fixed. Export a module whose forward(x) fills it in."
        )
    try:
        value = _usual(port) if answer is None else float(answer)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (port.dtype not in _FLOATS and not value.is_integer()):
        raise Problem(f"{called} is held at a number, such as 0, not at {str(answer)[:40]!r}.")
    alike = port.dtype == explained.dtype and port.shape == explained.shape
    if alike and None in port.shape:
        return Held(port.name, port.dtype, None, value)
    shape = tuple(side or 1 for side in port.shape)
    if math.prod(shape) > MOST_NUMBERS:
        raise Problem(f"{called} has the shape {shape}, which is too large.")
    return Held(port.name, port.dtype, shape, value)


def _usual(port: Port) -> float:
    if "mask" in port.name.lower():
        return 1.0
    return USUAL_RATE if _is(port, _RATES) else 0.0


def _is(port: Port, words: tuple[str, ...]) -> bool:
    name = port.name.lower()
    return name in words or any(len(word) > 2 and word in name for word in words)
