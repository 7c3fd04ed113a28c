"""A plotly chart with a name, and without buttons that send it anywhere."""

import streamlit as st

from explainers.figures.bars import class_bars
from explainers.figures.text.words import number, percent

STRONGEST, MOST_NUMBERS = 5, 16
CONFIG = {"displayModeBar": False, "showSendToCloud": False}


def chart(figure, alt: str, key: str) -> None:
    """Draw the figure; `alt` says in words what it shows."""
    st.plotly_chart(figure, theme="streamlit", config=CONFIG, key=key, alt=alt)


def answer_bars(probabilities, names, chosen: str, key: str, numbers: bool = False) -> None:
    """The network's strongest answers, the explained one in colour; or all that are numbers."""
    if numbers:
        lines = [f"{n}: **{number(float(p))}**" for n, p in zip(names, probabilities, strict=True)]
        st.markdown("\n".join(f"- {line}" for line in lines[:MOST_NUMBERS]))
        return
    order = probabilities.argsort()[::-1][:STRONGEST]
    labels, shares = [names[i] for i in order], [float(probabilities[i]) for i in order]
    spoken = ", ".join(f"{n} {percent(s)}" for n, s in zip(labels, shares, strict=True))
    chart(class_bars(labels, shares, chosen), f"The network's strongest answers: {spoken}", key)
