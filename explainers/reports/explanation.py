"""One input's explanation as plain arrays with names: what every file is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem
from explainers.figures.text.labels import number, value_text
from explainers.kinds import KINDS
from explainers.kinds.alphabet import INVALID, codes_of_columns, text_of
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.reports.sentence import with_sentences

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.attribution import Attribution

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}


@dataclass(frozen=True)
class Feature:
    """One bar of a table's chart.

    Attributes
    ----------
    name, value : str
        As people read them.
    places : tuple of int
        The network's inputs that it stands for: more than one of a category that became several.
    """

    name: str
    value: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Explanation:
    """The attribution of one input, with all that is known of it.

    Attributes
    ----------
    kind : str
        A key of KINDS, or "" for other inputs.
    method : str
        A key of METHODS.
    scores : ndarray, float32, shape (…)
        Of the shape of one input.
    signed : bool
        Whether the sign of a score means anything.
    about : str
        What is explained, in words: a class, or a quantity.
    output, baseline_output, gap : float or None
        As of `Attribution`.
    title : str
        What people call the input.
    input, baseline : ndarray, shape (…), or None
        The baseline's is the mean of its references.
    names, steps : tuple of str
        Of channels, features or variables; and of the steps of a series.
    features : tuple of Feature
        Of a table: the bars that are drawn.
    parts : dict of ndarray, shape (…)
        What else the method tells: "positive", "negative", "spread", its extras.
    start : int
        So many letters of the sequence come before the first one.
    photo : ndarray, uint8, shape (H, W, 3), or None
        The picture as it is shown, and `region` what the network saw of it: left, top, width,
        height in fractions.
    answer, baseline_answer : str
        What the network says to input and baseline, in words.
    sentence, check : str
        Where the support lies, and what the scores add up to, in Markdown.
    settings : dict
        All that is needed to run it again; plain data.
    notes : tuple of str
    drawn : ndarray, shape (H, W), or None
        Of a picture: the map in the `view` that is shown, a key of `explainers.figures.views`.
    limit : float or None
        The score of the strongest colour, the longest bar or the highest letter, where several
        share one; by default its own.
    depth : int
        Of a volume: how many slices it has, channel by channel the first axis; else 0.
    """

    kind: str
    method: str
    scores: np.ndarray
    signed: bool
    about: str
    output: float
    baseline_output: float | None = None
    gap: float | None = None
    title: str = "input"
    input: np.ndarray | None = None
    baseline: np.ndarray | None = None
    names: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    features: tuple[Feature, ...] = ()
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)
    start: int = 0
    photo: np.ndarray | None = None
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    answer: str = ""
    baseline_answer: str = ""
    sentence: str = ""
    check: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    drawn: np.ndarray | None = None
    view: str = ""
    limit: float | None = None
    depth: int = 0

    @property
    def shown_heat(self) -> np.ndarray:
        """The map as it is drawn: in its view where that is another than cell by cell."""
        return self.heat if self.drawn is None else self.drawn

    @property
    def heat(self) -> np.ndarray:
        """The scores as they are drawn, one number a unit: float64."""
        scores = self.scores.astype(np.float64)
        return KINDS[self.kind].heat(scores) if self.kind else scores

    @property
    def method_name(self) -> str:
        """The method's name for people."""
        return METHODS[self.method].name if self.method in METHODS else self.method

    @property
    def letters(self) -> str:
        """Of DNA: the letters of the input, the likeliest where it holds shares of them."""
        if self.kind != "sequence" or self.input is None:
            return ""
        codes = codes_of_columns(self.input[None])[0]
        return text_of(np.where(codes == INVALID, self.input.argmax(0), codes).astype(np.uint8))

    @property
    def bars(self) -> tuple[list[str], list[str], np.ndarray]:
        """Of a table: names, values in words, and scores (F,) of the bars that are drawn."""
        features = self.features or tuple(
            Feature(name, "" if self.input is None else value_text(float(self.input[i])), (i,))
            for i, name in enumerate(self.names)
        )
        scores = np.array([self.heat[list(one.places)].sum() for one in features])
        return [one.name for one in features], [one.value for one in features], scores


def explanation_of(
    answer: Attribution,
    item: int = 0,
    *,
    names: Sequence[str] = (),
    steps: Sequence[str] = (),
    about: str = "",
    title: str = "",
    **known: Any,
) -> Explanation:
    """One of an attribution's inputs.

    Parameters
    ----------
    answer : Attribution
        Of N inputs.
    item : int
        Which of them, from 0.
    names, steps : sequence of str, optional
        Of the features, variables or channels; of the steps of a series.
    about : str
        What is explained, in words; by default the number of the output.
    title : str
        What people call the input.
    **known
        Other fields of `Explanation`: `sentence`, `photo` with its `region`, …

    Raises
    ------
    Problem
        Where there is no such input, or names do not fit.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> answer = explain(lambda x: x.prod(1), torch.tensor([[2.0, 3.0]]), "gradient_x_input")
    >>> explanation_of(answer, names=["width", "height"]).bars[:2]
    (['width', 'height'], ['2', '3'])
    """
    count, shape = len(answer.scores), tuple(answer.scores.shape[1:])
    if not 0 <= item < count:
        raise Problem(f"There is no input {item}: the answer is about inputs 0 to {count - 1}.")
    kind = InputLayout.of(shape, answer.kind or None).kind
    kind = kind if kind and len(shape) == KINDS[kind].dimensions else ""
    parts = {"positive": answer.positive, "negative": answer.negative, "spread": answer.spread}
    given = _array(answer.inputs, item)
    photo = known.pop("photo", None)
    if photo is None and kind == "picture" and given is not None and not known.get("depth"):
        photo = _photo(given)
    explanation = Explanation(
        kind,
        answer.method,
        _array(answer.scores, item),
        answer.signed,
        about or _target(answer.target, item),
        float(answer.output[item]),
        None if answer.baseline_output is None else float(answer.baseline_output[item]),
        None if answer.gap is None else float(answer.gap[item]),
        title or (f"input {item}" if count > 1 else "input"),
        given,
        _array(answer.baseline, item),
        _fitting(names, kind, shape),
        _steps(steps, kind, shape),
        parts={
            name: _array(values, item)
            for name, values in (parts | dict(answer.extra)).items()
            if values is not None
        },
        photo=photo,
        answer=number(float(answer.output[item]), 4),
        baseline_answer=""
        if answer.baseline_output is None
        else number(float(answer.baseline_output[item]), 4),
        settings=dict(answer.settings),
        notes=answer.notes,
    )
    return with_sentences(replace(explanation, **known))


def _array(values: Tensor | None, item: int) -> Any:
    return None if values is None else values[item].detach().float().cpu().numpy()


def _target(target: Any, item: int) -> str:
    if isinstance(target, str):
        return target
    one = target[item]
    return f"output {one[0]} rather than {one[1]}" if isinstance(one, tuple) else f"output {one}"


def _fitting(names: Sequence[str], kind: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of channels, features or variables: as many as there are."""
    one = {"table": "feature", "series": "variable", "picture": "channel"}.get(kind)
    if one is None:
        return ()
    count = shape[0] if kind == "picture" else shape[-1]
    if names and len(names) != count:
        raise Problem(f"{len(names)} names were given for {count} {one}s.")
    usual = CHANNELS.get(count, ()) if kind == "picture" else ()
    return tuple(names) or usual or tuple(f"{one} {place + 1}" for place in range(count))


def _steps(steps: Sequence[str], kind: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    if kind != "series":
        return ()
    if steps and len(steps) != shape[0]:
        raise Problem(f"{len(steps)} names of steps were given for {shape[0]} steps.")
    return tuple(steps) or tuple(str(step + 1) for step in range(shape[0]))


def _photo(values: np.ndarray) -> np.ndarray:
    """Channels (C, H, W) as a picture to look at (H, W, 3): from 0 to 1 as they are."""
    low, high = 0.0, 1.0
    if values.min() < -1e-3 or values.max() > 1 + 1e-3:
        low, high = (float(value) for value in np.percentile(values, (2, 98)))
    three = values[:3] if len(values) >= 3 else values[:1].repeat(3, axis=0)
    shares = np.clip((three - low) / ((high - low) or 1.0), 0, 1)
    return np.asarray((shares.transpose(1, 2, 0) * 255).round().astype(np.uint8))
