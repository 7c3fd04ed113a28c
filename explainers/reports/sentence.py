"""Where the support lies, and what it adds up to, where nobody has said it yet; and as one text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from explainers.figures.text import sentences, words
from explainers.figures.text.sides import EFFECT, SENSITIVITY
from explainers.kinds import KINDS
from explainers.methods import METHODS

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation


def with_sentences(explanation: Explanation) -> Explanation:
    """The explanation with its sentence and its check, each where it lacks one.

    Examples
    --------
    >>> import numpy as np
    >>> from explainers.reports.explanation import Explanation
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> one = Explanation("table", "deeplift", scores, True, "risk", 2.0, names=("age", "mass"))
    >>> with_sentences(one).sentence
    '*age* (+3) supports *risk*: 75 % of all effects. The strongest opposition: *mass* (−1).'
    """
    return replace(
        explanation,
        sentence=explanation.sentence or _sentence(explanation),
        check=explanation.check or _check(explanation),
    )


def _sentence(explanation: Explanation) -> str:
    about = f"*{sentences.escape_markdown(explanation.about)}*"
    what = EFFECT if explanation.signed else SENSITIVITY
    if explanation.kind == "table":
        names, values, scores = explanation.bars
        said = sentences.table_sentence(names, values, scores, about, what)
        return said if explanation.features or explanation.input is not None else _bare(said)
    if explanation.kind == "series":
        heat, steps = explanation.heat, explanation.steps
        return sentences.series_sentence(heat, explanation.names, steps, about, what)
    if explanation.kind == "sequence":
        return sentences.sequence_sentence(explanation.heat, about, None, explanation.start, what)
    if explanation.kind == "picture":
        whole = min(explanation.region[2:]) > 0.999
        place = "the picture" if whole else "the cropped area"
        return words.picture_sentence(explanation.heat, about, what, {}, place)
    return ""


def _bare(sentence: str) -> str:
    """A sentence about features whose values are not known."""
    return sentence.replace(" = ", "")


def _check(explanation: Explanation) -> str:
    if explanation.baseline_output is None or explanation.method not in METHODS:
        return ""
    facts = {
        "output": explanation.output,
        "baseline_output": explanation.baseline_output,
        "gap": explanation.gap,
    }
    complete = METHODS[explanation.method].complete
    ends = explanation.answer, explanation.baseline_answer
    one = KINDS[explanation.kind].one if explanation.kind in KINDS else "input"
    return words.check(explanation.about, *ends, facts, complete, one)


def alt_text(explanation: Explanation) -> str:
    """What the picture shows, for those who cannot see it."""
    from explainers.reports.pictures.words import plain

    said = plain(explanation.sentence)
    shows = f"{explanation.method_name} for {explanation.about} on {explanation.title}."
    if explanation.kind == "table":
        from explainers.figures.text.alt_texts import table_alt_text

        names, values, scores = explanation.bars
        told = table_alt_text(names, values, scores, explanation.signed)
        return f"{shows} {told}".replace(" = :", ":")
    if explanation.depth:
        from explainers.reports.pictures import volume

        shows = f"{shows} {volume.told(explanation)[:1].upper()}{volume.told(explanation)[1:]}."
    return f"{shows} {said}".strip()
