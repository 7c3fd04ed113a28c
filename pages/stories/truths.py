"""The last pages of the stories with an answer key: what was found, live, beside what is true."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from explainers.checks.agreement import rank_correlation
from explainers.checks.localisation import relevance_mass
from explainers.figures import truth
from explainers.figures.text.words import percent
from explainers.models.zoo.demos import demos
from explainers.service.tasks import Task
from pages.state import cases
from pages.state.cases import Answer
from pages.stories import correlated, erasing
from pages.stories.examples import METHOD, explain_rows, known
from pages.viewers.chart import chart

HEADING = "### Against the truth"
ROWS = 50
PUBLISHED = (0.1162, 0.1185, 0.0077)
"""Of x1, x2, x3 in the experiment that the demo repeats; another network of the same shape."""
LETTERS = {
    "DeepLIFT": "deeplift",
    "Integrated Gradients": METHOD,
    "Gradient × input": "gradient_x_input",
    "Ablation, letter by letter": "ablation",
    "Saliency": "saliency",
}


def additive_tasks() -> dict[str, Task]:
    """Contributions in many rows of the table that adds up."""
    return {"additive": explain_rows("additive", ROWS, method=METHOD, score="output", target=0)}


def additive_found(answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Contributions that were found, and the true c_k x_k: (M, 96) each."""
    coefficients = np.array(demos()["additive"].card["key"]["coefficients"])
    return answer[1]["scores"].astype(np.float64), answer[1]["inputs"] * coefficients


def _additive() -> None:
    answers = cases.answers(additive_tasks(), "Explaining rows")
    if answers is None:
        return
    found, true = additive_found(answers["additive"])
    ranks = [rank_correlation(*pair) for pair in zip(found, true, strict=True)]
    noise = np.array(demos()["additive"].card["key"]["coefficients"]) == 0
    stray = np.abs(found[:, noise]).max() / np.abs(found).max()
    figure = truth.against_known(found, true, demos()["additive"].spec.columns, 460)
    st.markdown(HEADING)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        chart(figure, figure.layout.meta["alt"], "truth_additive")
    right.markdown(
        f"Every point is one value of one row, {found.size:,} in all: across, what it truly adds "
        "to the answer; up, what Integrated Gradients found. On the dashed line both are the same."
        f"\n\n**Rank correlation: {_below(min(ranks))}** in the worst of {len(ranks)} rows; 1 "
        "would be perfect."
        f"\n\nThe values of the noise columns get {_stray(stray)}."
    )


def _below(share: float) -> str:
    """Five decimals, never rounded up to 1."""
    return f"{np.floor(1e5 * share) / 1e5:.5f}"


def _stray(share: float) -> str:
    return f"at most {percent(share)} of the largest contribution" if share else "exactly nothing"


def lstm_tasks() -> dict[str, Task]:
    """Each variable shaken, for the answer to every step."""
    return {
        f"lstm {step}": explain_rows(
            "lstm",
            ROWS,
            method="noise",
            options={"samples": 10},
            score="output",
            target=step,
            baseline="data_mean",
        )
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
    answers = cases.answers(lstm_tasks(), "Shaking the variables")
    if answers is None:
        return
    found = lstm_found(answers)
    st.markdown(HEADING)
    lists = {f"Here, {ROWS} series": found, "In the published experiment": PUBLISHED}
    figure = truth.side_by_side(["x1", "x2", "x3"], lists, "Change of the answer under noise")
    chart(figure, figure.layout.meta["alt"], "truth_lstm")
    st.markdown(
        f"Shaken by the same noise, x1 and x2 each move the answer more than "
        f"**{int(lead(found))} times** as far as x3, which is useless; in the published "
        f"experiment, more than {int(lead(PUBLISHED))} times.\n\n"
        "Only this ratio can be compared, and not the lengths of the bars: that was another "
        "network, trained on other numbers."
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


def dna_tasks() -> dict[str, Task]:
    """All sequences of the file, for each answer and by each method."""
    outputs = demos()["dna"].outputs
    return {
        f"dna {name} {about}": explain_rows(
            "dna",
            ROWS,
            method=method,
            target=outputs.index(about),
            baseline="frequencies",
        )
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
    answers = cases.answers(dna_tasks(), "Explaining sequences")
    if answers is None:
        return
    sequences = dna_sequences()
    found = dna_found(answers, sequences)
    chance = float(np.mean([mask.mean() for _, mask in sequences.values()]))
    figure = truth.means_with_cases(
        list(found),
        list(found.values()),
        "Support on the planted words",
        ("by chance", chance),
        100,
        " %",
    )
    st.markdown(HEADING)
    chart(figure, figure.layout.meta["alt"], "truth_dna")
    best = max(found, key=lambda name: np.mean(found[name]))
    st.markdown(
        f"In {len(sequences)} sequences the planted words cover {percent(chance)} of the letters; "
        f"a method that knew nothing would put that share of its support on them. **{best} puts "
        f"{percent(float(np.mean(found[best])))} there.**\n\n"
        "Bars are means, dots the sequences, each explained for its own right answer. Not all of "
        "the rest is wrong: words like the planted ones also come up by chance."
    )


TRUTHS: dict[str, Callable[[], None]] = {
    "additive": _additive,
    "lstm": _lstm,
    "dna": _dna,
    "digits": erasing.section,
    "diabetes": correlated.section,
}
"""What draws the last page of each story that has one."""
