"""Wiping out what speaks for one digit rather than another, by method, and asking again.

Shrikumar et al. 2017 (arXiv:1704.02685), section 4.1, as in assets/digits/erase.py.
"""

import json
from typing import Any

import numpy as np
import streamlit as st

from explainers.figures import truth
from explainers.figures.text.labels import number
from explainers.models.zoo.demos import demos
from explainers.service.tasks import Task
from pages.state import cases
from pages.state.cases import Answer
from pages.stories.examples import METHOD, explain, predict
from pages.viewers.chart import chart

EIGHT, THREE = 8, 3
PICTURES = ("01_8", "02_8", "03_8")
MOST = 64 // 5
"""At most so many pixels are wiped out: a fifth of the picture."""
DRAWS = 5
CHANCE = "At random, of the ink"
METHODS_COMPARED: dict[str, dict[str, Any]] = {
    "Integrated Gradients": {"method": METHOD},
    "DeepLIFT RevealCancel": {"method": "deeplift", "options": {"rule": "reveal_cancel"}},
    "DeepLIFT Rescale": {"method": "deeplift"},
    "Gradient × input": {"method": "gradient_x_input"},
    "Saliency": {"method": "saliency"},
}


def map_tasks() -> dict[str, Task]:
    """Each eight's own answer, and its explanation as an 8 rather than a 3 by each method."""
    tasks: dict[str, Task] = {
        f"digits {picture}": predict("digits", picture) for picture in PICTURES
    }
    for picture in PICTURES:
        for name, fields in METHODS_COMPARED.items():
            question = {"target": EIGHT, "rather_than": THREE, **fields}
            tasks[f"digits {picture} {name}"] = explain("digits", picture, **question)
    return tasks


def erased(pixels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Pixels (1, H, W) with their highest scores blackened: at most MOST, only positive ones."""
    flat, heat = pixels.flatten(), scores.ravel()
    top = np.argsort(-heat, kind="stable")[:MOST]
    flat[top[heat[top] > 0]] = 0
    return flat.reshape(pixels.shape)


def wiped(answers: dict[str, Answer]) -> dict[str, np.ndarray]:
    """Every eight with every method's pixels wiped out, and with DRAWS random choices of ink."""
    generator, erased_pictures = np.random.default_rng(0), {}
    for picture in PICTURES:
        pixels = answers[f"digits {picture}"][1]["input"]
        for name in METHODS_COMPARED:
            scores = answers[f"digits {picture} {name}"][1]["scores"]
            erased_pictures[f"wiped {picture} {name}"] = erased(pixels, scores)
        for draw in range(DRAWS):
            scores = generator.random(pixels.shape) * (pixels > 0)
            erased_pictures[f"wiped {picture} {CHANCE} {draw}"] = erased(pixels, scores)
    return erased_pictures


def wiped_tasks(pictures: dict[str, np.ndarray]) -> dict[str, Task]:
    """What the network says to them."""
    return {
        name: predict("digits", PICTURES[0], values=tuple(map(float, pixels.ravel())))
        for name, pixels in pictures.items()
    }


def odds(answer: Answer) -> float:
    """Log-odds of an 8 over a 3."""
    logits = answer[1]["logits"].astype(np.float64)
    return float(logits[EIGHT] - logits[THREE])


def falls(before: dict[str, Answer], after: dict[str, Answer]) -> dict[str, list[float]]:
    """How far the log-odds fall for each eight, by method; the mean of the draws for CHANCE."""
    by_method = {
        name: [odds(before[f"digits {p}"]) - odds(after[f"wiped {p} {name}"]) for p in PICTURES]
        for name in METHODS_COMPARED
    }
    by_method[CHANCE] = [
        odds(before[f"digits {p}"])
        - float(np.mean([odds(after[f"wiped {p} {CHANCE} {draw}"]) for draw in range(DRAWS)]))
        for p in PICTURES
    ]
    return by_method


def section() -> None:
    """One eight before and after, by method; the fall for all three; what was known before."""
    before = cases.answers(map_tasks(), "Explaining the eights")
    if before is None:
        return
    pictures = wiped(before)
    after = cases.answers(wiped_tasks(pictures), "Asking again")
    if after is None:
        return
    st.markdown("### Against the truth: wipe it out, and ask again")
    first = PICTURES[0]
    shown = {"The eight": (before[f"digits {first}"], before[f"digits {first}"][1]["input"])}
    shown |= {
        name: (after[key], pictures[key])
        for name in METHODS_COMPARED
        for key in [f"wiped {first} {name}"]
    }
    key = f"wiped {first} {CHANCE} 0"
    shown[CHANCE] = (after[key], pictures[key])
    for column, (name, (answer, pixels)) in zip(st.columns(len(shown)), shown.items(), strict=True):
        with column:
            _digit(name, answer, pixels)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    by_method = falls(before, after)
    chance = float(np.mean(by_method.pop(CHANCE)))
    figure = truth.means_with_cases(
        list(by_method),
        list(by_method.values()),
        "Fall of the log-odds of 8 over 3",
        ("at random", chance),
    )
    with left:
        chart(figure, figure.layout.meta["alt"], "truth_digits")
    right.markdown(
        f"At most {MOST} of 64 pixels are wiped out: those that speak most for an 8 and not a 3. "
        "Under each picture stands what the network reads now, and its log-odds of 8 over 3. The "
        "farther they fall, the better the method; dots are three different "
        f"eights.\n\n{_beforehand()}"
    )


def _digit(name: str, answer: Answer, pixels: np.ndarray) -> None:
    named = int(answer[1]["logits"].argmax())
    large = np.kron(pixels[0], np.ones((16, 16)))
    alt = f"the network reads a {named}, log-odds of 8 over 3 {number(odds(answer), 2)}"
    st.image(np.clip(large, 0, 1), width=110, alt=f"{name}: {alt}")
    st.caption(f"{name}: reads **{named}**, {number(odds(answer), 2, sign=True)}")


def _beforehand() -> str:
    """The same over all held-out eights, as figures.py of the demo measured it."""
    measured = json.loads((demos()["digits"].folder / "figures.json").read_text(encoding="utf-8"))
    task = measured["tasks"].index([EIGHT, THREE])
    rows = {name: values[task] for name, values in measured["mean_and_error"].items()}
    chance = next(name for name in rows if name.startswith("at random"))
    best = max(rows, key=lambda name: rows[name][0])
    results = [f"{name} {rows[name][0]:.1f} ± {rows[name][1]:.1f}" for name in (best, chance)]
    return (
        "Over all held-out eights, measured beforehand and not on this page: "
        f"{results[0]}; {results[1]}."
    )
