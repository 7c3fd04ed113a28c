"""The last pages of the stories with an answer key: what was found, live, beside what is true."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from explainers.checks.agreement import rank_correlation
from explainers.checks.localisation import relevance_mass
from explainers.engine.request import Request
from explainers.figures import truth
from explainers.figures.labels import number
from explainers.figures.tables import global_bars
from explainers.figures.words import percent
from explainers.importance.intervals import mean_with_interval
from explainers.kinds import features
from explainers.models.demos import demos
from pages.parts import cases, erasing
from pages.parts.cases import Answer
from pages.parts.chart import chart
from pages.parts.shots import METHOD, asked, known

ROWS = 50
PUBLISHED = (0.1162, 0.1185, 0.0077)
"""Of x1, x2, x3 in the experiment that the demo repeats; another network of the same shape."""
TIED = 0.6
LETTERS = {
    "DeepLIFT": "deeplift", "Integrated Gradients": METHOD, "Occlusion": "occlusion",
    "Gradient × input": "gradient_x_input", "Saliency": "saliency",
}  # fmt: skip


def additive_requests() -> dict[str, Request]:
    """Contributions in many rows of the table that adds up."""
    return {"additive": asked("additive", method=METHOD, score="output", target=0, check="rows",
                              rows=ROWS)}  # fmt: skip


def additive_found(answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Contributions that were found, and the true c_k x_k: (M, 96) each."""
    coefficients = np.array(demos()["additive"].card["key"]["coefficients"])
    return answer[1]["scores"].astype(np.float64), answer[1]["inputs"] * coefficients


def _additive() -> None:
    answers = cases.answers(additive_requests(), "Explaining rows")
    if answers is None:
        return
    found, true = additive_found(answers["additive"])
    ranks = [rank_correlation(*pair) for pair in zip(found, true, strict=True)]
    noise = np.array(demos()["additive"].card["key"]["coefficients"]) == 0
    stray = np.abs(found[:, noise]).max() / np.abs(found).max()
    figure = truth.against_known(found, true, demos()["additive"].spec.columns, 480)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        chart(figure, figure.layout.meta["alt"], "truth_additive")
    right.markdown(
        "### Against the truth\n\n"
        f"Every point is one value of one row, {found.size:,} in all: across, what it truly adds "
        "to the answer; up, what Integrated Gradients found. On the dashed line both are the same."
        f"\n\n**Rank correlation: {min(ranks):.4f}** in the worst of {len(ranks)} rows, and 1 "
        "would be perfect."
        f"\n\nNo value of a noise column gets more than {percent(stray)} of the largest "
        "contribution."
    )


def lstm_requests() -> dict[str, Request]:
    """Each variable shaken, for the answer to every step."""
    return {
        f"lstm {step}": asked(
            "lstm",
            method="noise",
            options={"samples": 10},
            score="output",
            target=step,
            check="rows",
            rows=ROWS,
            baseline="data_mean",
        )  # fmt: skip
        for step in range(len(demos()["lstm"].outputs))
    }


def lstm_found(answers: dict[str, Answer]) -> np.ndarray:
    """Root mean square change over all steps and series when a variable is shaken: (V,)."""
    # A variable's sensitivity is shared among its steps, so that it is their sum.
    each = np.stack([scores.astype(np.float64).sum(1) for scores in _scores(answers)])
    return np.sqrt((each**2).mean((0, 1)))


def _scores(answers: dict[str, Answer]) -> list[np.ndarray]:
    return [arrays["scores"] for _, arrays in answers.values()]


def lead(amounts) -> float:
    """How many times the useless third variable the lesser of the other two matters."""
    return float(min(amounts[:2]) / amounts[2])


def _lstm() -> None:
    answers = cases.answers(lstm_requests(), "Shaking the variables")
    if answers is None:
        return
    found = lstm_found(answers)
    st.markdown("### Against the truth")
    lists = {f"Here, {ROWS} series": found, "In the published experiment": PUBLISHED}
    figure = truth.side_by_side(["x1", "x2", "x3"], lists, "Change of the answer under noise")
    chart(figure, figure.layout.meta["alt"], "truth_lstm")
    st.markdown(
        f"Shaken by the same noise, x1 and x2 move the answer at least **{lead(found):.0f} times** "
        f"as far as x3, which is noise; in the published experiment it was "
        f"{lead(PUBLISHED):.0f} times.\n\n"
        "Only this ratio can be compared. The bars here are longer because this is another "
        "network, trained anew, and a network that answers more sharply is moved farther."
    )


def dna_sequences() -> dict[int, tuple[str, np.ndarray]]:
    """Of each sequence with planted motifs: the answer that they make right, and where they lie."""
    length, found = demos()["dna"].spec.shape[1], {}
    for place, chosen in known("dna").items():
        mask = np.zeros(length, bool)
        for first, last in (span for spans in chosen.regions.values() for span in spans):
            mask[first:last] = True
        if mask.any():
            names = list(chosen.regions)
            found[int(place)] = ("both" if len(names) > 1 else names[0], mask)
    return found


def dna_requests() -> dict[str, Request]:
    """All sequences of the file, for each answer and by each method."""
    outputs = demos()["dna"].outputs
    return {
        f"dna {name} {about}": asked(
            "dna",
            method=method,
            target=outputs.index(about),
            check="rows",
            rows=ROWS,
            baseline="frequencies",
        )  # fmt: skip
        for name, method in LETTERS.items()
        for about in outputs
    }


def dna_found(answers: dict[str, Answer], sequences: dict) -> dict[str, list[float]]:
    """By method, the share of the support that lies on the motifs of each sequence."""
    return {
        name: [
            relevance_mass(answers[f"dna {name} {about}"][1]["scores"][place].sum(0), mask)
            for place, (about, mask) in sequences.items()
        ]
        for name in LETTERS
    }


def _dna() -> None:
    answers = cases.answers(dna_requests(), "Explaining sequences")
    if answers is None:
        return
    sequences = dna_sequences()
    found = dna_found(answers, sequences)
    chance = float(np.mean([mask.mean() for _, mask in sequences.values()]))
    figure = truth.means_with_cases(
        list(found), list(found.values()), "Support on the planted words", ("by chance", chance),
        100, " %",
    )  # fmt: skip
    st.markdown("### Against the truth")
    chart(figure, figure.layout.meta["alt"], "truth_dna")
    best = max(found, key=lambda name: np.mean(found[name]))
    st.markdown(
        f"In {len(sequences)} sequences the planted words cover {percent(chance)} of the letters; "
        f"a method that knew nothing would put that share of its support on them. **{best} puts "
        f"{percent(float(np.mean(found[best])))} there.**\n\n"
        "Bars are means, dots the sequences, each explained for its own right answer. Not all of "
        "the rest is wrong: words like the planted ones also come up by chance."
    )


def diabetes_requests() -> dict[str, Request]:
    """Contributions of all patients; each measurement hidden alone; tied ones hidden together."""
    every = {"score": "output", "target": 0, "check": "rows", "rows": 1000,
             "baseline": "data_mean"}  # fmt: skip
    return {"diabetes all": asked("diabetes", method=METHOD, **every),
            "diabetes alone": asked("diabetes", method="ablation", **every)}  # fmt: skip


def diabetes_together(answers: dict[str, Answer]) -> tuple[list[str], Request]:
    """Measurements that tell nearly the same, and the request that hides them at once."""
    names, values = list(demos()["diabetes"].spec.columns), answers["diabetes alone"][1]["inputs"]
    tied = max(features.correlated_groups(values.astype(np.float64), names, TIED), key=len)
    group = tuple(names.index(name) for name in tied)
    return tied, asked("diabetes", method="ablation", options={"groups": (group,)},
                       score="output", target=0, check="rows", rows=1000,
                       baseline="data_mean")  # fmt: skip


def diabetes_effects(alone: Answer, together: Answer, tied: list[str]) -> dict[str, np.ndarray]:
    """What hiding each of the tied measurements changes, by patient (M,), and all of them."""
    places = [demos()["diabetes"].spec.columns.index(name) for name in tied]
    single = dict(zip(tied, alone[1]["scores"][:, places].T, strict=True))
    return single | {f"all {len(tied)} together": together[1]["scores"][:, places].sum(1)}


def _diabetes() -> None:
    answers = cases.answers(diabetes_requests(), "Explaining patients")
    if answers is None:
        return
    tied, request = diabetes_together(answers)
    hidden = cases.answers({"diabetes together": request}, "Hiding measurements together")
    if hidden is None:
        return
    names, (_, arrays) = list(demos()["diabetes"].spec.columns), answers["diabetes all"]
    effects = diabetes_effects(answers["diabetes alone"], hidden["diabetes together"], tied)
    alone = max(np.abs(effects[name]).mean() for name in tied)
    total = np.abs(effects[f"all {len(tied)} together"]).mean()
    left, right = st.columns(2, gap="large")
    _bars(left, f"What mattered in {len(arrays['scores'])} patients", names, arrays["scores"])
    _bars(right, "Hidden one at a time, or together", list(effects),
          np.stack(list(effects.values()), 1))  # fmt: skip
    st.markdown(
        "There is no truth to compare with; the whiskers say how sure the means are. Beware of "
        f"the blood measures, which tell nearly the same: hidden alone, the strongest moves the "
        f"estimate by {number(alone)}; all {len(tied)} together by **{number(total)}**. So a short "
        "bar may only mean that others say it too."
    )


def _bars(column, title: str, names: list[str], scores: np.ndarray) -> None:
    mean, low, high = mean_with_interval(scores)
    figure = global_bars(names, mean, low, high)
    figure.update_layout(height=440)
    with column:
        st.markdown(f"### {title}")
        chart(figure, f"{title}. {figure.layout.meta['alt']}", f"truth_{title[:11]}")


TRUTHS: dict[str, Callable[[], None]] = {
    "additive": _additive,
    "lstm": _lstm,
    "dna": _dna,
    "digits": erasing.section,
    "diabetes": _diabetes,
}
"""What draws the last page of each story that has one."""
