"""The last pages of the stories with an answer key: what methods find, beside what is true."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

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
from pages.stories.examples import METHOD, explain_rows, known_inputs
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


def additive_scores(answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """The contributions, and the true c_k x_k: (M, 96) each."""
    coefficients = np.array(demos()["additive"].card["key"]["coefficients"])
    return answer[1]["scores"].astype(np.float64), answer[1]["inputs"] * coefficients


def _additive() -> None:
    answers = cases.answers(additive_tasks(), "Explaining rows")
    if answers is None:
        return
    scores, true = additive_scores(answers["additive"])
    ranks = [rank_correlation(*pair) for pair in zip(scores, true, strict=True)]
    noise = np.array(demos()["additive"].card["key"]["coefficients"]) == 0
    stray = np.abs(scores[:, noise]).max() / np.abs(scores).max()
    figure = truth.against_known(scores, true, demos()["additive"].spec.columns, 460)
    st.markdown(HEADING)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        chart(figure, figure.layout.meta["alt"], "truth_additive")
    right.markdown(
        f"Every point is one value of one row, {scores.size:,} in all: across, what it truly adds "
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


def lstm_changes(answers: dict[str, Answer]) -> np.ndarray:
    """Root mean square change over all steps and series when a variable is shaken: (V,)."""
    # A variable's sensitivity is shared among its steps, so that it is their sum.
    each = np.stack([scores.astype(np.float64).sum(1) for scores in _scores(answers)])
    return np.sqrt((each**2).mean((0, 1)))


def _scores(answers: dict[str, Answer]) -> list[np.ndarray]:
    return [arrays["scores"] for _, arrays in answers.values()]


def lead(amounts: Sequence[float] | np.ndarray) -> float:
    """How many times the useless third variable the lesser of the other two matters."""
    return float(min(amounts[:2]) / amounts[2])


def _lstm() -> None:
    answers = cases.answers(lstm_tasks(), "Shaking the variables")
    if answers is None:
        return
    changes = lstm_changes(answers)
    st.markdown(HEADING)
    lists: dict[str, Sequence[float]] = {
        f"Here, {ROWS} series": changes.tolist(),
        "In the published experiment": PUBLISHED,
    }
    figure = truth.side_by_side(["x1", "x2", "x3"], lists, "Change of the answer under noise")
    chart(figure, figure.layout.meta["alt"], "truth_lstm")
    st.markdown(
        f"Shaken by the same noise, x1 and x2 each move the answer more than "
        f"**{int(lead(changes))} times** as far as x3, which is useless; in the published "
        f"experiment, more than {int(lead(PUBLISHED))} times.\n\n"
        "Only this ratio can be compared, and not the lengths of the bars: that was another "
        "network, trained on other numbers."
    )


Planted: TypeAlias = dict[int, tuple[str, np.ndarray]]
"""Of sequences by their place: the answer that their motifs make right, and where these lie."""


def dna_sequences() -> Planted:
    """The sequences with planted motifs, with a mask of the letters (L,) that belong to them."""
    length, planted = demos()["dna"].spec.shape[1], {}
    for place, chosen in known_inputs("dna").items():
        mask = np.zeros(length, bool)
        for first, last in (span for spans in chosen.regions.values() for span in spans):
            mask[first:last] = True
        if mask.any():
            names = list(chosen.regions)
            planted[int(place)] = ("both" if len(names) > 1 else names[0], mask)
    return planted


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


def dna_shares(answers: dict[str, Answer], sequences: Planted) -> dict[str, list[float]]:
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
    shares = dna_shares(answers, sequences)
    chance = float(np.mean([mask.mean() for _, mask in sequences.values()]))
    figure = truth.means_with_cases(
        list(shares),
        list(shares.values()),
        "Support on the planted words",
        ("by chance", chance),
        100,
        " %",
    )
    st.markdown(HEADING)
    chart(figure, figure.layout.meta["alt"], "truth_dna")
    best = max(shares, key=lambda name: float(np.mean(shares[name])))
    st.markdown(
        f"In {len(sequences)} sequences the planted words cover {percent(chance)} of the letters; "
        f"a method that knew nothing would put that share of its support on them. **{best} puts "
        f"{percent(float(np.mean(shares[best])))} there.**\n\n"
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
