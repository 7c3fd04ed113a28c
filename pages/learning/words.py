"""What is said on the Learn page: calculations by hand, and what a method's numbers miss."""

from collections.abc import Sequence
from dataclasses import dataclass

from explainers.figures.text.words import number
from explainers.kinds import Facts
from explainers.methods import METHODS
from explainers.models.zoo.worked_example import Point, WorkedExample

CLOSE, ERRORS = 1e-3, 3
RIGHT, ABOUT, SHARED, MISSED, OTHER, FAILED = (
    "right",
    "about",
    "shared",
    "missed",
    "other",
    "failed",
)


@dataclass(frozen=True)
class Verdict:
    """What a row of scores is worth beside the Shapley values.

    Attributes
    ----------
    mark : str
        RIGHT, ABOUT, SHARED, MISSED, OTHER or FAILED.
    says : str
        A sentence.
    """

    mark: str
    says: str


def verdict(net: WorkedExample, x: Point, baseline: Point, row: Facts) -> Verdict:
    """The verdict on one method's answer.

    Parameters
    ----------
    net : WorkedExample
    x, baseline : Point
        The input, and what it is compared with.
    row : dict
        The method's, as the task Lesson answers it: `method`, `problem`, or `scores` and `spread`.
    """
    if row["problem"]:
        return Verdict(FAILED, row["problem"])
    scores, names = row["scores"], net.names
    difference = net.value(x) - net.value(baseline)
    unit = METHODS[row["method"]].unit
    if not is_share(row):
        return Verdict(OTHER, f"Not shares, but for each input a {unit}: {_movers(scores, names)}.")
    tolerance = CLOSE * max(1.0, abs(difference))
    exact = net.shapley(x, baseline)
    off = [abs(s - e) for s, e in zip(scores, exact, strict=True)]
    if max(off) <= tolerance:
        return Verdict(RIGHT, "As by hand.")
    if any(row["spread"]) and all(
        o <= max(tolerance, ERRORS * e) for o, e in zip(off, row["spread"], strict=True)
    ):
        return Verdict(ABOUT, "As by hand, within its standard error: it is drawn at random.")
    missed, random = sum(scores) - difference, ERRORS * sum(row["spread"])
    if abs(missed) > max(tolerance, random):
        return Verdict(MISSED, _short(net, x, baseline, row, difference, tolerance))
    return Verdict(SHARED, _shared_otherwise(net, x, baseline, scores, max(tolerance, random)))


def is_share(row: Facts) -> bool:
    """Whether the row's scores are in the unit of the answer, so that they can be its shares."""
    unit = METHODS[row["method"]].unit
    return unit == "contribution" or unit.startswith("change of the answer")


def _short(
    net: WorkedExample, x: Point, baseline: Point, row: Facts, difference: float, tolerance: float
) -> str:
    """Scores that do not add up, and why, where the reason can be read off the numbers."""
    scores = row["scores"]
    if all(abs(score) <= tolerance for score in scores):
        start = f"Gives nothing, although the answer changed by {number(difference)}"
    else:
        start = f"Adds up to {number(sum(scores))}, but the answer changed by {number(difference)}"
    why = {
        "slope": (
            net.gradient_x_input(x, baseline),
            "it takes the slope at the end for the whole way",
        ),
        "alone": (_one_less(net, x, baseline), _why_one_less(sum(scores) > difference)),
    }
    order = ("slope", "alone") if METHODS[row["method"]].needs_gradient else ("alone", "slope")
    for key in order:
        exact, reason = why[key]
        if _alike(scores, exact, tolerance):
            return f"{start}: {reason}."
    return f"{start}."


def _why_one_less(more: bool) -> str:
    if more:
        return "it takes one input away at a time, so what they do together counts for each"
    return "it takes one input away at a time, and the other one suffices"


def _shared_otherwise(
    net: WorkedExample, x: Point, baseline: Point, scores: Sequence[float], tolerance: float
) -> str:
    """Scores that add up, but are shared in another way than by hand."""
    receivers = [
        name for name, score in zip(net.names, scores, strict=True) if abs(score) > tolerance
    ]
    if len(receivers) != 1:
        return "Adds up, but shares in another way."
    sentence = f"Adds up, but gives all to {receivers[0]}"
    along = net.integrated(x, baseline)
    if _alike(scores, along, tolerance):
        return f"{sentence}: on the straight way only {receivers[0]} ever moves the answer."
    return f"{sentence}."


def _movers(scores: Sequence[float], names: Sequence[str]) -> str:
    moving = [name for name, score in zip(names, scores, strict=True) if abs(score) > CLOSE]
    if not moving:
        return "here none moves the answer"
    if len(moving) < len(names):
        return f"here only {moving[0]} moves the answer"
    return "here both move the answer" if len(names) > 1 else f"here {names[0]} moves the answer"


def calculation(net: WorkedExample, x: Point, baseline: Point) -> list[str]:
    """The Shapley values, the way and the slope by hand: paragraphs in Markdown."""
    top, bottom = net.value(x), net.value(baseline)
    lines = [
        f"At {_at(net, x)} the answer is **{_n(top)}**, at the baseline ({_at(net, baseline)}) "
        f"it is {_n(bottom)}: there is {_n(top - bottom)} to share."
    ]
    exact = net.shapley(x, baseline)
    if len(net.names) == 1:
        (name,) = net.names
        lines.append(f"*Shapley:* {name} alone made the change, and gets **{_n(exact[0])}**.")
    else:
        lines += _orders(net, x, baseline, exact)
    lines.append(f"*The straight way:* {_way(net, x, baseline)}")
    return lines


def _orders(net: WorkedExample, x: Point, baseline: Point, exact: Point) -> list[str]:
    """Two inputs: what each adds when it comes first, and when it comes last."""
    a, b = net.names
    neither, both = net.value(baseline), net.value(x)
    only_a, only_b = net.value((x[0], baseline[1])), net.value((baseline[0], x[1]))
    return [
        f"*Shapley:* with {a} alone the answer is {_n(only_a)}, with {b} alone {_n(only_b)}, with "
        f"both {_n(both)}. Each gets the mean of what it adds when it comes first and when it "
        "comes last:",
        f"- {a}: ({_n(only_a - neither)} {_plus(both - only_b)}) / 2 = **{_n(exact[0])}**\n"
        f"- {b}: ({_n(only_b - neither)} {_plus(both - only_a)}) / 2 = **{_n(exact[1])}**",
    ]


def _way(net: WorkedExample, x: Point, baseline: Point) -> str:
    """Mean slopes from the baseline to x, times how far each input goes; and the slope at x."""
    along = net.integrated(x, baseline)
    parts = []
    for name, to, start, share, slope in zip(
        net.names, x, baseline, along, net.slopes(x), strict=True
    ):
        if to == start:
            parts.append(f"{name} stays where it is and gets 0")
            continue
        mean = share / (to - start)
        parts.append(
            f"{name} goes {_n(to - start)} with a mean slope of {_n(mean)} (at the end "
            f"{_n(slope)}), which makes {_n(share)}"
        )
    return "; ".join(parts) + ". That is Integrated Gradients."


def _one_less(net: WorkedExample, x: Point, baseline: Point) -> list[float]:
    """What is lost when one input alone goes back to the baseline."""
    return [
        net.value(x) - net.value([baseline[k] if k == out else x[k] for k in range(len(x))])
        for out in range(len(x))
    ]


def _alike(scores: Sequence[float], exact: Sequence[float], tolerance: float) -> bool:
    return all(abs(s - e) <= tolerance for s, e in zip(scores, exact, strict=True))


def _at(net: WorkedExample, x: Point) -> str:
    return ", ".join(
        f"{name}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{_n(value)}"
        for name, value in zip(net.names, x, strict=True)
    )


def _n(value: float) -> str:
    """A number in a few digits; nothing for what rounding left."""
    return number(round(value, 9) + 0.0)


def _plus(value: float) -> str:
    text = _n(value)
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"
